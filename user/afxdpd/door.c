/* SPDX-License-Identifier: GPL-2.0-only */
#include "door.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include "writable.h"

/* Connections that may wait to be accepted. */
#define BACKLOG 64
/* Who takes away what the dead have left holds a lock for no longer than a few system calls: one
 * that is held for half a second is a living daemon's. */
#define TRIES	50
#define TRY_NS	10000000L

/* Lock the file at @path. Return: its descriptor; -EWOULDBLOCK; other -errno. */
static int lock_once(const char *path, int flags)
{
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | flags, 0600), err;
	struct stat ours, there;

	if (fd < 0)
		return -errno;
	/* Not a file that somebody else would rather see written or held. */
	if (fstat(fd, &ours))
		err = -errno;
	else if (!S_ISREG(ours.st_mode) || (ours.st_uid && ours.st_uid != geteuid()))
		err = -EPERM;
	else if (flock(fd, LOCK_EX | LOCK_NB))
		err = -errno;
	/* Whoever held it may have taken the file away before letting go. */
	else if (lstat(path, &there) || there.st_ino != ours.st_ino || there.st_dev != ours.st_dev)
		err = -EAGAIN;
	else
		return fd;
	close(fd);
	return err;
}

static int lock(const char *path)
{
	const struct timespec pause = { .tv_nsec = TRY_NS };
	int fd = -EAGAIN;

	for (int i = 0; i < TRIES && fd == -EAGAIN; i++) {
		if (i)
			nanosleep(&pause, NULL);
		fd = lock_once(path, O_CREAT);
	}
	return fd;
}

/* The process that holds the lock at @path; 0: unknown. */
static int holder(const char *path)
{
	char text[16] = "";
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK), pid = 0;

	if (fd < 0)
		return 0;
	if (read(fd, text, sizeof(text) - 1) > 0)
		sscanf(text, "%d", &pid);
	close(fd);
	return pid;
}

/* With the lock in hand: what is at the address, if anything, is not an afxdpd's. Return: 0 if it
 * is free now. */
static int clear_away(const struct sockaddr_un *address)
{
	struct stat st;
	int fd, err = 0;

	if (lstat(address->sun_path, &st))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)) ||
	    errno != ECONNREFUSED)
		err = -EADDRINUSE;
	else if (unlink(address->sun_path))
		err = -errno;
	close(fd);
	return err;
}

/* By what is there, not by its name: that may mean something else by now. */
static int give(const char *path, const struct door_owner *owner)
{
	int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC), err = 0;
	struct stat st;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st))
		err = -errno;
	else if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
		err = -EPERM;
	else if ((st.st_uid != owner->uid || st.st_gid != owner->gid) &&
		 fchownat(fd, "", owner->uid, owner->gid, AT_EMPTY_PATH))
		err = -errno;
	close(fd);
	return err;
}

static int listen_at(const struct sockaddr_un *address, const struct door_owner *owner)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), err;
	mode_t old;

	if (fd < 0)
		return -errno;
	old = umask(0117);
	err = bind(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;
	umask(old);
	/* Nobody can connect before listen(). */
	if (!err)
		err = give(address->sun_path, owner);
	if (!err && listen(fd, BACKLOG))
		err = -errno;
	if (!err)
		return fd;
	close(fd);
	return err;
}

static void say_why(int err, char *why, size_t size)
{
	snprintf(why, size, "%s",
		 err == -EEXIST ? "a file that is not a socket is there" : strerror(-err));
}

static int door_failed(struct door *d, int err, char *why, size_t size)
{
	int pid = err == -EAGAIN ? holder(d->lock_path) : 0;

	if (err == -EAGAIN && pid)
		snprintf(why, size, "afxdpd %d listens there", pid);
	else if (err == -EAGAIN || err == -EADDRINUSE)
		snprintf(why, size, "another process listens there");
	else
		say_why(err, why, size);
	if (d->lock >= 0) {
		unlink(d->lock_path);
		close(d->lock);
	}
	*d = DOOR_NONE;
	return err == -EAGAIN ? -EADDRINUSE : err;
}

int door_check(const char *path, char *why, size_t size)
{
	struct sockaddr_un address;
	struct stat st;
	int err;

	if (!lstat(path, &st))
		err = S_ISSOCK(st.st_mode) ? writable_directory(path) : -EEXIST;
	else
		err = errno == ENOENT ? writable_directory(path) : -errno;
	if (strlen(path) >= sizeof(address.sun_path))
		err = -ENAMETOOLONG;
	if (err)
		say_why(err, why, size);
	return err;
}

int door_open(struct door *d, const char *path, const struct door_owner *owner, char *why,
	      size_t size)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char pid[16];
	int err;

	*d = DOOR_NONE;
	if (strlen(path) >= sizeof(address.sun_path))
		return door_failed(d, -ENAMETOOLONG, why, size);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	snprintf(d->path, sizeof(d->path), "%s", path);
	snprintf(d->lock_path, sizeof(d->lock_path), "%s.lock", path);
	d->lock = err = lock(d->lock_path);
	if (err >= 0)
		err = clear_away(&address);
	if (!err)
		d->fd = err = listen_at(&address, owner);
	if (err < 0)
		return door_failed(d, err, why, size);
	snprintf(pid, sizeof(pid), "%d\n", getpid());
	if (ftruncate(d->lock, 0) || pwrite(d->lock, pid, strlen(pid), 0) < 0) {
		/* It is for people only. */
	}
	return 0;
}

void door_close(struct door *d)
{
	if (d->fd >= 0) {
		unlink(d->path);
		close(d->fd);
	}
	/* The file goes first: who opens it now and locks it sees that it is not there any more. */
	if (d->lock >= 0) {
		unlink(d->lock_path);
		close(d->lock);
	}
	*d = DOOR_NONE;
}

void door_bury(const char *path, void (*left)(void *arg), void *arg)
{
	char lock[PATH_MAX + sizeof(".lock")];
	int fd;

	snprintf(lock, sizeof(lock), "%s.lock", path);
	fd = lock_once(lock, 0);
	if (fd < 0 && fd != -ENOENT)
		return;
	if (left)
		left(arg);
	if (fd < 0)
		return;
	unlink(path);
	unlink(lock);
	close(fd);
}

struct remains {
	void (*left)(const char *stem);
	const char *stem;
};

static void tell(void *arg)
{
	const struct remains *r = arg;

	if (r->left)
		r->left(r->stem);
}

void door_sweep(const char *dir, void (*left)(const char *stem))
{
	static const char suffix[] = ".sock.lock";
	DIR *entries = opendir(dir);
	const struct dirent *e;
	char path[PATH_MAX], stem[NAME_MAX + 1];

	while (entries && (e = readdir(entries))) {
		int len = (int)strlen(e->d_name) - (int)(sizeof(suffix) - 1);
		struct remains r = { left, stem };

		if (len <= 0 || strcmp(e->d_name + len, suffix))
			continue;
		snprintf(stem, sizeof(stem), "%.*s", len, e->d_name);
		snprintf(path, sizeof(path), "%s/%s.sock", dir, stem);
		door_bury(path, tell, &r);
	}
	if (entries)
		closedir(entries);
}
