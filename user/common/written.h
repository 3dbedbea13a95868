/* SPDX-License-Identifier: GPL-2.0-only */
/* written.h - standard descriptors: a program's first look at them, and its last word on what it
 * has written. */
#ifndef AFXDP_WRITTEN_H
#define AFXDP_WRITTEN_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/**
 * standard_open() - at a program's start: of the descriptors 0 to 2 none is closed.
 *
 * What is opened first (a socket, a capture) would get its number otherwise, and what is meant for
 * the terminal would go there. What takes the place of a closed one cannot be read or written.
 */
static inline void standard_open(void)
{
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			_exit(1);
}

/**
 * written() - flush stdout, at a program's end.
 * @name: of the program, for the message. @status: what it would exit with.
 *
 * A full disk shows only when the buffer is written, after everything else went well.
 *
 * Return: @status, or 1 if that was 0 and something could not be written, which it has said.
 */
static inline int written(const char *name, int status)
{
	int failed = ferror(stdout);

	errno = 0;
	if (fflush(stdout))
		failed = 1;
	if (!failed)
		return status;
	fprintf(stderr, "%s: cannot write to standard output%s%s\n", name, errno ? ": " : "",
		errno ? strerror(errno) : "");
	return status ? status : 1;
}

#endif
