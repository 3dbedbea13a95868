/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * report_file.c - the report's way out: at the end, and whenever SIGUSR1 asks for it. A file has a
 * whole report at any time: the new one is made beside it and takes its name.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "daemon.h"
#include "report.h"
#include "writable.h"

/* At once, so that a name that cannot be written is found before the work is done. An older report
 * stays until there is a new one. */
int daemon_open_report(struct daemon *d)
{
	const char *path = d->options->report;

	if (!path)
		return 0;
	/* A FIFO must not keep us waiting for its reader. */
	d->report = strcmp(path, "-")
			    ? open_no_stranger(path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NONBLOCK,
					       0666)
			    : STDOUT_FILENO;
	return d->report >= 0
		       ? 0
		       : daemon_failed(d, EXIT_USAGE, "--report '%s': cannot write it: %s", path,
				       errno == ENXIO ? "no process reads this FIFO"
				       : errno == ELOOP
					       ? "it is a symbolic link in a directory that others "
						 "can write to; name the file itself"
					       : strerror(errno));
}

static int ms_until(uint64_t when)
{
	uint64_t now = daemon_now();

	return when <= now ? 0 : (int)((when - now) / 1000000 + 1);
}

/* What a terminal, a pipe or a file may take to accept the last words. */
#define LAST_WORDS_MS 1000

int daemon_write_words(int fd, const char *text)
{
	uint64_t end = daemon_now() + LAST_WORDS_MS * 1000000ULL;

	while (*text) {
		struct pollfd out = { .fd = fd, .events = POLLOUT };
		size_t len = strlen(text);
		ssize_t n;

		/* What poll() promises a pipe to have room for. */
		if (len > PIPE_BUF)
			len = PIPE_BUF;
		if (poll(&out, 1, ms_until(end)) <= 0)
			return -ETIMEDOUT;
		n = write(fd, text, len);
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
		if (n > 0)
			text += n;
	}
	return 0;
}

static int write_all(int fd, const char *text)
{
	return daemon_write_words(fd, text) ?: daemon_write_words(fd, "\n");
}

/* Into what was opened at the start: a pipe, a device, what only that user could open who we are no
 * more. A pipe cannot be truncated, and stdout is not ours. */
static int write_in_place(struct daemon *d, const char *text)
{
	bool ours = d->report != STDOUT_FILENO;

	if (ours && (ftruncate(d->report, 0) || lseek(d->report, 0, SEEK_SET) < 0) &&
	    errno != EINVAL && errno != ESPIPE)
		return -errno;
	return write_all(d->report, text);
}

/* Whether @path is, or was, the regular file that we have opened: not a link to one. */
static bool can_be_exchanged(const struct daemon *d, const char *path, mode_t *mode)
{
	struct stat named, opened;

	if (d->report == STDOUT_FILENO || fstat(d->report, &opened) || !S_ISREG(opened.st_mode))
		return false;
	*mode = opened.st_mode & 0777;
	return lstat(path, &named) ? errno == ENOENT : S_ISREG(named.st_mode);
}

/* Return: 0; -EACCES: no file can be made there; or another -errno. Failing that all is as it was. */
static int exchange(struct daemon *d, const char *path, const char *text, mode_t mode)
{
	char beside[PATH_MAX];
	int fd, err;

	if (snprintf(beside, sizeof(beside), "%s.%d", path, (int)getpid()) >= (int)sizeof(beside))
		return -EACCES;
	fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0)
		return errno == ENOSPC ? -ENOSPC : -EACCES;
	err = write_all(fd, text);
	if (!err && rename(beside, path))
		err = -errno;
	if (err) {
		unlink(beside);
		close(fd);
		return err;
	}
	close(d->report);
	d->report = fd;
	return 0;
}

int daemon_write_report(struct daemon *d, const json_t *report)
{
	char *text = json_dumps(report, JSON_INDENT(2) | JSON_ENSURE_ASCII);
	const char *path = d->options->report;
	int err = text ? 0 : -ENOMEM;
	mode_t mode;

	if (!err) {
		err = can_be_exchanged(d, path, &mode) ? exchange(d, path, text, mode) : -EACCES;
		if (err == -EACCES)
			err = write_in_place(d, text);
	}
	free(text);
	return err ? daemon_failed(d, EXIT_RUNTIME, "cannot write report '%s': %s", path,
				   strerror(-err))
		   : 0;
}

void daemon_report_tick(struct daemon *d)
{
	struct picture p;
	json_t *report;
	int err;

	if (!d->report_due)
		return;
	d->report_due = false;
	if (d->report < 0) {
		daemon_warn("SIGUSR1: there is no place for a report (--report FILE)");
		return;
	}
	err = daemon_look(d, &p);
	report = err ? NULL : report_json(d, &p);
	if (!report)
		daemon_warn("SIGUSR1: cannot make a report: %s", strerror(err ? -err : ENOMEM));
	else if (daemon_write_report(d, report))
		daemon_warn("SIGUSR1: %s", d->why);
	json_decref(report);
	if (!err)
		picture_free(&p);
}
