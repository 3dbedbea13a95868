/* SPDX-License-Identifier: GPL-2.0-only */
#include "registry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Whatever root has made of its own directory is as root wants it; in the user's own, which
 * /tmp may hold, only we may be the owner. */
static int look_at(struct registry *r, enum registry_kind kind, char *why, size_t size)
{
	int fd = open(r->dir, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	int err;

	if (fd < 0) {
		err = -errno;
		snprintf(why, size, "cannot look at %s: %s", r->dir, strerror(-err));
		return err;
	}
	err = fstat(fd, &st) ? -errno : 0;
	close(fd);
	if (err)
		return err;
	r->owner = st.st_uid;
	if (!(st.st_mode & 022) && (kind == REGISTRY_ROOT || st.st_uid == geteuid()))
		return 0;
	snprintf(why, size, "%s can be written by others (owner %u, mode %03o): remove it", r->dir,
		 st.st_uid, st.st_mode & 0777);
	return -EPERM;
}

int registry_open(struct registry *r, enum registry_kind kind, bool make, char *why, size_t size)
{
	const char *home = kind == REGISTRY_USER ? getenv("XDG_RUNTIME_DIR") : "";

	*r = (struct registry){ .owner = geteuid() };
	if (!home || (*home && *home != '/')) {
		snprintf(why, size, "XDG_RUNTIME_DIR is not set");
		return -ENOENT;
	}
	if (strlen(home) + sizeof("/afxdp") > sizeof(r->dir)) {
		snprintf(why, size, "XDG_RUNTIME_DIR '%s' is too long", home);
		return -ENAMETOOLONG;
	}
	snprintf(r->dir, sizeof(r->dir), "%s%s", home,
		 kind == REGISTRY_USER ? "/afxdp" : REGISTRY_SYSTEM);
	/* Whatever our umask is: clients of other users look for the sockets in it. */
	if (make && (mkdir(r->dir, 0755) ? errno != EEXIST : chmod(r->dir, 0755))) {
		int err = -errno;

		snprintf(why, size, "cannot make %s: %s", r->dir, strerror(-err));
		return err;
	}
	return look_at(r, kind, why, size);
}

int registry_ours(struct registry *r, char *why, size_t size)
{
	int err = registry_open(r, REGISTRY_ROOT, true, why, size);

	if (geteuid() == 0 || (!err && !access(r->dir, W_OK)))
		return err;
	return registry_open(r, REGISTRY_USER, true, why, size);
}

unsigned long registry_netns(void)
{
	struct stat st;

	/* Of the thread: the process' first may be elsewhere. */
	return stat("/proc/thread-self/ns/net", &st) ? 0 : st.st_ino;
}

char *registry_stem(char *stem, size_t size, unsigned int ifindex, const char *name)
{
	if (ifindex)
		snprintf(stem, size, "%lu-%u", registry_netns(), ifindex);
	else
		snprintf(stem, size, "%lu-%.15s", registry_netns(), name);
	return stem;
}
