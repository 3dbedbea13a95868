/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * group.c - long lists of addresses in an expression become sets.
 *
 * `host A or host B or host C ...` and `src net A or B or C ...` are as many comparisons, one
 * behind the other. From LIST_MIN on, those with the same qualifiers are put into a set of the
 * rule's own: `host A or @lineN`. libpcap's `and` and `or` bind alike, from left to right: what is
 * joined by `or` in a row, behind `or` or nothing, may be put together whatever follows.
 *
 * Nor does the order matter, except to a frame that ends early: the first comparison that looks
 * beyond its end ends the whole expression. So each first one that looks at something stays where
 * it is, and only those between two such are put in another order.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"
#include "token.h"
#include "words.h"

/* An address with its qualifiers: tokens from @first to before @end. */
struct listed {
	uint32_t first, end;
	const char *protocol;  /* "ip ", "ip6 ", "arp ", "rarp ", "" */
	const char *direction; /* "src ", "dst ", "src or dst ", "" */
	bool net;
	struct token address;
	struct prefix prefix;
	bool written;
};

/* Elements in a row, joined by `or`. */
struct chain {
	struct listed *e;
	uint32_t n;
};

/* A.B.C.D or an IPv6 address; in a `net` with a length behind it, and no bits behind that, as
 * libpcap wants it. */
static bool read_address(struct token t, struct listed *e)
{
	bool masked, slash = memchr(t.s, '/', t.n), v6 = memchr(t.s, ':', t.n);
	uint32_t dots = 0;

	for (size_t i = 0; i < t.n; i++)
		dots += t.s[i] == '.';
	/* Numbers of fewer parts, and those in other bases, libpcap has ideas of its own about; and
	 * ::ffff:10.0.0.1 is no IPv4 address to it. */
	if (slash != e->net || (!v6 && (dots != 3 || t.s[0] == '0')) ||
	    !prefix_parse(t.s, t.n, &e->prefix, &masked) || masked || e->prefix.ipv6 != v6)
		return false;
	e->address = t;
	return !*e->protocol || v6 == !strcmp(e->protocol, "ip6 ");
}

static const char *read_protocol(const struct tokens *ts, uint32_t i)
{
	return token_is(ts, i, "ip")	 ? "ip "
	       : token_is(ts, i, "ip6")	 ? "ip6 "
	       : token_is(ts, i, "arp")	 ? "arp "
	       : token_is(ts, i, "rarp") ? "rarp "
					 : "";
}

/* `[ip] [src [or dst]] [host]` at token @i. Return: the token behind it. */
static uint32_t read_qualifiers(const struct tokens *ts, uint32_t i, struct listed *e)
{
	e->protocol = read_protocol(ts, i);
	i += *e->protocol != 0;
	if (token_is_direction(ts, i))
		e->direction = token_is(ts, i++, "src") ? "src " : "dst ";
	/* Not `src and dst`: a set would not ask both of the same element. */
	if (*e->direction && token_is_or(ts, i) && token_is_direction(ts, i + 1)) {
		e->direction = "src or dst ";
		i += 2;
	}
	if (token_is(ts, i, "host") || token_is(ts, i, "net"))
		e->net = token_is(ts, i++, "net");
	return i;
}

/* The element at token @i. Without qualifiers it has those of the one before, if there is one. */
static bool read_element(const struct tokens *ts, uint32_t i, const struct listed *before,
			 struct listed *e)
{
	*e = (struct listed){ .first = i, .direction = "" };
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

static bool same_kind(const struct listed *a, const struct listed *b)
{
	return a->prefix.ipv6 == b->prefix.ipv6 && !strcmp(a->protocol, b->protocol) &&
	       !strcmp(a->direction, b->direction);
}

/* Elements in a row from token @i on. */
static void read_chain(const struct tokens *ts, uint32_t i, struct chain *c)
{
	c->n = 0;
	while (read_element(ts, i, c->n ? &c->e[c->n - 1] : NULL, &c->e[c->n])) {
		i = c->e[c->n++].end;
		if (!token_is_or(ts, i))
			break;
		i++;
	}
}

/* What of a frame @e looks at: two addresses in each of four kinds of frames. */
static uint32_t looks_at(const struct listed *e)
{
	static const char *const protocols[] = { "ip ", "arp ", "rarp ", "ip6 " };
	uint32_t directions = !strcmp(e->direction, "src ")   ? 1
			      : !strcmp(e->direction, "dst ") ? 2
							      : 3;
	uint32_t bits = 0;

	for (uint32_t i = 0; i < 4; i++)
		if (*e->protocol ? !strcmp(e->protocol, protocols[i]) : e->prefix.ipv6 == (i == 3))
			bits |= directions << 2 * i;
	return bits;
}

struct set *rules_own_set(struct afxdp_rules *r, uint32_t line, char name[SET_NAME_MAX])
{
	struct set *set;

