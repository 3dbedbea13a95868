/* SPDX-License-Identifier: GPL-2.0-only */
#include "pcap_file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "log.h"
#include "pcap_append.h"
#include "writable.h"

#define OPEN_FLAGS (O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK)

/* Nothing is truncated yet: see pcap_file_begin(). */
static int open_path(const char *name, const struct pcap_spec *spec)
{
	return open_no_stranger(name, OPEN_FLAGS | (spec->excl ? O_EXCL : 0), spec->mode);
}

/*
 * A pipe is opened O_NONBLOCK, so that a write() to one that nobody empties can be given up. The
 * flag belongs to the open file description, which stdout shares with strangers: hence one of our
 * own, by way of /proc. Regular files ignore the flag.
 */
static int open_fd(const char *name, const struct pcap_spec *spec)
{
	struct stat st;
	int fd = -1;

	if (strcmp(name, "-"))
		return open_path(name, spec);
	if (!fstat(STDOUT_FILENO, &st) && S_ISFIFO(st.st_mode))
		fd = open("/proc/self/fd/1", O_WRONLY | O_CLOEXEC | O_NONBLOCK);
	return fd < 0 ? fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0) : fd;
}

/* Write the header where the file is now. */
static int write_header(struct pcap_file *f)
{
	off_t start = lseek(f->fd, 0, SEEK_CUR);
	ssize_t n = write(f->fd, f->header, f->header_len);
	int err = n < 0 ? -errno : -ENOSPC;

	if (n != (ssize_t)f->header_len) {
		/* The next attempt begins where this one did. */
		if (n > 0 &&
		    (start < 0 || ftruncate(f->fd, start) || lseek(f->fd, start, SEEK_SET) < 0))
			f->broken = true;
		return err;
	}
	f->end = start < 0 ? start : start + n;
	f->begun = f->fresh = true;
	return 0;
}

/* Go on behind what is kept; a pcapng file may have any number of sections, a pcap file has one. */
static int go_on(struct pcap_file *f)
{
	if (f->header_len != PCAP_HEADER)
		return write_header(f);
	f->end = f->keep;
	f->begun = true;
	return 0;
}

int pcap_file_begin(struct pcap_file *f)
{
	if (f->begun)
		return 0;
	/* A pipe, or a device. */
	if (lseek(f->fd, 0, SEEK_CUR) < 0)
		return write_header(f);
	if (ftruncate(f->fd, f->keep) || lseek(f->fd, f->keep, SEEK_SET) < 0)
		return -errno;
	return f->keep ? go_on(f) : write_header(f);
}

/* Where the capture that is there ends, if it is to go on. */
static int find_end(struct pcap_file *f, int fd, const struct stat *st, off_t *keep)
{
	char again[40];
	int err, readable;

	*keep = 0;
	if (!f->spec->append || !S_ISREG(st->st_mode) || !st->st_size)
		return 0;
	/* Of this thread: its descriptors are its own. */
	snprintf(again, sizeof(again), "/proc/thread-self/fd/%d", fd);
	readable = open(again, O_RDONLY | O_CLOEXEC);
	if (readable < 0)
		return -errno;
	err = pcap_append_find(readable, f->header, keep);
	close(readable);
	if (!err && *keep < st->st_size)
		log_line(LEVEL_WARNING,
			 "capture '%s': its last %lld bytes, a record that was cut off, go",
			 f->spec->path, (long long)(st->st_size - *keep));
	return err;
}

/* A regular file has one writer. The lock belongs to this opening of the inode, by whatever name,
 * and goes with it. */
static int lock(int fd, const struct stat *st)
{
	if (!S_ISREG(st->st_mode) || !flock(fd, LOCK_EX | LOCK_NB) || errno != EWOULDBLOCK)
		return 0; /* or a file system that knows no locks */
	return -EBUSY;
}

static const char *reason(int err)
{
	switch (err) {
	case -ENXIO:
		return "no process reads this FIFO; start the reader first";
	case -EBUSY:
		return "a capture is being written to this file; choose another name, or rename "
		       "the file first";
	case -EINVAL:
		return "it is no regular file";
	case -EEXIST:
		return "it is there already; choose another name, or leave excl away";
	case -EBADMSG:
		return "what is there is no capture of this kind; choose another name, or leave "
		       "append away";
	case -EMSGSIZE:
		return "the capture that is there has a smaller snaplen: give the same";
	case -ELOOP:
		return "it is a symbolic link in a directory that others can write to; name the "
		       "file itself";
	default:
		return strerror(-err);
	}
}

/* Of both: what can be found out before anything is written. */
static int prepare(struct pcap_file *f, int fd, struct stat *st, off_t *keep)
{
	if (fd < 0 || fstat(fd, st))
		return -errno;
	return lock(fd, st) ?: find_end(f, fd, st, keep);
}

static void cannot_write(const char *name, int err, char *why, size_t size)
{
	snprintf(why, size, "cannot write pcap file '%s': %s", name, reason(err));
}

/* Whether the capture that is at @name can go on. */
static int check_end(const char *name, const uint8_t *header)
{
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK), err;
	off_t end;

	if (fd < 0)
		return -errno;
	err = pcap_append_find(fd, header, &end);
	close(fd);
	return err;
}

