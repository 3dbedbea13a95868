/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control.h - the control socket: JSON lines, one request, one reply.
 *
 * Its default address is abstract ("@afxdp/IFACE"): it lives and dies with the daemon and belongs
 * to the network namespace, so it is also the lock that keeps a second daemon off the interface.
 * Abstract sockets have no permissions: peers must be root or our user.
 */
#ifndef AFXDP_CONTROL_H
#define AFXDP_CONTROL_H

#include <poll.h>
#include <stddef.h>
#include <stdint.h>

struct daemon;
struct control;

/**
 * control_open() - listen. @path: a socket file as well, or NULL.
 * @why: one line when it fails (size @size).
 *
 * Return: 0; -EADDRINUSE if a daemon serves this interface already; other -errno.
 */
int control_open(struct control **control, const char *ifname, const char *path, char *why,
		 size_t size);

/** control_fds() - what to poll for: up to @max entries. Return: how many. */
uint32_t control_fds(struct control *control, struct pollfd *fds, uint32_t max);

/** control_serve() - deal with what @fds, as filled by control_fds() and polled, has. */
void control_serve(struct control *control, struct daemon *d, const struct pollfd *fds, uint32_t n);
void control_close(struct control *control);

#endif
