/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * keeper_calls.c - system calls of the engine that the kernel shows to the keeper instead of
 * carrying them out. What a call points to is copied once and then judged: the engine may change it
 * meanwhile.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "keeper_parts.h"
#include "uapi.h"

/* Linux 5.14 */
#ifndef SECCOMP_ADDFD_FLAG_SEND
#define SECCOMP_ADDFD_FLAG_SEND (1UL << 1)
#endif

int warden_read(const struct warden *w, uint64_t from, void *to, size_t size)
{
	return pread(w->memory, to, size, from) == (ssize_t)size ? 0 : -EFAULT;
}

int warden_write(const struct warden *w, uint64_t to, const void *from, size_t size)
{
	return pwrite(w->memory, from, size, to) == (ssize_t)size ? 0 : -EFAULT;
}

int warden_fd(const struct warden *w, int fd)
{
	int copy = syscall(SYS_pidfd_getfd, w->engine, fd, 0);

	return copy < 0 ? -errno : copy;
}

void warden_answer(struct warden *w, uint64_t id, int64_t result)
{
	struct seccomp_notif_resp r = { .id = id };

	if (result < 0)
		r.error = result;
	else
		r.val = result;
	/* A thread that has died meanwhile needs no answer. */
	(void)ioctl(w->listener, SECCOMP_IOCTL_NOTIF_SEND, &r);
}

void warden_give(struct warden *w, uint64_t id, int fd)
{
	struct seccomp_notif_addfd a = {
		.id = id, .flags = SECCOMP_ADDFD_FLAG_SEND, .srcfd = fd, .newfd_flags = O_CLOEXEC
	};

	if (ioctl(w->listener, SECCOMP_IOCTL_NOTIF_ADDFD, &a) < 0)
		warden_answer(w, id, -errno);
	close(fd);
}

static void give(struct warden *w, uint64_t id, int fd)
{
	if (fd < 0)
		warden_answer(w, id, fd);
	else
		warden_give(w, id, fd);
}

/* Whatever it is bound to later, it hears nothing. */
static int deafen(int fd)
{
	struct sock_filter none = { .code = BPF_RET | BPF_K, .k = 0 };
	const struct sock_fprog filter = { 1, &none };
	const int on = 1;

	if (setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &filter, sizeof(filter)) ||
	    setsockopt(fd, SOL_SOCKET, SO_LOCK_FILTER, &on, sizeof(on)))
		return -errno;
	return 0;
}

/* As xsk.c and the forward sink open them: the latter only to send. */
static int open_socket(const __u64 *args)
{
	int domain = args[0], type = args[1], fd, err;

	if ((domain != AF_XDP && domain != AF_PACKET) ||
	    (type & ~(SOCK_CLOEXEC | SOCK_NONBLOCK)) != SOCK_RAW || args[2])
		return -EPERM;
	fd = socket(domain, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	err = domain == AF_PACKET ? deafen(fd) : 0;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static int busy_poll(const struct warden *w, const __u64 *args)
{
	int name = args[2], value, domain = 0, fd, err;
	socklen_t len = sizeof(domain);

	if ((int)args[1] != SOL_SOCKET || args[4] != sizeof(value) ||
	    (name != SO_PREFER_BUSY_POLL && name != SO_BUSY_POLL && name != SO_BUSY_POLL_BUDGET))
		return -EPERM;
	err = warden_read(w, args[3], &value, sizeof(value));
	if (err)
		return err;
	fd = warden_fd(w, args[0]);
	if (fd < 0)
		return fd;
	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &len))
		err = -errno;
	else if (domain != AF_XDP)
		err = -EPERM;
	else if (setsockopt(fd, SOL_SOCKET, name, &value, sizeof(value)))
		err = -errno;
	close(fd);
	return err;
}

static void bpf_call(struct warden *w, const struct seccomp_notif *call)
{
	int fd = -1, err;

	err = warden_bpf(w, call->data.args[0], call->data.args[1], call->data.args[2], &fd);
	if (err || fd < 0)
		warden_answer(w, call->id, err);
	else
		warden_give(w, call->id, fd);
}

/* The verifier takes its time, and so does a grace period: others are not to wait for it. */
static void bpf_by_helper(struct warden *w, const struct seccomp_notif *call)
{
	size_t i, n = sizeof(w->load) / sizeof(*w->load);

	for (i = 0; i < n && w->load[i].pid; i++)
		;
	if (i == n) {
		warden_answer(w, call->id, -EAGAIN);
		return;
	}
	w->load[i].id = call->id;
	w->load[i].pid = fork();
	if (!w->load[i].pid) {
		bpf_call(w, call);
		_exit(0);
	}
	if (w->load[i].pid < 0) {
		w->load[i].pid = 0;
		warden_answer(w, call->id, -errno);
	}
}

void warden_call(struct warden *w, const struct seccomp_notif *call)
{
	switch (call->data.nr) {
	case SYS_socket:
		give(w, call->id, open_socket(call->data.args));
		break;
	case SYS_setsockopt:
		warden_answer(w, call->id, busy_poll(w, call->data.args));
		break;
	case SYS_bpf:
		if ((int)call->data.args[0] == BPF_PROG_LOAD)
			bpf_by_helper(w, call);
		else
			bpf_call(w, call);
		break;
	default:
		warden_answer(w, call->id, -EPERM);
	}
}
