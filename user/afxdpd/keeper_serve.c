/* SPDX-License-Identifier: GPL-2.0-only */
/* keeper_serve.c - the keeper's own life: it waits for orders, for system calls that the kernel
 * holds, for its helpers, and for the engine's end. */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>
#include "keeper_parts.h"
#include "nic.h"
#include "rights.h"

bool warden_serves(struct warden *w, unsigned int ifindex)
{
	unsigned int now;

	if (!ifindex)
		return false;
	if (warden_port(w, ifindex, false))
		return true;
	return !afxdp_nic_find(w->options->ifname, &now) && now == ifindex &&
	       warden_port(w, ifindex, true);
}

/* ---- orders ---- */

static int take_fds(struct msghdr *m, int *fds)
{
	struct cmsghdr *c = CMSG_FIRSTHDR(m);
	int n;

	if (!c || c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
		return 0;
	n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
	memcpy(fds, CMSG_DATA(c), n * sizeof(int));
	return n;
}

/* Return: false at the engine's end. */
static bool read_order(struct warden *w)
{
	union {
		char room[CMSG_SPACE(KEEPER_FDS * sizeof(int))];
		struct cmsghdr align;
	} control;
	struct keeper_order o = { 0 };
	struct iovec io = { &o, sizeof(o) };
	struct msghdr m = { .msg_iov = &io,
			    .msg_iovlen = 1,
			    .msg_control = &control,
			    .msg_controllen = sizeof(control) };
	struct keeper_reply reply = { 0 };
	int fds[KEEPER_FDS], n;
	ssize_t len = recvmsg(w->sock, &m, MSG_CMSG_CLOEXEC);

	if (len <= 0)
		return len < 0 && errno == EINTR;
	n = take_fds(&m, fds);
	reply.serial = o.serial;
	if (len != sizeof(o) || m.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		reply.result = -EMSGSIZE;
	else
		warden_order(w, &o, fds, n, &reply);
	for (int i = 0; i < n; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	return send(w->sock, &reply, sizeof(reply), MSG_NOSIGNAL) == sizeof(reply);
}

/* ---- calls ---- */

static void read_call(struct warden *w)
{
	struct seccomp_notif call = { 0 };

	if (!ioctl(w->listener, SECCOMP_IOCTL_NOTIF_RECV, &call))
		warden_call(w, &call);
}

/* Helpers that have ended. One that could not answer is answered for. */
static void reap(struct warden *w)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	while (read(w->children, &info, sizeof(info)) > 0)
		;
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
		for (size_t i = 0; i < sizeof(w->load) / sizeof(*w->load); i++) {
			if (w->load[i].pid != pid)
				continue;
			w->load[i].pid = 0;
			if (status)
				warden_answer(w, w->load[i].id, -EIO);
		}
}

static void serve(struct warden *w)
{
	bool there = true;

	while (there) {
		struct pollfd fds[] = { { .fd = w->sock, .events = POLLIN },
					{ .fd = w->children, .events = POLLIN },
					{ .fd = w->listener, .events = POLLIN } };

		if (poll(fds, 3, -1) < 0)
			continue;
		if (fds[1].revents)
			reap(w);
		if (fds[2].revents & POLLIN)
			read_call(w);
		if (fds[2].revents & (POLLHUP | POLLERR)) {
			close(w->listener);
			w->listener = -1;
		}
		if (fds[0].revents)
			there = read_order(w);
	}
}

_Noreturn void warden_run(struct warden *w)
{
	sigset_t all, children;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	/* Ctrl-C and a hang-up are for the engine: we end after it. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	w->children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	/* Who reads our output is not to wait for us. */
	for (int fd = 0; null >= 0 && fd < 3; fd++)
		dup2(null, fd);
	prctl(PR_SET_NAME, "keeper");
	if (w->children < 0 || rights_of_keeper())
		_exit(1);
	serve(w);
	warden_undo(w);
	_exit(0);
}
