/* SPDX-License-Identifier: GPL-2.0-only */
/* exprs.h - expressions of libpcap's language: picked by hand, and made from its grammar. */
#ifndef AFXDP_TESTS_EXPRS_H
#define AFXDP_TESTS_EXPRS_H

#include <stddef.h>
#include "random.h"

/* Every kind of primitive at least once; NULL behind the last. */
extern const char *const test_exprs[];

/* One of the language, not always one libpcap takes. */
void expr_make(char *text, size_t size, struct rng *r);

#endif
