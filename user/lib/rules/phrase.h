/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* phrase.h - an expression while it is put into libpcap's language, from its beginning on. */
#ifndef AFXDP_RULES_PHRASE_H
#define AFXDP_RULES_PHRASE_H

#include <stdbool.h>
#include <stddef.h>

struct text {
	char *p;
	size_t n, room;
};

/* False: no memory. */
bool text_add(struct text *t, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* May @c be in a word, or in the name of a set? */
bool text_is_name(char c);

/* Is the word that ends at @end of @t one of @words, which end with NULL? Then *@start is where it
 * begins. */
const char *text_word_before(const struct text *t, size_t end, size_t *start,
			     const char *const *words);

/* @text behind `inner`, if it begins with that. */
const char *words_behind_inner(const char *text, bool *inner);

#endif
