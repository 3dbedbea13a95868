/* SPDX-License-Identifier: GPL-2.0-only */
#include "clerk.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>
#include "control.h"
#include "http.h"

/* Connections of each kind. Who comes when all are taken has the place of the one that has been
 * idle for longest. */
#define CONNS	  64
/* Clients that neither read nor finish what they send. */
#define SLOW_NS	  5000000000ULL
#define LINGER_NS 1000000000ULL

struct print {
	struct afxdp_msg msg; /* CLERK_PRINT */
	char *text;
};

struct clerk {
	struct afxdp_post post, *home;
	struct control control;
	int http; /* or -1 */
	int out;
	char *line; /* to be printed */
	uint32_t unprinted;
	struct conn *conn[2 * CONNS]; /* control sockets', then HTTP's */
	uint32_t serial;
	bool stopping;
	struct afxdp_msg stop;
	pthread_t thread;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/* ---- one connection ---- */

void conn_say(struct conn *c, const char *text, size_t len)
{
	char *more;

	if (c->sent == c->len) {
		c->sent = c->len = 0;
		c->moved_ns = now_ns();
	}
	more = realloc(c->out, c->len + len);
	if (!more) {
		c->closing = true;
		return;
	}
	c->out = more;
	memcpy(c->out + c->len, text, len);
	c->len += len;
}

void conn_ask(struct conn *c, uint32_t client, json_t *request, struct afxdp_post *home,
	      struct afxdp_post *back)
{
	struct ask *a = calloc(1, sizeof(*a));

	if (!a) {
		json_decref(request);
		c->closing = true;
		return;
	}
	a->msg.type = ASK;
	a->reply_to = back;
	a->request = request;
	a->uid = c->uid;
	a->pid = c->pid;
	a->client = client;
	a->serial = c->serial;
	c->ask = a;
	afxdp_post_send(home, &a->msg);
}

static void hang_up(struct clerk *k, uint32_t i)
{
	struct conn *c = k->conn[i];

	/* The steward has it, and will find that nobody waits. */
	if (c->ask)
		afxdp_store_release(&c->ask->gone, 1);
	close(c->fd);
	free(c->out);
	free(c);
	k->conn[i] = NULL;
}

/* Send what there is room for. Return: false if the client is gone. */
static bool push(struct conn *c)
{
	while (c->sent < c->len) {
		ssize_t n = send(c->fd, c->out + c->sent, c->len - c->sent,
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
		c->sent += n;
		c->moved_ns = now_ns();
	}
	if (!c->closing)
		return true;
	/* Closed with bytes unread, TCP would take back what has been sent. */
	if (!c->http || c->lingering || shutdown(c->fd, SHUT_WR))
		return c->lingering;
	c->lingering = true;
	c->moved_ns = now_ns();
	return true;
}

/* Requests among what has been read, one at a time: who does not read the answer is not asked for
 * the next. */
static void attend(struct clerk *k, uint32_t i)
{
	struct conn *c = k->conn[i];
	json_t *request = NULL;

	while (!conn_busy(c) && !c->closing && c->have) {
		size_t had = c->have;

		if (c->http ? http_read(c) : control_read(c, &request)) {
			c->have = c->http ? 0 : c->have;
			conn_ask(c, i, request, k->home, &k->post);
			return;
		}
		if (c->have == had)
			return;
	}
}

/* Return: false if the client is gone. */
static bool pull(struct conn *c)
{
	ssize_t n;

	if (c->lingering || c->closing)
		c->have = 0;
	n = recv(c->fd, c->in + c->have, REQUEST_MAX - c->have, MSG_DONTWAIT);
	if (n > 0) {
		c->have += c->lingering || c->closing ? 0 : n;
		return true;
	}
	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	c->eof = true;
	return !c->lingering;
}

/* Whether there is nothing left to hear or to say. */
static bool over(const struct conn *c)
{
	return c->eof && !conn_busy(c) && !c->lingering;
}

/* Return: when it is too late for what this connection should do; 0: never. */
static uint64_t deadline(const struct conn *c)
{
	if (c->lingering)
		return c->moved_ns + LINGER_NS;
	if (c->sent < c->len)
		return c->moved_ns + SLOW_NS;
	return c->http && !c->ask ? c->began_ns + SLOW_NS : 0;
}

/* ---- all of them ---- */

/* Return: a free place of this kind, if need be that of the oldest idle one; or -1. */
static int place(struct clerk *k, bool http)
{
	int from = http ? CONNS : 0, oldest = -1;

	for (int i = from; i < from + CONNS; i++) {
		if (!k->conn[i])
			return i;
		if (!conn_busy(k->conn[i]) &&
		    (oldest < 0 || k->conn[i]->began_ns < k->conn[oldest]->began_ns))
			oldest = i;
	}
	if (oldest >= 0)
		hang_up(k, oldest);
	return oldest;
}

static void greet(struct clerk *k, int listener, bool http)
{
	int fd, at;

	while ((fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK)) >= 0) {
		struct conn *c = calloc(1, sizeof(*c));

		if (!c) {
			close(fd);
			return;
		}
		c->fd = fd;
		c->http = http;
		c->serial = ++k->serial;
		c->began_ns = c->moved_ns = now_ns();
		at = http || control_welcome(c) ? place(k, http) : -1;
		if (at < 0) {
			close(fd);
			free(c);
			continue;
		}
		k->conn[at] = c;
	}
}

static void serve(struct clerk *k, uint32_t i, short events, uint64_t now);

static struct conn *conn_of(struct clerk *k, uint32_t client, uint32_t serial)
{
	struct conn *c = k->conn[client];

