/* SPDX-License-Identifier: GPL-2.0-only */
/* keeper.c - the engine's end of the connection to its keeper. */
#include "keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include "keeper_parts.h"

static int send_order(const struct keeper *k, const struct keeper_order *o, const int *fds, int n)
{
	union {
		char room[CMSG_SPACE(KEEPER_FDS * sizeof(int))];
		struct cmsghdr align;
	} control = { 0 };
	struct iovec io = { (void *)o, sizeof(*o) };
	struct msghdr m = { .msg_iov = &io, .msg_iovlen = 1 };

	if (n) {
		struct cmsghdr *c = &control.align;

		m.msg_control = &control;
		m.msg_controllen = CMSG_SPACE(n * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(n * sizeof(int));
		memcpy(CMSG_DATA(c), fds, n * sizeof(int));
	}
	while (sendmsg(k->sock, &m, MSG_NOSIGNAL) < 0)
		if (errno != EINTR)
			return -errno;
	return 0;
}

/* Return: the keeper's result, or -errno if there was none. */
static int ask(struct keeper *k, struct keeper_order *o, const int *fds, int n, char *text,
	       size_t size)
{
	struct keeper_reply reply;
	ssize_t len;
	int err;

	pthread_mutex_lock(&k->lock);
	o->serial = ++k->serial;
	err = k->sock < 0 ? -EPIPE : send_order(k, o, fds, n);
	while (!err) {
		len = recv(k->sock, &reply, sizeof(reply), 0);
		if (len < 0 && errno == EINTR)
			continue;
		if (len < 0)
			err = errno == EAGAIN ? -ETIMEDOUT : -errno;
		else if (len != sizeof(reply))
			err = -EPIPE;
		else if (reply.serial == o->serial)
			break;
	}
	pthread_mutex_unlock(&k->lock);
	if (err)
		snprintf(text, size, "the process that keeps the rights %s",
			 err == -ETIMEDOUT ? "does not answer" : "is gone");
	else
		snprintf(text, size, "%.*s", (int)sizeof(reply.text) - 1, reply.text);
	return err ?: reply.result;
}

static int ask_about(struct keeper *k, enum keeper_what what, unsigned int ifindex)
{
	struct keeper_order o = { .what = what, .ifindex = ifindex };
	char text[sizeof(((struct keeper_reply *)0)->text)];

	return ask(k, &o, NULL, 0, text, sizeof(text));
}

int keeper_listen(struct keeper *k, int listener)
{
	struct keeper_order o = { .what = KEEPER_LISTEN };
	char text[64];

	return ask(k, &o, &listener, 1, text, sizeof(text));
}

int keeper_door(struct keeper *k, unsigned int ifindex, const char *name)
{
	struct keeper_order o = { .what = KEEPER_DOOR, .ifindex = ifindex };
	char text[64];

	snprintf(o.label, sizeof(o.label), "%s", name);
	return ask(k, &o, NULL, 0, text, sizeof(text));
}

int keeper_knobs_recover(struct keeper *k, unsigned int ifindex)
{
	return ask_about(k, KEEPER_KNOBS_RECOVER, ifindex);
}

int keeper_knobs_busy(struct keeper *k, unsigned int ifindex)
{
	return ask_about(k, KEEPER_KNOBS_BUSY, ifindex);
}

void keeper_knobs_back(struct keeper *k, unsigned int ifindex)
{
	if (ifindex)
		ask_about(k, KEEPER_KNOBS_BACK, ifindex);
}

/* ---- what programs need (prog.h) ---- */

static void agent_refusal(void *arg, unsigned int ifindex, int prog_fd, uint32_t flags, char *words,
			  size_t size)
{
	struct keeper_order o = { .what = KEEPER_REFUSAL, .ifindex = ifindex, .flags = flags };

	if (ask(arg, &o, &prog_fd, 1, words, size))
		*words = '\0';
}

static int agent_evict(void *arg, unsigned int ifindex)
{
	return ask_about(arg, KEEPER_EVICT, ifindex);
}

static int agent_pin(void *arg, struct afxdp_prog *p)
{
	struct keeper_order o = { .what = KEEPER_PIN, .ifindex = p->config.ifindex };
	const int fds[] = { p->ledger_fd, p->hits_fd, p->xsks_fd };

	snprintf(o.label, sizeof(o.label), "%s", p->config.ifname);
	return ask(arg, &o, fds, 3, p->why, sizeof(p->why));
}

static void agent_pin_hits(void *arg, struct afxdp_prog *p)
{
	struct keeper_order o = { .what = KEEPER_PIN_HITS, .ifindex = p->config.ifindex };

	ask(arg, &o, &p->hits_fd, 1, p->why, sizeof(p->why));
}

static void agent_unpin(void *arg, struct afxdp_prog *p)
{
	ask_about(arg, KEEPER_UNPIN, p->config.ifindex);
}

/* ---- its life ---- */

int keeper_start(struct keeper *k, const struct options *o)
{
	struct warden w = { .options = o, .listener = -1, .pid = getpid() };
	/* No order takes longer than a few system calls. */
	const struct timeval patience = { .tv_sec = 10 };
	int pair[2], err = 0;

	k->sock = -1;
	pthread_mutex_init(&k->lock, NULL);
	k->agent = (struct afxdp_agent){ k,	    agent_refusal,  agent_evict,
					 agent_pin, agent_pin_hits, agent_unpin };
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair))
		return -errno;
	(void)setsockopt(pair[0], SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	/* Opened by us: nobody needs a right to see his own memory, and the keeper none to go on
	 * using this when we are another user's. */
	w.memory = open("/proc/self/mem", O_RDWR | O_CLOEXEC);
	w.engine = syscall(SYS_pidfd_open, w.pid, 0);
	k->pid = fork();
	if (!k->pid) {
		close(pair[0]);
		w.sock = pair[1];
		warden_run(&w);
	}
	if (k->pid < 0)
		err = -errno;
	close(pair[1]);
	if (w.memory >= 0)
		close(w.memory);
	if (w.engine >= 0)
		close(w.engine);
	if (err)
		close(pair[0]);
	else
		k->sock = pair[0];
	return err;
}

void keeper_end(struct keeper *k)
{
	if (k->sock < 0)
		return;
	close(k->sock);
	k->sock = -1;
	while (waitpid(k->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

bool keeper_lost(const struct keeper *k)
{
	struct pollfd p = { .fd = k->sock, .events = POLLIN };

	return k->sock >= 0 && poll(&p, 1, 0) > 0 && p.revents & (POLLHUP | POLLERR);
}
