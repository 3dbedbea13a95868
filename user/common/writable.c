/* SPDX-License-Identifier: GPL-2.0-only */
#include "writable.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int writable_directory(const char *path)
{
	char *copy = strdup(path);
	int err = copy ? 0 : -ENOMEM;

	/* Nobody can make a file whose name ends in a slash. */
	if (!err && *path && path[strlen(path) - 1] == '/')
		err = -EISDIR;
	else if (!err && faccessat(AT_FDCWD, dirname(copy), W_OK | X_OK, AT_EACCESS))
		err = -errno;
	free(copy);
	return err;
}

int writable(const char *path)
{
	struct stat st;

	if (!stat(path, &st)) {
		if (S_ISDIR(st.st_mode))
			return -EISDIR;
		if (S_ISSOCK(st.st_mode))
			return -ENXIO;
		return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) ? -errno : 0;
	}
	if (errno != ENOENT)
		return -errno;
	/* A link to what is not there is followed, and that is made. */
	if (!lstat(path, &st) && S_ISLNK(st.st_mode))
		return 0;
	return writable_directory(path);
}

bool directory_is_ours(const char *path)
{
	char *copy = strdup(path);
	struct stat st;
	bool ours = copy && !stat(dirname(copy), &st) &&
		    (st.st_uid == 0 || st.st_uid == geteuid()) &&
		    !(st.st_mode & (S_IWGRP | S_IWOTH));

	free(copy);
	return ours;
}

int open_no_stranger(const char *path, int flags, mode_t mode)
{
	int fd = open(path, flags | O_NOFOLLOW, mode);

	if (fd < 0 && errno == ELOOP) {
		if (directory_is_ours(path))
			return open(path, flags, mode);
		errno = ELOOP;
	}
	return fd;
}
