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
