/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control.h - the control socket: JSON lines, one request, one reply, with lines of progress before
 * it if it takes its time.
 *
 * Its default address is abstract ("@afxdp/IFACE"): it lives and dies with the daemon and belongs
 * to the network namespace, so it is also the lock that keeps a second daemon off the interface.
 * Abstract sockets have no permissions: peers must be root or our user.
 */
#ifndef AFXDP_CONTROL_H
#define AFXDP_CONTROL_H

#include "conn.h"

struct control {
	int listen[2]; /* abstract, file; -1: none */
	char path[108];
};

/**
 * control_open() - listen. @path: a socket file as well, or NULL.
 * @why: one line when it fails (size @size).
 *
 * Return: 0; -EADDRINUSE if a daemon serves this interface already; other -errno.
 */
int control_open(struct control *c, const char *ifname, const char *path, char *why, size_t size);
void control_close(struct control *c);

/** control_welcome() - whether the peer of @conn may speak to us. */
bool control_welcome(struct conn *conn);

/** control_read() - the next request among the bytes that are there, if there is one. Return:
 * whether @request was set. */
bool control_read(struct conn *conn, json_t **request);

/** control_say() - one line: @line (stolen). */
void control_say(struct conn *conn, json_t *line);

#endif
