/* SPDX-License-Identifier: GPL-2.0-only */
/* options_parts.h - the table that options.c (command line, file, help) works by. */
#ifndef AFXDP_OPTIONS_PARTS_H
#define AFXDP_OPTIONS_PARTS_H

#include "options.h"

enum when {
	AT_RESTART,
	AT_OPENING, /* when the interface is opened next */
	AT_ONCE,
};

struct option_row {
	char letter; /* 0: has none */
	const char *name;
	const char *arg; /* NULL: takes none */
	/* NULL: -c, which options.c reads itself. */
	bool (*set)(struct options *o, const char *value);
	const char *want; /* what a right value is, for the error line */
	const char *help;
	enum when when; /* a new value in the file takes effect, after SIGHUP */
};

extern const struct option_row *const option_rows; /* OPTION_ROWS of them */

#endif
