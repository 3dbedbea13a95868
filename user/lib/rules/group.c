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
	const char *direction; /* "src ", "dst ", "" */
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

/* The element at token @i. Without qualifiers it has those of the one before, if there is one. */
static bool read_element(const struct tokens *ts, uint32_t i, const struct element *before,
			 struct element *e)
{
	*e = (struct element){ .first = i, .direction = "" };
	if (is(ts, i, "src") || is(ts, i, "dst"))
		e->direction = is(ts, i++, "src") ? "src " : "dst ";
	if (is(ts, i, "host") || is(ts, i, "net"))
		e->net = is(ts, i++, "net");
	if (i == e->first) {
		if (!before)
			return false;
		e->direction = before->direction;
		e->net = before->net;
	}
	e->end = i + 1;
	return i < ts->n && read_address(ts->t[i], e);
}

/* May what begins at token @i follow? Not if it is an address without qualifiers: it has them from
 * what would be gone. */
static bool may_follow(const struct tokens *ts, uint32_t i)
{
	static const char *const words[] = {
		"src",	     "dst",  "host",  "net",	 "ip",	  "ip6",  "arp",  "rarp",   "tcp",
		"udp",	     "icmp", "icmp6", "sctp",	 "ether", "vlan", "mpls", "pppoes", "port",
		"portrange", "not",  "less",  "greater", "len",	  "(",	  "!",	  NULL
	};

	if (i == ts->n || is(ts, i, ")"))
		return true;
	if (!is_or(ts, i) && !is(ts, i, "and") && !is(ts, i, "&&"))
		return false;
	for (const char *const *word = words; *word; word++)
		if (is(ts, i + 1, *word))
			return true;
	return false;
}

static bool may_precede(const struct tokens *ts, uint32_t i)
{
	return !i || is_or(ts, i - 1) || is(ts, i - 1, "(") || is(ts, i - 1, "inner");
}

/* Elements in a row from token @i on, of one direction. Return: how many. */
static uint32_t read_run(const struct tokens *ts, uint32_t i, struct element *run)
{
	uint32_t n = 0;

	while (read_element(ts, i, n ? &run[n - 1] : NULL, &run[n])) {
		if (n && strcmp(run[n].direction, run[0].direction))
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

static char *exchange(const struct tokens *ts, const char *text, const struct element *run,
		      uint32_t n, const char *name)
{
	const struct token *from = &ts->t[run[0].end - 1], *last = &ts->t[run[n - 1].end - 1];
	char *out;

	if (asprintf(&out, "%.*s%s%s %.*s or %s@@%s%s", (int)(ts->t[run[0].first].s - text), text,
		     run[0].direction, run[0].net ? "net" : "host", (int)from->n, from->s,
		     run[0].direction, name, last->s + last->n) < 0)
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
		uint32_t n = read_run(&ts, i, run), skip = n && !may_precede(&ts, i);

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
