/* SPDX-License-Identifier: GPL-2.0-only */
/* writable.h - could a file be opened for writing, or made? */
#ifndef AFXDP_WRITABLE_H
#define AFXDP_WRITABLE_H

#include <stdbool.h>
#include <sys/types.h>

/** directory_is_ours() - whether only we and root can put a name, so also a link, into the
 * directory of @path. */
bool directory_is_ours(const char *path);

/** open_no_stranger() - open(2), but not through a link that somebody else may have put there:
 * ELOOP. /dev/stdout is a link, too. Return: the descriptor, or -1 with errno. */
int open_no_stranger(const char *path, int flags, mode_t mode);

/** writable() - without opening or making @path. Return: 0, or the -errno that open(2) would give. */
int writable(const char *path);

/** writable_directory() - whether something could be made that goes by @path. Return: as
 * writable(). */
int writable_directory(const char *path);

#endif
