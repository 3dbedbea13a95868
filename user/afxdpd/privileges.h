/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * privileges.h - giving up root once everything is set up.
 *
 * What the rest of a daemon's life needs is open by then: sockets, maps, the link, the files. Only
 * CAP_NET_ADMIN is kept, and only by the control thread: the kernel asks for it when NAPI settings
 * are written back.
 */
#ifndef AFXDP_PRIVILEGES_H
#define AFXDP_PRIVILEGES_H

#include <sys/types.h>

struct user {
	char name[64];
	uid_t uid;
	gid_t gid;
};

/** privileges_find() - Return: 0, or -ENOENT if there is no user @name. */
int privileges_find(const char *name, struct user *user);

/**
 * privileges_missing() - what the start needs and we have not, whoever we are.
 *
 * Return: the first of them, "CAP_X (what for)", or NULL.
 */
const char *privileges_missing(void);

/** privileges_drop() - become @user, in all threads. Return: 0 or -errno. */
int privileges_drop(const struct user *user);

#endif
