/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "token.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Every token is at least one character. */
int tokens_split(struct tokens *ts, const char *text)
{
	ts->n = 0;
	ts->t = malloc((strlen(text) + 1) * sizeof(*ts->t));
	if (!ts->t)
		return -ENOMEM;
	while (*text) {
		size_t n = strcspn(text, " \t()!&|");

		if (!n)
			n = strspn(text, "&|") ?: 1;
		if (!isspace((unsigned char)*text))
			ts->t[ts->n++] = (struct token){ text, n };
		text += n;
	}
	return 0;
}

void tokens_free(struct tokens *ts)
{
	free(ts->t);
	*ts = (struct tokens){ .t = NULL };
}

bool token_is(const struct tokens *ts, uint32_t i, const char *word)
{
	return i < ts->n && strlen(word) == ts->t[i].n && !memcmp(ts->t[i].s, word, ts->t[i].n);
}

bool token_is_or(const struct tokens *ts, uint32_t i)
{
	return token_is(ts, i, "or") || token_is(ts, i, "||");
}

bool token_is_and(const struct tokens *ts, uint32_t i)
{
	return token_is(ts, i, "and") || token_is(ts, i, "&&");
}

bool token_is_not(const struct tokens *ts, uint32_t i)
{
	return token_is(ts, i, "not") || token_is(ts, i, "!");
}

bool token_is_direction(const struct tokens *ts, uint32_t i)
{
	return token_is(ts, i, "src") || token_is(ts, i, "dst");
}

enum front token_front(const struct tokens *ts, uint32_t i)
{
	if (!i || token_is(ts, i - 1, "(") || token_is(ts, i - 1, "inner"))
		return FRONT_FREE;
	/* The second half of `src or dst`, `src and dst`. */
	if (i > 1 && token_is_direction(ts, i) && token_is_direction(ts, i - 2))
		return FRONT_OTHER;
	if (token_is_or(ts, i - 1))
		return FRONT_FREE;
	return token_is_and(ts, i - 1) || token_is(ts, i - 1, "not") || token_is(ts, i - 1, "!")
		       ? FRONT_BINDS
		       : FRONT_OTHER;
}

bool token_may_follow(const struct tokens *ts, uint32_t i)
{
	return i == ts->n || token_is(ts, i, ")") || token_is_or(ts, i) || token_is_and(ts, i);
}
