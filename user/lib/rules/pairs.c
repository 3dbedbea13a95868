/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * pairs.c - long lists of addresses with ports in an expression become a set.
 *
 * `(dst host A and tcp dst port 80) or (dst host B and tcp dst port 53) ...`: from PAIRS_MIN on, all
 * but the first of those that differ in nothing but address and port are looked up as
 * one. `host A and port P` is four look-ups: each end's address with each end's port.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"
#include "token.h"
#include "words.h"

/* A pair is up to eighty questions: twenty of them fill a function. */
#define PAIRS_MIN 4

/* In parentheses: tokens from @first to before @end. */
struct pair {
	uint32_t first, end;
	const char *layer4;	    /* "tcp ", "udp ", "sctp ", "" */
	const char *address, *port; /* of which end: "src ", "dst ", "" */
	struct element service;
	bool has_address, has_port;
};

static const char *direction_at(const struct tokens *ts, uint32_t *i)
{
	if (!token_is_direction(ts, *i))
		return "";
	return token_is(ts, (*i)++, "src") ? "src " : "dst ";
}

static const char *layer4_at(const struct tokens *ts, uint32_t *i)
{
	static const char *const names[] = { "tcp ", "udp ", "sctp " };

	for (size_t n = 0; n < sizeof(names) / sizeof(names[0]); n++) {
		char word[8] = "";

		memcpy(word, names[n], strlen(names[n]) - 1);
		if (!token_is(ts, *i, word))
			continue;
		++*i;
		return names[n];
	}
	return "";
}

/* `A.B.C.D` or a number, as @like has it: the other half is made up. */
static bool read_half(struct token t, bool port, struct element *e)
{
	char text[64];
	bool masked;

	if (t.n >= 32 || (!port && (t.s[0] == '0' || memchr(t.s, '/', t.n))))
		return false;
	snprintf(text, sizeof(text), port ? "0.0.0.0:%.*s" : "%.*s:0", (int)t.n, t.s);
	return element_parse(text, strlen(text), e, &masked) && e->kind == SET_SERVICES;
}

/* `[ip] [src] host A`, `[tcp] [src] port P`, `tcp`. Return: the token behind it; 0: another thing. */
static uint32_t read_part(const struct tokens *ts, uint32_t i, struct pair *p)
{
	uint32_t at = i;
	const char *layer4 = layer4_at(ts, &at), *direction;
	struct element half;

	if (*layer4 && *p->layer4)
		return 0;
	if (*layer4)
		p->layer4 = layer4;
	if (*layer4 && (token_is_and(ts, at) || token_is(ts, at, ")")))
		return at;
	at += !*layer4 && token_is(ts, at, "ip");
	direction = direction_at(ts, &at);
	if (token_is(ts, at, "port") && at + 1 < ts->n && !p->has_port &&
	    read_half(ts->t[at + 1], true, &half)) {
		p->has_port = true;
		p->port = direction;
		p->service.first |= half.first;
		return at + 2;
	}
	if (*layer4 || !token_is(ts, at, "host") || at + 1 >= ts->n || p->has_address ||
	    !read_half(ts->t[at + 1], false, &half))
		return 0;
	p->has_address = true;
	p->address = direction;
	p->service.first |= half.first;
	return at + 2;
}

static bool read_pair(const struct tokens *ts, uint32_t i, struct pair *p)
{
	*p = (struct pair){ .first = i, .layer4 = "", .address = "", .port = "" };
	if (!token_is(ts, i++, "("))
		return false;
	for (;;) {
		i = read_part(ts, i, p);
		if (!i)
			return false;
		if (token_is(ts, i, ")"))
			break;
		if (!token_is_and(ts, i++))
			return false;
	}
	p->end = i + 1;
	p->service.kind = SET_SERVICES;
	p->service.last = p->service.first;
	return p->has_address && p->has_port;
}

/* Those in a row from token @i on that are alike. Return: how many. */
static uint32_t read_row(const struct tokens *ts, uint32_t i, struct pair *row)
{
	uint32_t n = 0;

	while (read_pair(ts, i, &row[n])) {
		if (n &&
		    (strcmp(row[n].layer4, row[0].layer4) ||
		     strcmp(row[n].address, row[0].address) || strcmp(row[n].port, row[0].port)))
			break;
		i = row[n++].end;
		if (!token_is_or(ts, i))
			break;
		i++;
	}
	return n;
}

/* The ends that @direction leaves. */
static bool is_meant(const char *direction, const char *end)
{
	return !*direction || !strcmp(direction, end);
}

static void write_set(FILE *out, const struct pair *like, const char *name)
{
	static const char *const ends[] = { "src ", "dst " };

	for (int a = 0; a < 2; a++)
		for (int p = 0; p < 2; p++)
			if (is_meant(like->address, ends[a]) && is_meant(like->port, ends[p]))
				fprintf(out, " or (ip %shost @%c%s and %s%sport @%c%s)", ends[a],
					SET_HALF, name, like->layer4, ends[p], SET_HALF, name);
}

/* The first stays for the same reason as in group.c. */
static int exchange(struct afxdp_rules *r, uint32_t line, const char *text, const struct tokens *ts,
		    const struct pair *row, uint32_t n, char **out)
{
	const struct token *first_end = &ts->t[row[0].end - 1];
	/* With an address behind it that may have its qualifiers, the last stays, too. */
	bool keep = token_is_or(ts, row[n - 1].end);
	const struct token *rest = &ts->t[keep ? row[n - 1].first : row[n - 1].end - 1];
	char name[SET_NAME_MAX];
	struct set *set = rules_own_set(r, line, name);
	int err = set ? 0 : -ENOMEM;
	size_t size;
	FILE *f;

	for (uint32_t i = 1; i + keep < n && !err; i++)
		err = list_append_keys(&set->list, &row[i].service);
	if (err)
		return err;
	list_sort(&set->list);
	f = open_memstream(out, &size);
	if (!f)
		return -ENOMEM;
	fprintf(f, "%.*s", (int)(first_end->s + first_end->n - text), text);
	write_set(f, &row[0], name);
	fprintf(f, "%s%s", keep ? " or " : "", keep ? rest->s : rest->s + rest->n);
	return fclose(f) ? -ENOMEM : 1;
}

int rules_pair_one(struct afxdp_rules *r, uint32_t line, const char *text, char **out)
{
	struct pair *row = NULL;
	struct tokens ts;
	int ret = tokens_split(&ts, text);

	if (!ret)
		row = malloc((ts.n + 1) * sizeof(*row));
	if (!row)
		ret = -ENOMEM;
	for (uint32_t i = 0, n; i < ts.n && !ret; i++) {
		enum front front = token_front(&ts, i);
		uint32_t skip = front == FRONT_BINDS;

		n = front == FRONT_OTHER ? 0 : read_row(&ts, i, row);
		if (n > PAIRS_MIN + skip && token_may_follow(&ts, row[n - 1].end))
			ret = exchange(r, line, text, &ts, row + skip, n - skip, out);
		else if (n)
			i = row[n - 1].end - 1;
	}
	free(row);
	tokens_free(&ts);
	return ret;
}
