/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* scan.h - a line of a rules file, word by word. */
#ifndef AFXDP_RULES_SCAN_H
#define AFXDP_RULES_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

const char *scan_blanks(const char *s);

/* The next word of *@s into @word; *@s moves behind it and the blanks after it. False if there is
 * none, or it is too long to be any of ours. */
bool scan_word(const char **s, char *word, size_t size);

/* Take @word from the front of *@s if it is there. */
bool scan_take(const char **s, const char *word);

/* A positive number up to @max, all of @s up to @end. */
bool scan_number(const char *s, const char *end, uint64_t max, uint64_t *out);

#endif
