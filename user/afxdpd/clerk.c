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
#include <unistd.h>
#include "control.h"
#include "http.h"
#include "log.h"
#include "registry.h"
#include "rights.h"
#include "sandbox.h"
#include "text.h"

/* Connections of each kind. Who comes when all are taken has the place of the one that has been
 * idle for longest. */
#define CONNS	64
/* Of these, for clients that may only look; the others are for who may do something, and is hung up
 * on by nobody else. */
#define LOOKERS (CONNS / 2)
/* How long nobody is accepted when there is no descriptor to be had. */
#define DEAF_NS 100000000ULL

struct print {
	struct afxdp_msg msg; /* CLERK_PRINT */
	char *text;
};

/* What we serve, for clients that look for it. */
struct serves {
	struct afxdp_msg msg; /* CLERK_SERVES */
	unsigned int ifindex;
	char ifname[16];
};

struct clerk {
	struct afxdp_post post, *home;
	struct serves serves;
	char wanted[128];
	struct control control;
	int http; /* or -1 */
	int out;
	char *line; /* to be printed */
	uint32_t unprinted;
	struct conn *conn[2 * CONNS]; /* control sockets', then HTTP's */
	uint32_t serial;
	uint64_t deaf_until;
	bool stopping;
	struct afxdp_msg stop, narrow;
	pthread_t thread;
};

/* ---- one connection ---- */

static void hang_up(struct clerk *k, uint32_t i)
{
	struct conn *c = k->conn[i];

	/* The steward has it, and will find that nobody waits. */
	if (c->ask)
		afxdp_store_release(&c->ask->gone, 1);
	if (c->held)
		afxdp_post_send(k->home, c->held);
	if (c->pass)
		close(c->pass - 1);
	close(c->fd);
	free(c->out);
	free(c);
	k->conn[i] = NULL;
}

/* Who looks for a daemon asks several, and waits for none: this does not go to the steward. */
static bool say_who(const struct clerk *k, struct conn *c, json_t *request)
{
	const char *what = json_string_value(json_object_get(request, "command"));

	if (!what || strcmp(what, "whoami"))
		return false;
	json_decref(request);
	control_say(c, json_pack("{s:b, s:I, s:I, s:o, s:o, s:i}", "ok", 1, "netns",
				 (json_int_t)registry_netns(), "ifindex",
				 (json_int_t)k->serves.ifindex, "interface",
				 json_text(k->serves.ifname), "wanted", json_text(k->wanted), "pid",
				 (int)getpid()));
	return true;
}

/* What needs no steward: who we are, and that this is not for everybody. */
static bool answered(const struct clerk *k, struct conn *c, json_t *request)
{
	if (c->http || say_who(k, c, request))
		return !c->http;
	if (control_may(c, request))
		return false;
	json_decref(request);
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
			if (answered(k, c, request))
				continue;
			conn_ask(c, i, request, k->home, &k->post);
			return;
		}
		if (c->have == had)
			return;
	}
}

/* ---- all of them ---- */

/* Hang up on the oldest idle one of @n from @from on. Return: its place, or -1. */
static int evict(struct clerk *k, int from, int n)
{
	int oldest = -1;

	for (int i = from; i < from + n; i++)
		if (k->conn[i] && !conn_busy(k->conn[i]) && !k->conn[i]->held &&
		    (oldest < 0 || k->conn[i]->began_ns < k->conn[oldest]->began_ns))
			oldest = i;
	if (oldest >= 0)
		hang_up(k, oldest);
	return oldest;
}

/* Return: a free place among @n from @from on, if need be that of the oldest idle one; or -1. */
static int place(struct clerk *k, int from, int n)
{
	for (int i = from; i < from + n; i++)
		if (!k->conn[i])
			return i;
	return evict(k, from, n);
}

/* Somebody knocks and we have no descriptor: that of the oldest idle connection. Return: whether
 * there was one; if not, nobody is listened to for a while. */
static bool spare_fd(struct clerk *k)
{
	if (evict(k, 0, 2 * CONNS) >= 0)
		return true;
	k->deaf_until = conn_now() + DEAF_NS;
	return false;
}

static void welcome(struct clerk *k, int fd, bool http)
{
	struct conn *c = calloc(1, sizeof(*c));
	int at = -1;

	if (c) {
		c->fd = fd;
		c->http = http;
		c->serial = ++k->serial;
		c->began_ns = c->moved_ns = conn_now();
		if (http || control_welcome(&k->control, c))
			at = http	     ? place(k, CONNS, CONNS)
			     : c->looks_only ? place(k, 0, LOOKERS)
					     : place(k, LOOKERS, CONNS - LOOKERS);
	}
	if (at < 0) {
		close(fd);
		free(c);
		return;
	}
	k->conn[at] = c;
}

static void greet(struct clerk *k, int listener, bool http)
{
	for (;;) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0)
			welcome(k, fd, http);
		else if (errno == EAGAIN || errno == ECONNABORTED || !spare_fd(k))
			return;
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

	if (!c && a->held) {
		afxdp_post_send(k->home, a->held);
	} else if (c && a->held) {
		c->held = a->held;
		c->pass = a->pass;
		a->pass = 0;
	}
	if (c) {
		c->ask = NULL;
		if (c->http)
			http_show(c, a->reply);
		else
			control_say(c, json_incref(a->reply));
		if (!conn_push(c))
			hang_up(k, a->client);
		else
			serve(k, a->client, 0, conn_now());
	}
	ask_free(a);
}

