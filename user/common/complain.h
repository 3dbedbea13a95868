/* SPDX-License-Identifier: GPL-2.0-only */
/* complain.h - one line on stderr, whatever is quoted in it. */
#ifndef AFXDP_COMPLAIN_H
#define AFXDP_COMPLAIN_H

#include <stdarg.h>
#include <stdio.h>

/**
 * complain() - print "NAME: what @format says" and a newline.
 *
 * Control characters, which a quoted option or file name may hold, become question marks: a message
 * stays one line, and does nothing to the terminal.
 */
__attribute__((format(printf, 2, 0))) static inline void complain(const char *name,
								  const char *format, va_list args)
{
	char line[1024];

	vsnprintf(line, sizeof(line), format, args);
	for (char *c = line; *c; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	fprintf(stderr, "%s: %s\n", name, line);
}

#endif
