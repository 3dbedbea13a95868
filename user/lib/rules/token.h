/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* token.h - an expression's words, for those who look at it before libpcap does. */
#ifndef AFXDP_RULES_TOKEN_H
#define AFXDP_RULES_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A stretch of the text: a word, a parenthesis, an operator. */
struct token {
	const char *s;
	size_t n;
};

struct tokens {
	struct token *t;
	uint32_t n;
};

/** tokens_split() - those of @text, which must live as long. Return: 0 or -ENOMEM. */
int tokens_split(struct tokens *ts, const char *text);
void tokens_free(struct tokens *ts);

/* Is token @i, if there is one, that word; `or`, `and`, `not` in either spelling? */
bool token_is(const struct tokens *ts, uint32_t i, const char *word);
bool token_is_or(const struct tokens *ts, uint32_t i);
bool token_is_and(const struct tokens *ts, uint32_t i);
bool token_is_not(const struct tokens *ts, uint32_t i);
bool token_is_direction(const struct tokens *ts, uint32_t i);

/* What stands in front of a list: what of it may be put into a set? */
enum front {
	FRONT_OTHER, /* nothing: it may be a qualifier, which is of all that follow without any */
	FRONT_BINDS, /* all but the first, which belongs to what is in front of it */
	FRONT_FREE,
};

/* Of a list that begins at token @i. */
enum front token_front(const struct tokens *ts, uint32_t i);

/* May what is at token @i follow a list? */
bool token_may_follow(const struct tokens *ts, uint32_t i);

#endif