	return c && c->serial == serial ? c : NULL;
}

static void deliver(struct clerk *k, struct ask *a)
{
	struct conn *c = conn_of(k, a->client, a->serial);

	if (c) {
		c->ask = NULL;
		if (c->http)
			http_page(c, a->page, a->page_size);
		else
			control_say(c, json_incref(a->reply));
		if (!push(c))
			hang_up(k, a->client);
		else
			serve(k, a->client, 0, now_ns());
	}
	ask_free(a);
}

static void progress(struct clerk *k, struct ask_progress *p)
{
	struct conn *c = conn_of(k, p->client, p->serial);

	if (c) {
		control_say(c, json_incref(p->line));
		if (!push(c))
			hang_up(k, p->client);
	}
	json_decref(p->line);
	free(p);
}

/* @text waits until there is room; a second one is not printed at all. */
static void queue_line(struct clerk *k, struct print *p)
{
	if (k->line) {
		k->unprinted++;
		free(p->text);
	} else {
		k->line = p->text;
	}
	free(p);
}

/* There is room for PIPE_BUF bytes, says poll(): no line is longer. */
static void print_line(struct clerk *k)
{
	char note[64];
	int n;

	if (k->unprinted) {
		n = snprintf(note, sizeof(note), "(%u lines were not read in time)\n",
			     k->unprinted);
		k->unprinted = 0;
		if (write(k->out, note, n) < 0) {
			/* Nor can this one be told. */
		}
		return; /* the line itself when there is room again */
	}
	n = strnlen(k->line, PIPE_BUF);
	if (write(k->out, k->line, n) < 0) {
		/* A reader that has gone misses nothing. */
	}
	free(k->line);
	k->line = NULL;
}

static void read_post(struct clerk *k)
{
	struct afxdp_msg *msg;

	afxdp_post_silence(&k->post);
	while ((msg = afxdp_post_take(&k->post))) {
		switch (msg->type) {
		case ASK:
			deliver(k, (struct ask *)msg);
			break;
		case ASK_PROGRESS:
			progress(k, (struct ask_progress *)msg);
			break;
		case CLERK_PRINT:
			queue_line(k, (struct print *)msg);
			break;
		case CLERK_STOP:
			k->stopping = true;
		}
	}
}

static void serve(struct clerk *k, uint32_t i, short events, uint64_t now)
{
	struct conn *c = k->conn[i];
	uint64_t end;

	if (events & (POLLERR | POLLNVAL) || (events & POLLHUP && c->ask)) {
		hang_up(k, i);
		return;
	}
	if ((events & (POLLIN | POLLHUP) && !pull(c)) || (events & POLLOUT && !push(c))) {
		hang_up(k, i);
		return;
	}
	do {
		attend(k, i);
		if (c->sent == c->len)
			break;
		if (!push(c)) {
			hang_up(k, i);
			return;
		}
	} while (c->have && !conn_busy(c) && !c->closing);
	end = deadline(c);
	if (over(c) || (end && now >= end))
		hang_up(k, i);
}

/* What connection @c is to be polled for: a client whose request is under way may wait with the
 * next, and must be able to leave. */
static short interest(const struct conn *c)
{
	short events = 0;

	if (!conn_busy(c) && !c->eof && (c->lingering || c->have < REQUEST_MAX))
		events |= POLLIN;
	if (c->sent < c->len)
		events |= POLLOUT;
	return events;
}

#define FIXED 5

static void turn(struct clerk *k)
{
	struct pollfd fds[FIXED + 2 * CONNS] = {
		{ .fd = k->post.bell, .events = POLLIN },
		{ .fd = k->line ? k->out : -1, .events = POLLOUT },
		{ .fd = k->control.listen[0], .events = POLLIN },
		{ .fd = k->control.listen[1], .events = POLLIN },
		{ .fd = k->http, .events = POLLIN },
	};
	uint64_t now = now_ns(), first = 0;
	struct conn *seen[2 * CONNS];

	for (uint32_t i = 0; i < 2 * CONNS; i++) {
		const struct conn *c = seen[i] = k->conn[i];
		uint64_t end = c ? deadline(c) : 0;

		fds[FIXED + i] = (struct pollfd){ .fd = c ? c->fd : -1,
						  .events = c ? interest(c) : 0 };
		if (end && (!first || end < first))
			first = end;
	}
	poll(fds, FIXED + 2 * CONNS,
	     !first	   ? -1
	     : first < now ? 0
			   : (int)((first - now) / 1000000 + 1));
	now = now_ns();
	if (fds[0].revents)
		read_post(k);
	if (fds[1].revents && k->line)
		print_line(k);
	for (uint32_t i = 0; i < 2 * CONNS; i++)
		if (seen[i] && k->conn[i] == seen[i])
			serve(k, i, fds[FIXED + i].revents, now);
	for (int i = 2; i < FIXED; i++)
		if (fds[i].revents)
			greet(k, fds[i].fd, i == FIXED - 1);
}

static void *clerk_run(void *arg)
{
	struct clerk *k = arg;

	while (!k->stopping)
		turn(k);
	for (uint32_t i = 0; i < 2 * CONNS; i++)
		if (k->conn[i])
			hang_up(k, i);
	return NULL;
}

static int start_thread(struct clerk *k)
{
	sigset_t all, old;
	int err;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = -pthread_create(&k->thread, NULL, clerk_run, k);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (!err)
		pthread_setname_np(k->thread, "clerk");
	return err;
}

static void release(struct clerk *k)
{
	control_close(&k->control);
	if (k->http >= 0)
		close(k->http);
	afxdp_post_free(&k->post);
	free(k->line);
	free(k);
}

int clerk_open(struct clerk **clerk, const char *ifname, const char *control, const char *metrics,
	       int out, struct afxdp_post *home, char *why, size_t size)
{
	struct clerk *k = calloc(1, sizeof(*k));
	bool everybody = false;
	int err;

	if (!k)
		return -ENOMEM;
	k->http = k->post.bell = -1;
	k->home = home;
	k->out = out;
	err = control_open(&k->control, ifname, control, why, size);
	if (!err && metrics) {
		k->http = http_listen(metrics, &everybody, why, size);
		/* That address in use is another matter than this interface in use. */
		err = k->http >= 0 ? 0 : k->http == -EADDRINUSE ? -EADDRNOTAVAIL : k->http;
	}
	if (err)
		goto release;
	if (everybody)
		fprintf(stderr,
			"afxdpd: --metrics '%s': every address of this host: whoever reaches the "
			"port reads the ledger, without password or encryption\n",
			metrics);
	snprintf(why, size, "cannot start the thread that speaks with clients");
	err = afxdp_post_init(&k->post);
	if (!err)
		err = start_thread(k);
	if (err)
		goto release;
	*clerk = k;
	return 0;
release:
	release(k);
	return err;
}

void clerk_print(struct clerk *k, char *text)
{
	struct print *p = malloc(sizeof(*p));

	if (!p) {
		free(text);
		return;
	}
	p->msg.type = CLERK_PRINT;
	p->text = text;
	afxdp_post_send(&k->post, &p->msg);
}

void clerk_close(struct clerk *k)
{
	if (!k)
		return;
	k->stop.type = CLERK_STOP;
	afxdp_post_send(&k->post, &k->stop);
	pthread_join(k->thread, NULL);
	release(k);
}
