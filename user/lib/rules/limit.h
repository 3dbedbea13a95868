/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* limit.h - the parameters of `limit`. */
#ifndef AFXDP_RULES_LIMIT_H
#define AFXDP_RULES_LIMIT_H

#include <stddef.h>
#include "compile.h"

/**
 * limit_parse() - `RATE/s [burst B] [per KEY]` at *@s, which moves behind it.
 *
 * Return: 0; -EINVAL with @err.
 */
int limit_parse(const char **s, struct action_args *args, char *err, size_t errlen);

/* The address that buckets are told apart by: "src", "dst"; NULL: there is one for all. */
const char *limit_direction(const struct action_args *args);

/** limit_interval() - of a frame, or of AFXDP_LIMIT_BYTES_UNIT bytes, in the program's time. */
uint64_t limit_interval(const struct action_args *args);

/** limit_depth() - of the bucket, in the program's time. */
uint64_t limit_depth(const struct action_args *args);

#endif
