/* SPDX-License-Identifier: GPL-2.0-only */
/* written.h - a program's last word on its standard output: did it get there? */
#ifndef AFXDP_WRITTEN_H
#define AFXDP_WRITTEN_H

#include <errno.h>
#include <stdio.h>
#include <string.h>

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
