/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * door.h - one socket file that the daemon listens on, and the lock beside it (PATH.lock), which
 * tells a living daemon from the socket of a dead one: whoever holds it may take the socket away.
 */
#ifndef AFXDP_DOOR_H
#define AFXDP_DOOR_H

#include <stddef.h>
#include <sys/types.h>
#include <sys/un.h>

struct door {
	int fd, lock; /* -1: none */
	char path[sizeof(((struct sockaddr_un *)0)->sun_path)];
	char lock_path[128];
};

#define DOOR_NONE ((struct door){ .fd = -1, .lock = -1 })

/* Whose socket it is to be: its mode is 0660. */
struct door_owner {
	uid_t uid;
	gid_t gid;
};

/** door_check() - whether door_open() would succeed if nobody listened at @path. Return: 0, or
 * -errno with @why. */
int door_check(const char *path, char *why, size_t size);

/**
 * door_open() - listen at @path, which is cut to nothing if it is too long.
 * @why: one line when it fails (size @size), without the name of what it is for.
 *
 * Return: 0; -EADDRINUSE if somebody listens there; other -errno.
 */
int door_open(struct door *door, const char *path, const struct door_owner *owner, char *why,
	      size_t size);

/** door_close() - listen no longer, and leave nothing behind. */
void door_close(struct door *door);

/**
 * door_bury() - take away the socket at @path, and its lock, if who listened there is dead.
 * @left: called with @arg while nobody else can listen there, or, if there is no lock any more, at
 * once; or NULL.
 */
void door_bury(const char *path, void (*left)(void *arg), void *arg);

/**
 * door_sweep() - take away what dead daemons have left in @dir.
 * @left: told the stem of each, or NULL.
 */
void door_sweep(const char *dir, void (*left)(const char *stem));

#endif
