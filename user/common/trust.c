/* SPDX-License-Identifier: GPL-2.0-only */
#include "trust.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* As many as the kernel follows in one path (MAXSYMLINKS). */
#define LINKS 40

static bool ours(uid_t uid)
{
	return !uid || uid == geteuid();
}

static bool others_write(const struct stat *st)
{
	mode_t others = S_IWOTH | (st->st_gid && st->st_gid != getegid() ? S_IWGRP : 0);

	return st->st_mode & others && !(st->st_mode & S_ISVTX);
}

/* One component, @at of it being the path up to there. Return: 0; 1 if it is a link that may be
 * followed; -errno with @why set. */
static int look_at(const char *at, char *why, size_t size)
{
	struct stat st;

	if (lstat(at, &st)) {
		int err = -errno;

		snprintf(why, size, "%s: %s", at, strerror(-err));
		return err;
	}
	if (!ours(st.st_uid) || (!S_ISLNK(st.st_mode) && others_write(&st))) {
		snprintf(why, size, "%s is another user's to change (owner %u, mode %03o)", at,
			 st.st_uid, st.st_mode & 07777);
		return -EPERM;
	}
	if (S_ISLNK(st.st_mode))
		return 1;
	if (S_ISDIR(st.st_mode))
		return 0;
	snprintf(why, size, "%s: %s", at, strerror(ENOTDIR));
	return -ENOTDIR;
}

/* @path: with the link that is its first @len bytes replaced by what it says. Return: 0 or -errno.
 */
static int follow(char *path, size_t size, size_t len)
{
	char to[PATH_MAX], rest[PATH_MAX], link[PATH_MAX];
	char *slash;
	ssize_t n;
	int all;

	snprintf(link, sizeof(link), "%.*s", (int)len, path);
	snprintf(rest, sizeof(rest), "%s", path + len);
	n = readlink(link, to, sizeof(to) - 1);
	if (n < 0)
		return -errno;
	to[n] = '\0';
	slash = strrchr(link, '/');
	*slash = '\0';
	all = *to == '/' ? snprintf(path, size, "%s%s", to, rest)
			 : snprintf(path, size, "%s/%s%s", link, to, rest);
	return all < 0 || (size_t)all >= size ? -ENAMETOOLONG : 0;
}

int trust_path(const char *path, char *why, size_t size)
{
	char whole[PATH_MAX], here[PATH_MAX] = "";
	int links = 0, err = 0, all;
	size_t at = 1;

	if (*path != '/' && !getcwd(here, sizeof(here)))
		err = -errno;
	all = snprintf(whole, sizeof(whole), "%s%s%s", here, *path == '/' ? "" : "/", path);
	if (!err && (size_t)all >= sizeof(whole))
		err = -ENAMETOOLONG;
	snprintf(why, size, "%s", strerror(-err));
	if (!err)
		err = look_at("/", why, size);
	while (!err && whole[at]) {
		size_t len = at + strcspn(whole + at, "/");
		char cut = whole[len];

		if (!cut)
			return 0; /* the last one */
		whole[len] = '\0';
		err = len == at ? 0 : look_at(whole, why, size);
		whole[len] = cut;
		at = len + 1;
		if (err != 1)
			continue;
		err = ++links > LINKS ? -ELOOP : follow(whole, sizeof(whole), len);
		if (err)
			snprintf(why, size, "%s: %s", path, strerror(-err));
		at = 1;
	}
	return err;
}

int trust_root_file(const char *path, char *why, size_t size)
{
	char at[PATH_MAX];
	struct stat st = { 0 };
	mode_t others;

	snprintf(at, sizeof(at), "%s", path);
	for (;;) {
		char *slash = strrchr(at, '/');

		if (lstat(*at ? at : "/", &st)) {
			int err = -errno;

			snprintf(why, size, "%s: %s", at, strerror(-err));
			return err;
		}
		others = S_IWOTH | (st.st_gid ? S_IWGRP : 0);
		if (st.st_uid || (st.st_mode & others && !(st.st_mode & S_ISVTX)) ||
		    (!strcmp(at, path) ? !S_ISREG(st.st_mode) : !S_ISDIR(st.st_mode))) {
			snprintf(why, size,
				 "%s is not root's alone to change (owner %u, mode %03o)",
				 *at ? at : "/", st.st_uid, st.st_mode & 07777);
			return -EPERM;
		}
		if (!slash)
			return 0;
		*slash = '\0';
	}
}
