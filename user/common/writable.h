/* SPDX-License-Identifier: GPL-2.0-only */
/* writable.h - could a file be opened for writing, or made? */
#ifndef AFXDP_WRITABLE_H
#define AFXDP_WRITABLE_H

/** writable() - without opening or making @path. Return: 0, or the -errno that open(2) would give. */
int writable(const char *path);

/** writable_directory() - whether something could be made that goes by @path. Return: as
 * writable(). */
int writable_directory(const char *path);

#endif
