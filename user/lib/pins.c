/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * pins.c - the program's maps in bpffs, for bpftool and whoever reads ledgers.
 *
 * They are root's, in a directory that is named after what does not change while we run, the
 * network namespace and the interface's index; the interface's name is a link to it. bpffs may be
 * mounted so that everybody can make entries (mode 1777): each step starts from a directory that is
 * held open, follows no link, and is refused in one that somebody else owns.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "prog_parts.h"

#define PIN_ROOT  "/sys/fs/bpf"
#define PIN_HOME  "afxdp"
#define BPF_MAGIC 0xcafe4a11

static const char *const pin_names[] = { "ledger", "rule_hits", "xsks" };

#define PINS (sizeof(pin_names) / sizeof(*pin_names))

static int open_dir(int at, const char *name)
{
	int fd = openat(at, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0)
		return -errno;
	if (!fstat(fd, &st) && (!st.st_uid || st.st_uid == geteuid()) && !(st.st_mode & 022))
		return fd;
	close(fd);
	return -EPERM;
}

/* Return: the directory of all our pins, made if @make is set; -EMEDIUMTYPE if there is no bpffs;
 * -errno. */
static int open_home(bool make)
{
	int root = open(PIN_ROOT, O_PATH | O_DIRECTORY | O_CLOEXEC), fd;
	struct statfs fs;

	if (root < 0 || fstatfs(root, &fs) || (uint32_t)fs.f_type != BPF_MAGIC)
		fd = -EMEDIUMTYPE;
	else if (make && mkdirat(root, PIN_HOME, 0755) && errno != EEXIST)
		fd = -errno;
	else
		fd = open_dir(root, PIN_HOME);
	if (root >= 0)
		close(root);
	return fd;
}

static void pin_stem(const struct afxdp_prog *p, char *stem, size_t size)
{
	struct stat st = { 0 };

	if (stat("/proc/thread-self/ns/net", &st))
		st.st_ino = 0;
	snprintf(stem, size, "%lu-%u", (unsigned long)st.st_ino, p->config.ifindex);
}

/* Take @name away if it is a link to @stem, or to nothing. Return: whether the name is free. */
static bool unlink_name(int home, const char *name, const char *stem)
{
	char to[64];
	ssize_t n = readlinkat(home, name, to, sizeof(to) - 1);
	struct stat st;

	if (n < 0)
		return errno == ENOENT;
	to[n] = '\0';
	if (strcmp(to, stem) && !fstatat(home, name, &st, 0))
		return false;
	return !unlinkat(home, name, 0);
}

static void unpin(int home, const char *stem)
{
	int fd = open_dir(home, stem);

	if (fd < 0)
		return;
	for (size_t i = 0; i < PINS; i++)
		unlinkat(fd, pin_names[i], 0);
	close(fd);
	unlinkat(home, stem, AT_REMOVEDIR);
}

/* The last one out; fails while others have pins. */
static void leave(int home)
{
	close(home);
	rmdir(PIN_ROOT "/" PIN_HOME);
}

void afxdp_prog_unpin(struct afxdp_prog *p)
{
	const struct afxdp_agent *agent = p->config.agent;
	int home = agent ? -1 : open_home(false);
	char stem[48];

	if (agent)
		agent->unpin(agent->arg, p);
	if (home < 0)
		return;
	pin_stem(p, stem, sizeof(stem));
	unlink_name(home, p->config.ifname, stem);
	unpin(home, stem);
	leave(home);
}

void afxdp_pins_remove(const char *stem)
{
	int home = open_home(false);

	if (home < 0)
		return;
	unpin(home, stem);
	leave(home);
}

static int pin_at(int dir, const char *name, int fd)
{
	char path[64];

	/* bpf(BPF_OBJ_PIN) knows no directory descriptor before Linux 6.5. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", dir, name);
	return bpf_obj_pin(fd, path) ? -errno : 0;
}

void afxdp_prog_pin_hits(struct afxdp_prog *p)
{
	const struct afxdp_agent *agent = p->config.agent;
	int home = agent ? -1 : open_home(false), dir;
	char stem[48];

	if (agent)
		agent->pin_hits(agent->arg, p);
	if (home < 0)
		return;
	pin_stem(p, stem, sizeof(stem));
	dir = open_dir(home, stem);
	if (dir >= 0) {
		unlinkat(dir, "rule_hits", 0);
		pin_at(dir, "rule_hits", p->hits_fd);
		close(dir);
	}
	close(home);
}

static int pin_all(struct afxdp_prog *p, int home, const char *stem)
{
	const int fds[PINS] = { p->ledger_fd, p->hits_fd, p->xsks_fd };
	int dir, err = 0;

	if (mkdirat(home, stem, 0755))
		return -errno;
	dir = open_dir(home, stem);
	if (dir < 0)
		return dir;
	for (size_t i = 0; i < PINS && !err; i++)
		err = fds[i] >= 0 ? pin_at(dir, pin_names[i], fds[i]) : 0;
	close(dir);
	return err;
}

int afxdp_prog_pin(struct afxdp_prog *p)
{
	const struct afxdp_agent *agent = p->config.agent;
	int home, err;
	char stem[48];

	if (agent) {
		err = agent->pin(agent->arg, p);
		p->pinned = !err;
		return err;
	}
	home = open_home(true);
	if (home == -EMEDIUMTYPE)
		return prog_failed(p, -ENOENT,
				   "no bpffs at " PIN_ROOT
				   " (ip netns exec hides it, nsenter --net does not): "
				   "running without pinned maps");
	if (home == -EPERM)
		return prog_failed(
			p, home,
			PIN_ROOT "/" PIN_HOME
				 " is another user's or can be written by others: running without "
				 "pinned maps");
	if (home < 0)
		return prog_failed(p, home,
				   "cannot make " PIN_ROOT "/" PIN_HOME
				   ": %s: running without pinned maps",
				   strerror(-home));
	pin_stem(p, stem, sizeof(stem));
	unpin(home, stem);
	err = pin_all(p, home, stem);
	if (err) {
		unpin(home, stem);
		leave(home);
		return prog_failed(p, err,
				   "cannot pin maps in " PIN_ROOT "/" PIN_HOME
				   "/%s: %s: running without pinned maps",
				   stem, strerror(-err));
	}
	/* A name that another namespace's interface has too is the first one's; one with a dot
	 * cannot be had in bpffs. */
	if (unlink_name(home, p->config.ifname, stem) && symlinkat(stem, home, p->config.ifname)) {
		/* The directory is there all the same. */
	}
	close(home);
	p->pinned = true;
	return 0;
}
