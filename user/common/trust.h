/* SPDX-License-Identifier: GPL-2.0-only */
/* trust.h - can somebody else change what a path leads to? */
#ifndef AFXDP_TRUST_H
#define AFXDP_TRUST_H

#include <stddef.h>

/**
 * trust_path() - whether only root and we decide what @path leads to, up to its last component,
 * which need not be there.
 * @why: one line if not (size @size).
 *
 * Every directory on the way, and every symbolic link, must belong to root or us; who else may
 * write to one must not be able to take others' entries away (the sticky bit: /tmp). A path of
 * which that is true stays what it is between two looks.
 *
 * Return: 0; -EPERM; -errno of what could not be looked at.
 */
int trust_path(const char *path, char *why, size_t size);

/** trust_root_file() - whether nobody but root can change what is at @path, which has no links in
 * it (realpath(3)), and is a file. As trust_path(). */
int trust_root_file(const char *path, char *why, size_t size);

#endif
