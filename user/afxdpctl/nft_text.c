/* SPDX-License-Identifier: GPL-2.0-only */
#include "nft_text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* What is a word by itself. */
static char *const single[] = { "{", "}", ";", "," };

static bool put(struct nft_words *w, char *s, uint32_t line)
{
	struct nft_word *more;

	/* Powers of two: doubled whenever one is reached. */
	if (!(w->n & (w->n - 1))) {
		more = realloc(w->at, (w->n * 2 ?: 1) * sizeof(*more));
		if (!more)
			return false;
		w->at = more;
	}
	w->at[w->n++] = (struct nft_word){ s, line };
	return true;
}

/* One of @single at @c? A newline is a semicolon, unless a list goes on behind it. */
static char *single_at(char c)
{
	for (size_t i = 0; i < sizeof(single) / sizeof(*single); i++)
		if (c == *single[i])
			return single[i];
	return c == '\n' ? single[2] : NULL;
}

static const char *end_of_word(const char *s)
{
	if (*s == '"') {
		s += 1 + strcspn(s + 1, "\"\n");
		return s + (*s == '"');
	}
	return s + strcspn(s, " \t\r\n{};,#");
}

int nft_split(struct nft_words *w, const char *text)
{
	uint32_t line = 1;
	const char *s = text;

	*w = (struct nft_words){ .n = 0 };
	while (*s) {
		const char *end;
		char c = *s, *one = single_at(c);

		if (c == '#') {
			s += strcspn(s, "\n");
			continue;
		}
		if (c == '\\' && s[1] == '\n') {
			line++;
			s += 2;
			continue;
		}
		if (strchr(" \t\r", c)) {
			s++;
			continue;
		}
		if (one) {
			if (!put(w, one, line))
				return -ENOMEM;
			line += c == '\n';
			s++;
			continue;
		}
		end = end_of_word(s);
		if (!put(w, strndup(s, end - s), line) || !w->at[w->n - 1].s)
			return -ENOMEM;
		s = end;
	}
	return 0;
}

static bool is_single(const char *s)
{
	for (size_t i = 0; i < sizeof(single) / sizeof(*single); i++)
		if (s == single[i])
			return true;
	return false;
}

void nft_free(struct nft_words *w)
{
	for (uint32_t i = 0; i < w->n; i++)
		if (!is_single(w->at[i].s))
			free(w->at[i].s);
	free(w->at);
}

bool nft_is(const struct nft_words *w, uint32_t i, const char *s)
{
	return i < w->n && !strcmp(w->at[i].s, s);
}

uint32_t nft_behind(const struct nft_words *w, uint32_t i)
{
	uint32_t depth = 0;

	for (; i < w->n; i++) {
		if (nft_is(w, i, "{")) {
			depth++;
		} else if (nft_is(w, i, "}")) {
			if (!depth)
				return i;
			depth--;
		} else if (nft_is(w, i, ";") && !depth) {
			return i + 1;
		}
	}
	return w->n; /* also if it was asked from behind the last */
}

void nft_join(const struct nft_words *w, uint32_t from, uint32_t to, char *line, uint32_t size)
{
	uint32_t at = 0;

	*line = '\0';
	for (uint32_t i = from; i < to && at + 2 < size; i++) {
		const char *s = w->at[i].s;
		uint32_t n = strlen(s);

		if (!strcmp(s, ";"))
			continue;
		if (n > size - at - 2)
			n = size - at - 2;
		if (at)
			line[at++] = ' ';
		memcpy(line + at, s, n);
		at += n;
		line[at] = '\0';
	}
}
