/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "phrase.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool text_add(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	for (;;) {
		size_t left = t->room - t->n;
		char *p;

		va_start(args, format);
		n = vsnprintf(t->p ? t->p + t->n : NULL, left, format, args);
		va_end(args);
		if (n < 0)
			return false;
		if ((size_t)n < left)
			break;
		p = realloc(t->p, (t->n + n + 1) * 2);
		if (!p)
			return false;
		t->p = p;
		t->room = (t->n + n + 1) * 2;
	}
	t->n += n;
	return true;
}

bool text_is_name(char c)
{
	return isalnum((unsigned char)c) || c == '_' || c == '-' || c == '.';
}

/* The word that ends at @end of @t, and where it begins. */
static size_t last_word(const struct text *t, size_t end, size_t *start)
{
	while (end && isspace((unsigned char)t->p[end - 1]))
		end--;
	*start = end;
	while (*start && text_is_name(t->p[*start - 1]))
		--*start;
	return end - *start;
}

const char *text_word_before(const struct text *t, size_t end, size_t *start,
			     const char *const *words)
{
	size_t at, n = last_word(t, end, &at);

	for (; n && *words; words++) {
		if (strlen(*words) != n || strncmp(t->p + at, *words, n))
			continue;
		*start = at;
		return *words;
	}
	return NULL;
}

const char *words_behind_inner(const char *text, bool *inner)
{
	static const char word[] = "inner";

	while (isspace((unsigned char)*text))
		text++;
	*inner = !strncmp(text, word, sizeof(word) - 1) && !text_is_name(text[sizeof(word) - 1]);
	if (!*inner)
		return text;
	text += sizeof(word) - 1;
	while (isspace((unsigned char)*text))
		text++;
	return !strcmp(text, "all") ? "" : text;
}