static void progress(struct clerk *k, struct ask_progress *p)
{
	struct conn *c = conn_of(k, p->client, p->serial);

	if (c) {
		control_say(c, json_incref(p->line));
		if (!conn_push(c))
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
		case CLERK_SERVES:
			k->serves = *(struct serves *)msg;
			free(msg);
			break;
		case CLERK_NARROW:
			sandbox_narrow();
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
	if ((events & (POLLIN | POLLHUP) && !conn_pull(c)) || (events & POLLOUT && !conn_push(c))) {
		hang_up(k, i);
		return;
	}
	do {
		attend(k, i);
		if (c->sent == c->len)
			break;
		if (!conn_push(c)) {
			hang_up(k, i);
			return;
		}
	} while (c->have && !conn_busy(c) && !c->closing);
	end = conn_deadline(c);
	if (conn_over(c) || (end && now >= end))
		hang_up(k, i);
}

/* What is polled: only what is open, for poll() refuses more places than RLIMIT_NOFILE allows. */
struct watch {
	struct pollfd fds[5 + 2 * CONNS], nothing;
	uint32_t n;
};

/* Return: where its revents will be. Nothing ever happens to fd -1. */
static struct pollfd *add_fd(struct watch *w, int fd, short events)
{
	if (fd < 0)
		return &w->nothing;
	w->fds[w->n] = (struct pollfd){ .fd = fd, .events = events };
	return &w->fds[w->n++];
}

static int until(uint64_t when, uint64_t now)
{
	return !when ? -1 : when <= now ? 0 : (int)((when - now) / 1000000 + 1);
}

static void turn(struct clerk *k)
{
	struct watch w = { .n = 0 };
	uint64_t now = conn_now(), first = k->deaf_until > now ? k->deaf_until : 0;
	const int listener[] = { k->control.door[0].fd, k->control.door[1].fd, k->http };
	struct pollfd *bell = add_fd(&w, k->post.bell, POLLIN), *of[2 * CONNS], *door[3];
	struct pollfd *out = add_fd(&w, k->line ? k->out : -1, POLLOUT);
	struct conn *seen[2 * CONNS];

	for (int i = 0; i < 3; i++)
		door[i] = add_fd(&w, first ? -1 : listener[i], POLLIN);
	for (uint32_t i = 0; i < 2 * CONNS; i++) {
		const struct conn *c = seen[i] = k->conn[i];
		uint64_t end = c ? conn_deadline(c) : 0;

		of[i] = c ? add_fd(&w, c->fd, conn_interest(c)) : NULL;
		if (end && (!first || end < first))
			first = end;
	}
	poll(w.fds, w.n, until(first, now));
	now = conn_now();
	if (bell->revents)
		read_post(k);
	if (out->revents && k->line)
		print_line(k);
	for (uint32_t i = 0; i < 2 * CONNS; i++)
		if (seen[i] && k->conn[i] == seen[i])
			serve(k, i, of[i]->revents, now);
	for (int i = 0; i < 3; i++)
		if (door[i]->revents)
			greet(k, listener[i], i == 2);
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

	rights_mask(&all);
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

int clerk_open(struct clerk **clerk, const struct clerk_config *config, char *why, size_t size)
{
	struct clerk *k = calloc(1, sizeof(*k));
	bool everybody = false;
	int err;

	if (!k)
		return -ENOMEM;
	k->http = k->post.bell = -1;
	k->home = config->home;
	k->out = config->out;
	k->serves.ifindex = config->ifindex;
	snprintf(k->serves.ifname, sizeof(k->serves.ifname), "%s", config->ifname);
	snprintf(k->wanted, sizeof(k->wanted), "%s", config->wanted);
	err = control_open(&k->control, config->ifindex, config->ifname, config->control,
			   config->uid, why, size);
	if (!err && config->metrics) {
		k->http = http_listen(config->metrics, &everybody, why, size);
		/* That address in use is another matter than this interface in use. */
		err = k->http >= 0 ? 0 : k->http == -EADDRINUSE ? -EADDRNOTAVAIL : k->http;
	}
	if (err)
		goto release;
	if (everybody)
		log_line(LEVEL_WARNING,
			 "--metrics '%s': every address of this host: whoever reaches the "
			 "port reads the ledger, without password or encryption",
			 config->metrics);
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

void clerk_serves(struct clerk *k, unsigned int ifindex, const char *ifname)
{
	struct serves *s = malloc(sizeof(*s));

	if (!s)
		return; /* clients find us by the old name, or by --control */
	s->msg.type = CLERK_SERVES;
	s->ifindex = ifindex;
	snprintf(s->ifname, sizeof(s->ifname), "%s", ifname);
	afxdp_post_send(&k->post, &s->msg);
}

void clerk_narrow(struct clerk *k)
{
	k->narrow.type = CLERK_NARROW;
	afxdp_post_send(&k->post, &k->narrow);
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
