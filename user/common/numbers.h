/* SPDX-License-Identifier: GPL-2.0-only */
/* numbers.h - whole numbers and lists of them on command lines. */
#ifndef AFXDP_NUMBERS_H
#define AFXDP_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

/** number_parse() - a number from @min to @max and nothing behind it. @base: as strtoull()'s. */
bool number_parse(const char *text, int base, uint64_t min, uint64_t max, uint64_t *out);

/**
 * number_list() - parse numbers and ranges, "0,2-3".
 * @list: room for @max of them
 * @again: the same number may be in it more than once
 *
 * Return: how many, at least 1; -EINVAL; -ENOMEM.
 */
int number_list(const char *text, uint32_t *list, uint32_t max, bool again);

#endif