	for (uint32_t i = 1;; i++) {
		snprintf(name, SET_NAME_MAX, "line%u_%u", line, i);
		if (rules_find_set(r, name) < 0)
			break;
	}
	set = set_new(name, "");
	if (!set || rules_add_set(r, set))
		return NULL;
	set->line = line;
	return set;
}

/* A set of those of @e[0] to @e[@n - 1] that are of @like's kind. */
static int make_set(struct afxdp_rules *r, uint32_t line, const struct listed *e, uint32_t n,
		    const struct listed *like, char name[SET_NAME_MAX])
{
	struct set *set;
	int err = 0;

	set = rules_own_set(r, line, name);
	if (!set)
		return -ENOMEM;
	for (uint32_t i = 0; i < n && !err; i++)
		if (same_kind(&e[i], like))
			err = list_append(&set->list, &e[i].prefix);
	list_sort(&set->list);
	return err;
}

static void write_element(FILE *out, const struct listed *e, const char *set, bool *first)
{
	fprintf(out, "%s%s%s%s ", *first ? "" : " or ", e->protocol, e->direction,
		e->net ? "net" : "host");
	if (set)
		fprintf(out, "@%c%s", e->prefix.ipv6 ? SET_IPV6_ONLY : SET_IPV4_ONLY, set);
	else
		fprintf(out, "%.*s", (int)e->address.n, e->address.s);
	*first = false;
}

/* Those of @e[0] to @e[@n - 1] that are of @like's kind: as a set, if they are many. *@made counts
 * sets. */
static int write_kind(struct afxdp_rules *r, uint32_t line, struct listed *e, uint32_t n,
		      const struct listed *like, FILE *out, bool *first, uint32_t *made)
{
	const struct listed *last = like;
	char name[SET_NAME_MAX];
	uint32_t count = 0;
	int err;

	for (uint32_t i = 0; i < n; i++)
		if (same_kind(&e[i], like)) {
			e[i].written = true;
			last = &e[i];
			count++;
		}
	if (count < LIST_MIN || r->sets == AFXDP_SETS_MAX) {
		for (uint32_t i = 0; i < n; i++)
			if (same_kind(&e[i], like))
				write_element(out, &e[i], NULL, first);
		return 0;
	}
	err = make_set(r, line, e, n, like, name);
	++*made;
	if (!err)
		write_element(out, last, name, first);
	return err;
}

/* Elements whose order does not matter. What the last one is of comes last: from it an address
 * behind the chain has its qualifiers. */
static int write_segment(struct afxdp_rules *r, uint32_t line, struct listed *e, uint32_t n,
			 FILE *out, bool *first, uint32_t *made)
{
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++)
		if (!e[i].written && !same_kind(&e[i], &e[n - 1]))
			err = write_kind(r, line, e, n, &e[i], out, first, made);
	return err || !n ? err : write_kind(r, line, e, n, &e[n - 1], out, first, made);
}

static int write_chain(struct afxdp_rules *r, uint32_t line, const struct chain *c, FILE *out,
		       uint32_t *made)
{
	uint32_t seen = 0, from = 0;
	bool first = true;
	int err = 0;

	for (uint32_t i = 0; i < c->n && !err; i++) {
		uint32_t bits = looks_at(&c->e[i]);

		if (!(bits & ~seen))
			continue;
		seen |= bits;
		err = write_segment(r, line, &c->e[from], i - from, out, &first, made);
		write_element(out, &c->e[i], NULL, &first);
		from = i + 1;
	}
	return err ? err : write_segment(r, line, &c->e[from], c->n - from, out, &first, made);
}

/* @text with sets in the place of elements of @c. Return: 1 and *@out; 0: it has none. */
static int exchange(struct afxdp_rules *r, uint32_t line, const char *text, const struct tokens *ts,
		    const struct chain *c, char **out)
{
	const struct token *last = &ts->t[c->e[c->n - 1].end - 1];
	uint32_t made = 0;
	size_t size;
	FILE *f = open_memstream(out, &size);
	int err;

	if (!f)
		return -ENOMEM;
	fprintf(f, "%.*s", (int)(ts->t[c->e[0].first].s - text), text);
	err = write_chain(r, line, c, f, &made);
	fputs(last->s + last->n, f);
	if (fclose(f) && !err)
		err = -ENOMEM;
	if (!err && made)
		return 1;
	free(*out);
	*out = NULL;
	return err;
}

/* The first long list in @text. Return: 1 and *@out; 0 if there is none; -ENOMEM. */
static int group_one(struct afxdp_rules *r, uint32_t line, const char *text, char **out)
{
	struct chain c = { .n = 0 };
	struct tokens ts;
	int ret = tokens_split(&ts, text);

	if (!ret)
		c.e = malloc((ts.n + 1) * sizeof(*c.e));
	if (!c.e)
		ret = -ENOMEM;
	for (uint32_t i = 0; i < ts.n && !ret; i++) {
		enum front front = token_front(&ts, i);
		uint32_t skip = front == FRONT_BINDS;

		c.n = 0;
		if (front != FRONT_OTHER)
			read_chain(&ts, i, &c);
		if (c.n > LIST_MIN + skip && token_may_follow(&ts, c.e[c.n - 1].end)) {
			struct chain rest = { c.e + skip, c.n - skip };

			ret = exchange(r, line, text, &ts, &rest, out);
		}
		i = c.n ? c.e[c.n - 1].end - 1 : i;
	}
	free(c.e);
	tokens_free(&ts);
	return ret;
}

int rules_one_address(const char *text, struct one_address *one)
{
	struct tokens ts;
	struct listed e;
	uint32_t from;
	int err = tokens_split(&ts, text);

	if (err)
		return err;
	from = token_is(&ts, 0, "inner");
	*one = (struct one_address){ .inner = from };
	if (read_element(&ts, from, NULL, &e) && e.end == ts.n) {
		one->is = true;
		one->protocol = e.protocol;
		one->direction = e.direction;
		one->prefix = e.prefix;
		one->host = !e.prefix.ipv6 && prefix4_length(e.prefix.v4) == 32;
	}
	tokens_free(&ts);
	return 0;
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
		if (!ret)
			ret = rules_pair_one(r, line, *out, &next);
		if (ret <= 0)
			break;
		free(*out);
		*out = next;
	}
	return ret < 0 ? ret : 0;
}
