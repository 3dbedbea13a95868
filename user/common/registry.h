/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * registry.h - where daemons are found: a directory that strangers cannot write, in it a socket and
 * a lock a daemon, STEM.sock and STEM.lock. The stem says on which network namespace and interface
 * the daemon was started; what it serves now it says itself ("whoami"). Who holds the lock lives.
 */
#ifndef AFXDP_REGISTRY_H
#define AFXDP_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define REGISTRY_SYSTEM "/run/afxdp"

enum registry_kind {
	REGISTRY_ROOT, /* REGISTRY_SYSTEM: root's, or of whoever root has given it to */
	REGISTRY_USER, /* $XDG_RUNTIME_DIR/afxdp: ours alone */
	REGISTRY_KINDS,
};

struct registry {
	char dir[72]; /* with a stem and a suffix behind it a socket's address (107 bytes) */
	uid_t owner;
};

/**
 * registry_open() - the directory of @kind, if nobody else can write it.
 * @make: make it if it is not there.
 * @why: one line when it fails (size @size).
 *
 * Return: 0; -ENOENT if there is none; other -errno.
 */
int registry_open(struct registry *r, enum registry_kind kind, bool make, char *why, size_t size);

/** registry_ours() - the one in which we can listen; made if it is not there. As registry_open().
 */
int registry_ours(struct registry *r, char *why, size_t size);

/** registry_netns() - the inode number of our network namespace, as lsns(8) shows it; 0: unknown.
 */
unsigned long registry_netns(void);

/** registry_stem() - of a daemon started on @ifindex, or, while there is no such interface (0), on
 * @name. Return: @stem. */
char *registry_stem(char *stem, size_t size, unsigned int ifindex, const char *name);

#endif
