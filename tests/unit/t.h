/* SPDX-License-Identifier: GPL-2.0-only */
/* t.h - the whole of our unit test framework: CHECK says what failed and ends the test. */
#ifndef AFXDP_T_H
#define AFXDP_T_H

#include <stdio.h>
#include <stdlib.h>

#define CHECK(cond, ...)                                                                        \
	do {                                                                                    \
		if (!(cond)) {                                                                  \
			fprintf(stderr, "%s:%d: %s: failed: %s:", __FILE__, __LINE__, __func__, \
				#cond);                                                         \
			fprintf(stderr, " " __VA_ARGS__);                                       \
			fputc('\n', stderr);                                                    \
			exit(1);                                                                \
		}                                                                               \
	} while (0)

#define SKIP(...)                             \
	do {                                  \
		fprintf(stderr, __VA_ARGS__); \
		fputc('\n', stderr);          \
		exit(77);                     \
	} while (0)

#endif
