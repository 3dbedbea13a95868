/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * control.h - the control socket: JSON lines, one request, one reply, with lines of progress before
 * it if it takes its time.
 *
 * It is a file in the registry (registry.h), and with --control another one. The lock beside the
 * first keeps a second daemon off the interface. Root and the daemon's own user may ask for
 * everything, the group of the socket may look.
 */
#ifndef AFXDP_CONTROL_H
#define AFXDP_CONTROL_H

#include "conn.h"
#include "door.h"

struct control {
	struct door door[2]; /* registry, --control */
	struct door_owner owner;
};

/* Members of this group, where there is one, may look. */
#define CONTROL_GROUP "afxdp"

/**
 * control_open() - listen.
 * @ifindex: of the interface; 0: there is none yet. @ifname: its name.
 * @path: a socket file as well, or NULL. @uid: whom we shall run as.
 * @why: one line when it fails (size @size).
 *
 * Return: 0; -EADDRINUSE if a daemon serves this interface already; other -errno.
 */
int control_open(struct control *c, unsigned int ifindex, const char *ifname, const char *path,
		 uid_t uid, char *why, size_t size);
void control_close(struct control *c);

/** control_welcome() - whether the peer of @conn may speak to us. */
bool control_welcome(const struct control *c, struct conn *conn);

/** control_may() - whether it may ask for @request; if not, it has been told. */
bool control_may(struct conn *conn, const json_t *request);

/** control_read() - the next request among the bytes that are there, if there is one. Return:
 * whether @request was set. */
bool control_read(struct conn *conn, json_t **request);

/** control_say() - one line: @line (stolen). */
void control_say(struct conn *conn, json_t *line);

#endif
