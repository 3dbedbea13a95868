/* SPDX-License-Identifier: GPL-2.0-only */
/* complain.h - one line on stderr, whatever is quoted in it. */
#ifndef AFXDP_COMPLAIN_H
#define AFXDP_COMPLAIN_H

#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>
#include "printable.h"

/**
 * complain() - print "NAME: what @format says" and a newline.
 *
 * Control characters, which a quoted option or file name may hold, become question marks: a message
 * stays one line, and does nothing to the terminal.
 */
__attribute__((format(printf, 2, 0))) static inline void complain(const char *name,
								  const char *format, va_list args)
{
	struct pollfd out = { .fd = STDERR_FILENO, .events = POLLOUT };
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	/* Nobody may be held up by whoever does not read what we say: a pipe that is full for so
	 * long has lost this line. */
	if (poll(&out, 1, 100) == 0)
		return;
	fprintf(stderr, "%s: %s\n", name, printable(line));
}

#endif
