/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * group.c - long lists of addresses in an expression become a set.
 *
 * `host A or host B or host C ...` and `src net A or B or C ...` are as many comparisons, one behind
 * the other. From LIST_MIN on, all but the first are put into a set of the rule's own: `host A or
 * @lineN`. The first stays, because with it a frame that ends between the two addresses has been
 * found too short, as in the list. libpcap's `and` and `or` bind alike, from left to right: what is
 * joined by `or` in a row, behind `or` or nothing, may be put together whatever follows.
 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

/* A set takes 600 KB and as long as some thirty comparisons. */
#define LIST_MIN 64

struct token {
	const char *s;
	size_t n;
};

struct tokens {
	struct token *t;
	uint32_t n;
};

/* An address with its qualifiers: tokens from @first to before @end. */
struct element {
	uint32_t first, end;
	const char *protocol;  /* "ip ", "arp ", "rarp ", "" */
	const char *direction; /* "src ", "dst ", "src or dst ", "" */
	bool net;
	struct prefix prefix;
};

static bool is(const struct tokens *ts, uint32_t i, const char *word)
{
	return i < ts->n && strlen(word) == ts->t[i].n && !memcmp(ts->t[i].s, word, ts->t[i].n);
}

static bool is_or(const struct tokens *ts, uint32_t i)
{
	return is(ts, i, "or") || is(ts, i, "||");
}

static bool is_and(const struct tokens *ts, uint32_t i)
{
	return is(ts, i, "and") || is(ts, i, "&&");
}

static bool is_direction(const struct tokens *ts, uint32_t i)
{
	return is(ts, i, "src") || is(ts, i, "dst");
}

/* Every token is at least one character. */
static int split(struct tokens *ts, const char *text)
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

/* A.B.C.D, or in a `net` A.B.C.D/N without bits behind N, as libpcap wants it. */
static bool read_address(struct token t, struct element *e)
{
	bool masked, slash = memchr(t.s, '/', t.n);
	uint32_t dots = 0;

	for (size_t i = 0; i < t.n; i++)
		dots += t.s[i] == '.';
	return dots == 3 && slash == e->net && t.s[0] != '0' &&
	       prefix_parse(t.s, t.n, &e->prefix, &masked) && !e->prefix.ipv6 && !masked;
}

static const char *read_protocol(const struct tokens *ts, uint32_t i)
{
	return is(ts, i, "ip")	   ? "ip "
	       : is(ts, i, "arp")  ? "arp "
	       : is(ts, i, "rarp") ? "rarp "
				   : "";
}

/* `[ip] [src [or dst]] [host]` at token @i. Return: the token behind it. */
static uint32_t read_qualifiers(const struct tokens *ts, uint32_t i, struct element *e)
{
	e->protocol = read_protocol(ts, i);
	i += *e->protocol != 0;
	if (is_direction(ts, i))
		e->direction = is(ts, i++, "src") ? "src " : "dst ";
	/* Not `src and dst`: a set would not ask both of the same element. */
	if (*e->direction && is_or(ts, i) && is_direction(ts, i + 1)) {
		e->direction = "src or dst ";
		i += 2;
	}
	if (is(ts, i, "host") || is(ts, i, "net"))
		e->net = is(ts, i++, "net");
	return i;
}

/* The element at token @i. Without qualifiers it has those of the one before, if there is one. */
static bool read_element(const struct tokens *ts, uint32_t i, const struct element *before,
			 struct element *e)
{
	*e = (struct element){ .first = i, .direction = "" };
	i = read_qualifiers(ts, i, e);
	if (i == e->first) {
		if (!before)
			return false;
		e->protocol = before->protocol;
		e->direction = before->direction;
		e->net = before->net;
	}
	e->end = i + 1;
	return i < ts->n && read_address(ts->t[i], e);
}

/* What stands in front of a list: what of it may be put into a set? */
enum front {
	FRONT_OTHER, /* nothing: it may be a qualifier, which is of all that follow without any */
	FRONT_BINDS, /* all but the first, which belongs to what is in front of it */
	FRONT_FREE,
};

static enum front front_of(const struct tokens *ts, uint32_t i)
{
	if (!i || is(ts, i - 1, "(") || is(ts, i - 1, "inner"))
		return FRONT_FREE;
	/* The second half of `src or dst`, `src and dst`. */
	if (i > 1 && is_direction(ts, i) && is_direction(ts, i - 2))
		return FRONT_OTHER;
	if (is_or(ts, i - 1))
		return FRONT_FREE;
	return is_and(ts, i - 1) || is(ts, i - 1, "not") || is(ts, i - 1, "!") ? FRONT_BINDS
									       : FRONT_OTHER;
}

/* May what is at token @i follow? */
static bool may_follow(const struct tokens *ts, uint32_t i)
{
	return i == ts->n || is(ts, i, ")") || is_or(ts, i) || is_and(ts, i);
}

static bool same_qualifiers(const struct element *a, const struct element *b)
{
	return !strcmp(a->protocol, b->protocol) && !strcmp(a->direction, b->direction);
}

/* Elements in a row from token @i on, with the same qualifiers. Return: how many. */
static uint32_t read_run(const struct tokens *ts, uint32_t i, struct element *run)
{
	uint32_t n = 0;

	while (read_element(ts, i, n ? &run[n - 1] : NULL, &run[n])) {
		if (n && !same_qualifiers(&run[n], &run[0]))
			break;
		i = run[n++].end;
		if (!is_or(ts, i))
			break;
		i++;
	}
	return n;
}

/* A set of the elements behind the first. */
static int make_set(struct afxdp_rules *r, uint32_t line, const struct element *run, uint32_t n,
		    char name[SET_NAME_MAX])
{
	struct set *set;
	int err = 0;

	for (uint32_t i = 1;; i++) {
		snprintf(name, SET_NAME_MAX, "line%u_%u", line, i);
		if (rules_find_set(r, name) < 0)
			break;
	}
	set = set_new(name, "");
	if (!set || rules_add_set(r, set))
		return -ENOMEM;
	set->line = line;
	for (uint32_t i = 1; i < n && !err; i++)
		err = list_append(&set->list, &run[i].prefix);
	list_sort(&set->list);
	return err;
}

/* The set has the last one's qualifiers: from it has them what follows without any. */
static char *exchange(const struct tokens *ts, const char *text, const struct element *run,
		      uint32_t n, const char *name)
{
	static const char *const kinds[] = { "host", "net" };
	const struct token *from = &ts->t[run[0].end - 1], *last = &ts->t[run[n - 1].end - 1];
	const char *protocol = run[0].protocol, *direction = run[0].direction;
	char *out;

	if (asprintf(&out, "%.*s%s%s%s %.*s or %s%s%s @@%s%s", (int)(ts->t[run[0].first].s - text),
		     text, protocol, direction, kinds[run[0].net], (int)from->n, from->s, protocol,
		     direction, kinds[run[n - 1].net], name, last->s + last->n) < 0)
		return NULL;
	return out;
}

/* The first long list in @text. Return: 1 and *@out; 0 if there is none; -ENOMEM. */
static int group_one(struct afxdp_rules *r, uint32_t line, const char *text, char **out)
{
	char name[SET_NAME_MAX];
	struct element *run = NULL;
	struct tokens ts;
	int ret = split(&ts, text);

	if (!ret)
		run = malloc((ts.n + 1) * sizeof(*run));
	if (!run)
		ret = -ENOMEM;
	for (uint32_t i = 0; i < ts.n && !ret; i++) {
		enum front front = front_of(&ts, i);
		uint32_t n = front == FRONT_OTHER ? 0 : read_run(&ts, i, run);
		uint32_t skip = front == FRONT_BINDS;

		if (n < LIST_MIN + skip || !may_follow(&ts, run[n - 1].end)) {
			i = n ? run[n - 1].end - 1 : i;
			continue;
		}
		ret = make_set(r, line, run + skip, n - skip, name);
		if (ret)
			break;
		*out = exchange(&ts, text, run + skip, n - skip, name);
		ret = *out ? 1 : -ENOMEM;
	}
	free(run);
	free(ts.t);
	return ret;
}

int rules_group(struct afxdp_rules *r, uint32_t line, const char *text, char **out)
{
	int ret = 1;

	*out = strdup(text);
	if (!*out)
		return -ENOMEM;
	while (ret > 0 && r->sets < AFXDP_SETS_MAX) {
		char *next = NULL;

		ret = group_one(r, line, *out, &next);
		if (ret <= 0)
			break;
		free(*out);
		*out = next;
	}
	return ret < 0 ? ret : 0;
}
