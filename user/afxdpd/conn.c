/* SPDX-License-Identifier: GPL-2.0-only */
#include "conn.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

/* Clients that neither read nor finish what they send. */
#define SLOW_NS	  5000000000ULL
#define LINGER_NS 1000000000ULL

uint64_t conn_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

void conn_say(struct conn *c, const char *text, size_t len)
{
	char *more;

	if (c->sent == c->len) {
		c->sent = c->len = 0;
		c->moved_ns = conn_now();
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

/* What is to be sent, with the descriptor that goes with it. */
static ssize_t send_some(struct conn *c)
{
	union {
		struct cmsghdr head;
		char room[CMSG_SPACE(sizeof(int))];
	} control = { .head = { .cmsg_len = CMSG_LEN(sizeof(int)),
				.cmsg_level = SOL_SOCKET,
				.cmsg_type = SCM_RIGHTS } };
	struct iovec rest = { c->out + c->sent, c->len - c->sent };
	struct msghdr msg = { .msg_iov = &rest, .msg_iovlen = 1 };
	int fd = c->pass - 1;
	ssize_t n;

	if (c->pass) {
		memcpy(CMSG_DATA(&control.head), &fd, sizeof(fd));
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control.room);
	}
	n = sendmsg(c->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	if (n > 0 && c->pass) {
		close(fd);
		c->pass = 0;
	}
	return n;
}

bool conn_push(struct conn *c)
{
	while (c->sent < c->len) {
		ssize_t n = send_some(c);

		if (n <= 0)
			return n < 0 && (errno == EAGAIN || errno == EINTR);
		c->sent += n;
		c->moved_ns = conn_now();
	}
	if (!c->closing)
		return true;
	/* Closed with bytes unread, TCP would take back what has been sent. */
	if (!c->http || c->lingering || shutdown(c->fd, SHUT_WR))
		return c->lingering;
	c->lingering = true;
	c->moved_ns = conn_now();
	return true;
}

bool conn_pull(struct conn *c)
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

bool conn_over(const struct conn *c)
{
	return (c->eof || c->closing) && !conn_busy(c) && !c->lingering;
}

uint64_t conn_deadline(const struct conn *c)
{
	if (c->lingering)
		return c->moved_ns + LINGER_NS;
	if (c->sent < c->len)
		return c->moved_ns + SLOW_NS;
	return c->http && !c->ask ? c->began_ns + SLOW_NS : 0;
}

short conn_interest(const struct conn *c)
{
	short events = 0;

	if (!conn_busy(c) && !c->eof && (c->lingering || c->have < REQUEST_MAX))
		events |= POLLIN;
	if (c->sent < c->len)
		events |= POLLOUT;
	return events;
}
