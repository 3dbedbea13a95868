/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "knobs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_DIR "/run/afxdp"

static int read_long(int fd, long *value)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return n ? -errno : -ENODATA;
	*value = strtol(text, NULL, 10);
	return 0;
}

static int write_long(int fd, long value)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld", value);

	return pwrite(fd, text, len, 0) == len ? 0 : -errno;
}

/*
 * A sysfs of the network namespace we are in, mounted nowhere: /sys itself may show another one's
 * (nsenter --net), or be read-only (containers).
 */
static int open_sysfs(void)
{
	int fs, mnt = -1;

	fs = fsopen("sysfs", FSOPEN_CLOEXEC);
	if (fs < 0)
		return -errno;
	if (!fsconfig(fs, FSCONFIG_CMD_CREATE, NULL, NULL, 0))
		mnt = fsmount(fs, FSMOUNT_CLOEXEC, 0);
	if (mnt < 0)
		mnt = -errno;
	close(fs);
	return mnt;
}

/* Return: the directory of @ifname, or -errno. */
static int open_device(const char *ifname, unsigned int ifindex)
{
	char path[64];
	long shown = 0;
	int sys = open_sysfs(), dir, fd;

	if (sys < 0) /* not allowed to mount: the ordinary one will do if it shows our interface */
		sys = open("/sys", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (sys < 0)
		return -errno;
	snprintf(path, sizeof(path), "class/net/%s", ifname);
	dir = openat(sys, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		dir = -errno;
	close(sys);
	if (dir < 0)
		return dir;
	fd = openat(dir, "ifindex", O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		read_long(fd, &shown);
		close(fd);
	}
	if ((unsigned long)shown != ifindex) {
		close(dir);
		return -ENODEV;
	}
	return dir;
}

static int open_knobs(struct afxdp_knobs *k, const char *ifname)
{
	int dir = open_device(ifname, k->ifindex), err = 0;

	if (dir < 0)
		return dir;
	k->defer_fd = openat(dir, "napi_defer_hard_irqs", O_RDWR | O_CLOEXEC);
	k->flush_fd = openat(dir, "gro_flush_timeout", O_RDWR | O_CLOEXEC);
	if (k->defer_fd < 0 || k->flush_fd < 0)
		err = -errno; /* ENOENT before Linux 5.11; EROFS in a container */
	close(dir);
	return err;
}

static int put_back(struct afxdp_knobs *k)
{
	int err = write_long(k->flush_fd, k->old_flush);

	return write_long(k->defer_fd, k->old_defer) ?: err;
}

/* Return: 1 if a predecessor's values were found and restored, else 0 or -errno. */
static int recover(struct afxdp_knobs *k)
{
	unsigned int ifindex;
	int fd = open(k->saved, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	FILE *f = fd < 0 ? NULL : fdopen(fd, "r");
	int n, err;

	if (!f)
		return errno == ENOENT ? 0 : -errno;
	n = fscanf(f, "%u %ld %ld", &ifindex, &k->old_defer, &k->old_flush);
	fclose(f);
	/* Another interface by that name has its own values, which nobody changed. */
	err = n == 3 && ifindex == k->ifindex ? put_back(k) : 0;
	if (err)
		return err;
	unlink(k->saved);
	return n == 3 && ifindex == k->ifindex;
}

int afxdp_knobs_init(struct afxdp_knobs *k, const char *ifname, unsigned int ifindex)
{
	struct stat netns;
	int err;

	*k = (struct afxdp_knobs)AFXDP_KNOBS_NONE;
	k->ifindex = ifindex;
	err = open_knobs(k, ifname);
	if (err)
		goto close;
	if (stat("/proc/self/ns/net", &netns))
		netns.st_ino = 0;
	snprintf(k->saved, sizeof(k->saved), STATE_DIR "/knobs-%s-%lu", ifname,
		 (unsigned long)netns.st_ino);
	err = recover(k);
	if (err >= 0)
		return err;
close:
	afxdp_knobs_close(k);
	return err;
}

/* Old values first, then the change: whoever is killed in between has changed nothing. */
static int save(struct afxdp_knobs *k)
{
	char text[64];
	int len, err;

	err = read_long(k->defer_fd, &k->old_defer);
	if (!err)
		err = read_long(k->flush_fd, &k->old_flush);
	if (err)
		return err;
	if (mkdir(STATE_DIR, 0755) && errno != EEXIST)
		return -errno;
	k->saved_fd = open(k->saved, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0644);
	if (k->saved_fd < 0)
		return -errno;
	len = snprintf(text, sizeof(text), "%u %ld %ld\n", k->ifindex, k->old_defer, k->old_flush);
	if (write(k->saved_fd, text, len) == len)
		return 0;
	err = -errno;
	unlink(k->saved);
	close(k->saved_fd);
	k->saved_fd = -1;
	return err;
}

int afxdp_knobs_set(struct afxdp_knobs *k, long defer_hard_irqs, long gro_flush_timeout_ns)
{
	int err = 0;

	if (k->defer_fd < 0)
		return -ENODEV;
	if (k->saved_fd < 0)
		err = save(k);
	if (err)
		return err;
	err = write_long(k->defer_fd, defer_hard_irqs);
	if (!err)
		err = write_long(k->flush_fd, gro_flush_timeout_ns);
	if (err)
		afxdp_knobs_restore(k);
	return err;
}

void afxdp_knobs_restore(struct afxdp_knobs *k)
{
	if (k->saved_fd < 0)
		return;
	put_back(k); /* fails only if the device is gone, and its knobs with it */
	/* An empty file says as much as none, should we no longer be allowed to remove it. */
	if (ftruncate(k->saved_fd, 0))
		unlink(k->saved);
	close(k->saved_fd);
	k->saved_fd = -1;
	unlink(k->saved);
	rmdir(STATE_DIR);
}

void afxdp_knobs_close(struct afxdp_knobs *k)
{
	afxdp_knobs_restore(k);
	if (k->defer_fd >= 0)
		close(k->defer_fd);
	if (k->flush_fd >= 0)
		close(k->flush_fd);
	k->defer_fd = k->flush_fd = -1;
}