/* A FIFO's reader would see an end of what we only try. */
int pcap_file_check(const struct pcap_spec *spec, const uint8_t *header, const char *name,
		    char *why, size_t size)
{
	struct stat st;
	int err = 0;

	if (strcmp(name, "-"))
		err = spec->excl && !lstat(name, &st) ? -EEXIST : writable(name);
	if (!err && !lstat(name, &st) && S_ISLNK(st.st_mode) && !directory_is_ours(name))
		err = -ELOOP;
	else if (!err && spec->append && !stat(name, &st) && S_ISREG(st.st_mode) && st.st_size)
		err = check_end(name, header);
	if (err)
		cannot_write(name, err, why, size);
	return err;
}

int pcap_file_open(struct pcap_file *f, const char *name, char *why, size_t size)
{
	struct stat st;
	int err;

	f->end = f->keep = f->pieces = f->records = f->copied = 0;
	f->begun = f->broken = f->fresh = false;
	f->given_up = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	f->fd = f->given_up < 0 ? -1 : open_fd(name, f->spec);
	err = prepare(f, f->fd, &st, &f->keep);
	/* What is in a file already stays until there is something better. */
	if (!err && !f->late && (!strcmp(name, "-") || !S_ISREG(st.st_mode) || !st.st_size))
		err = write_header(f);
	if (err)
		goto close;
	return 0;
close:
	pcap_file_close(f);
	cannot_write(name, err, why, size);
	return err;
}

bool pcap_file_is(const struct pcap_file *f, const char *name)
{
	struct stat a, b;

	return !stat(name, &a) && !fstat(f->fd, &b) && a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

int pcap_file_next(struct pcap_file *f, const char *name, char *why, size_t size)
{
	int fd = open_path(name, f->spec), err;
	const int old = f->fd;
	const off_t end = f->end, keep = f->keep;
	const bool fresh = f->fresh;
	struct stat st;

	err = prepare(f, fd, &st, &f->keep);
	if (!err && !S_ISREG(st.st_mode))
		err = -EINVAL;
	if (!err) {
		f->fd = fd;
		f->begun = false;
		err = pcap_file_begin(f);
	}
	if (!err) {
		f->broken = false;
		close(old);
		return 0;
	}
	f->fd = old;
	f->end = end;
	f->keep = keep;
	f->fresh = fresh;
	f->begun = true;
	if (fd >= 0)
		close(fd);
	cannot_write(name, err, why, size);
	return err;
}

/* Skip the first @n bytes of what *@piece and what follows describe. */
static void advance(struct iovec **piece, uint32_t *pieces, size_t n)
{
	while (*pieces && n >= (*piece)->iov_len) {
		n -= (*piece)->iov_len;
		(*piece)++;
		(*pieces)--;
	}
	if (n) {
		(*piece)->iov_base = (uint8_t *)(*piece)->iov_base + n;
		(*piece)->iov_len -= n;
	}
}

/* Cut off what lies behind the last whole record. */
static void trim(struct pcap_file *f)
{
	if (f->end < 0 || ftruncate(f->fd, f->end) || lseek(f->fd, f->end, SEEK_SET) < 0)
		f->broken = true;
}

static int wait_room(struct pcap_file *f)
{
	struct pollfd fds[] = {
		{ .fd = f->fd, .events = POLLOUT },
		{ .fd = f->given_up, .events = POLLIN },
	};

	if (poll(fds, 2, -1) < 0 && errno != EINTR)
		return -errno;
	return fds[1].revents ? -ECANCELED : 0;
}

/* Somebody has emptied the file beneath us, as logrotate's copytruncate does: it begins anew,
 * instead of having a hole. */
static void begin_anew_if_cut(struct pcap_file *f)
{
	struct stat st;

	if (f->end <= 0 || fstat(f->fd, &st) || !S_ISREG(st.st_mode) || st.st_size >= f->end)
		return;
	f->begun = false;
	f->keep = 0;
}

int pcap_file_write(struct pcap_file *f, uint32_t *written, uint64_t *bytes)
{
	uint64_t total = f->records ? f->record_end[f->records - 1] : 0, done = 0;
	struct iovec *piece = f->piece;
	uint32_t left = f->pieces, whole = f->records;
	int err;

	if (f->begun)
		begin_anew_if_cut(f);
	err = f->broken ? -EPIPE : pcap_file_begin(f);
	while (!err && done < total) {
		ssize_t n = writev(f->fd, piece, (int)left);

		if (n > 0) {
			done += n;
			advance(&piece, &left, n);
		} else if (n == 0) {
			err = -EIO;
		} else if (errno == EAGAIN) {
			err = wait_room(f);
		} else if (errno != EINTR) {
			err = -errno;
		}
	}
	while (whole && f->record_end[whole - 1] > done)
		whole--;
	*written = whole;
	*bytes = whole ? f->record_end[whole - 1] : 0;
	f->fresh &= !whole;
	if (f->end >= 0)
		f->end += *bytes;
	if (done > *bytes)
		trim(f);
	f->pieces = 0;
	f->records = 0;
	f->copied = 0;
	return err;
}

int pcap_file_put(struct pcap_file *f, const void *data, uint32_t len)
{
	bool fresh = f->fresh;
	uint32_t written;
	uint64_t bytes;
	int err;

	pcap_file_piece(f, data, len);
	pcap_file_end(f, len);
	err = pcap_file_write(f, &written, &bytes);
	f->fresh = fresh;
	return err;
}

void pcap_file_give_up(struct pcap_file *f)
{
	uint64_t one = 1;

	if (write(f->given_up, &one, sizeof(one)) < 0) {
		/* EAGAIN: it has been told often enough. */
	}
}

void pcap_file_close(struct pcap_file *f)
{
	if (f->given_up >= 0)
		close(f->given_up);
	f->given_up = -1;
	if (f->fd >= 0)
		close(f->fd);
	f->fd = -1;
}
