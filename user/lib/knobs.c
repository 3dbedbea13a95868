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
#define DEFER	  "napi_defer_hard_irqs"
#define FLUSH	  "gro_flush_timeout"

static int read_long(int dir, const char *name, long *value)
{
	char text[32] = "";
	int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (n <= 0)
		return n ? -errno : -ENODATA;
	*value = strtol(text, NULL, 10);
	return 0;
}

static int write_long(int dir, const char *name, long value)
{
	char text[32];
	int len = snprintf(text, sizeof(text), "%ld", value);
	int fd = openat(dir, name, O_WRONLY | O_CLOEXEC);
	int err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, len) != len)
		err = -errno;
	close(fd);
	return err;
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

static int open_device(const char *ifname, unsigned int ifindex)
{
	char path[64];
	long shown;
	int sys = open_sysfs(), dir;

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
	if (read_long(dir, "ifindex", &shown) || (unsigned long)shown != ifindex) {
		close(dir);
		return -ENODEV;
	}
	return dir;
}

static int put_back(struct afxdp_knobs *k)
{
	int err = write_long(k->dir, FLUSH, k->old_flush);

	return write_long(k->dir, DEFER, k->old_defer) ?: err;
}

/* Return: 1 if a predecessor's values were found and restored, else 0 or -errno. */
static int recover(struct afxdp_knobs *k)
{
	unsigned int ifindex;
	FILE *f = fopen(k->saved, "re");
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

int afxdp_knobs_init(struct afxdp_knobs *k, const char *ifname, unsigned int ifindex, char *why,
		     size_t size)
{
	struct stat netns;
	long value;
	int err;

	memset(k, 0, sizeof(*k));
	k->ifindex = ifindex;
	k->dir = open_device(ifname, ifindex);
	if (k->dir < 0) {
		snprintf(why, size, "no sysfs for %s: %s", ifname, strerror(-k->dir));
		return k->dir;
	}
	if (stat("/proc/self/ns/net", &netns))
		netns.st_ino = 0;
	snprintf(k->saved, sizeof(k->saved), STATE_DIR "/knobs-%s-%lu", ifname,
		 (unsigned long)netns.st_ino);
	err = recover(k);
	if (err >= 0 && read_long(k->dir, DEFER, &value))
		err = -EOPNOTSUPP; /* Linux before 5.11 */
	if (err < 0) {
		snprintf(why, size, "cannot reach %s of %s: %s", DEFER, ifname, strerror(-err));
		afxdp_knobs_close(k);
	}
	return err;
}

static int save(const struct afxdp_knobs *k)
{
	char tmp[sizeof(k->saved) + 8];
	FILE *f;
	int err = 0;

	if (mkdir(STATE_DIR, 0755) && errno != EEXIST)
		return -errno;
	snprintf(tmp, sizeof(tmp), "%s.new", k->saved);
	f = fopen(tmp, "we");
	if (!f)
		return -errno;
	if (fprintf(f, "%u %ld %ld\n", k->ifindex, k->old_defer, k->old_flush) < 0)
		err = -EIO;
	if (fclose(f))
		err = -errno;
	if (!err && rename(tmp, k->saved))
		err = -errno;
	if (err)
		unlink(tmp);
	return err;
}

int afxdp_knobs_set(struct afxdp_knobs *k, long defer_hard_irqs, long gro_flush_timeout_ns)
{
	int err;

	if (k->dir < 0)
		return -ENODEV;
	if (!k->changed) {
		err = read_long(k->dir, DEFER, &k->old_defer);
		if (!err)
			err = read_long(k->dir, FLUSH, &k->old_flush);
		if (!err)
			err = save(k);
		if (err)
			return err;
		k->changed = true;
	}
	err = write_long(k->dir, DEFER, defer_hard_irqs);
	if (!err)
		err = write_long(k->dir, FLUSH, gro_flush_timeout_ns);
	if (err)
		afxdp_knobs_restore(k);
	return err;
}

void afxdp_knobs_restore(struct afxdp_knobs *k)
{
	if (!k->changed)
		return;
	k->changed = false;
	/* Gone with the device is restored, too. */
	put_back(k);
	unlink(k->saved);
	rmdir(STATE_DIR);
}

void afxdp_knobs_close(struct afxdp_knobs *k)
{
	afxdp_knobs_restore(k);
	if (k->dir >= 0)
		close(k->dir);
	k->dir = -1;
}
