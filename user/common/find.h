/* SPDX-License-Identifier: GPL-2.0-only */
/* find.h - whose daemon serves this interface? The daemons' sockets are asked (registry.h). */
#ifndef AFXDP_FIND_H
#define AFXDP_FIND_H

#include <stddef.h>

/**
 * find_daemon() - connect to the daemon that serves @ifname in our network namespace, by whatever
 * name: the interface's number decides, and where there is no such interface, the name that a
 * daemon was told at its start.
 * @why: one line when it fails (size @size).
 *
 * Return: a connected socket whose other end is root's or ours; -ENOENT if none serves it; other
 * -errno.
 */
int find_daemon(const char *ifname, char *why, size_t size);

/** find_at() - the same at socket file @path. */
int find_at(const char *path, char *why, size_t size);

#endif
