/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * table.c - many rules in a row that drop (or pass, capture, send back) one IPv4 address each.
 *
 * One behind the other they are as many comparisons, for every frame that none of them is about.
 * From TABLE_MIN on, those with the same action and the same qualifiers are compiled as one rule,
 * `drop host @SET`, whose set knows which rule is about which address (ranks.c). So a frame is
 * decided by the rule that it always was, and counted there; where both its addresses are listed,
 * by the first of the two.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"
#include "words.h"

/* A look-up takes as long as some twenty comparisons. */
#define TABLE_MIN 64

static bool goes_with(const struct rule *a, const struct rule *b)
{
	return b->one.host && a->args.action == b->args.action && a->args.to == b->args.to &&
	       a->one.inner == b->one.inner && !strcmp(a->one.protocol, b->one.protocol) &&
	       !strcmp(a->one.direction, b->one.direction);
}

static uint32_t count_row(const struct afxdp_rules *r, uint32_t first)
{
	const struct rule *rule = &r->rule[first];
	uint32_t n = 0;

	if (!rule->one.host || !action_decides(rule->args.action))
		return 0;
	while (first + n < r->rules && goes_with(rule, &rule[n]))
		n++;
	return n;
}

static int by_address(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->rank < y->rank ? -1 : x->rank > y->rank;
}

/* Of rules about the same address the first decides. */
static int rank(struct afxdp_rules *r, uint32_t first, uint32_t n, struct ranked_list *l)
{
	l->at = malloc(n * sizeof(*l->at));
	if (!l->at)
		return -ENOMEM;
	for (uint32_t i = 0; i < n; i++)
		l->at[i] = (struct ranked){ prefix4_address(r->rule[first + i].one.prefix.v4),
					    i + 1 };
	qsort(l->at, n, sizeof(*l->at), by_address);
	for (uint32_t i = 0; i < n; i++) {
		bool again = l->n && l->at[l->n - 1].address == l->at[i].address;

		r->rule[first + l->at[i].rank - 1].again = again;
		if (!again)
			l->at[l->n++] = l->at[i];
	}
	return 0;
}

static int find_set(void *arg, const char *name, enum set_kind *kind)
{
	return rules_find_kind(arg, name, kind);
}

static int make_table(struct afxdp_rules *r, struct table *t, char *err, size_t errlen)
{
	const struct rule *rule = &r->rule[t->first];
	char name[SET_NAME_MAX], text[128];
	struct set *set;
	int ret;

	snprintf(name, sizeof(name), "lines%u-%u", rule->line, rule[t->n - 1].line);
	snprintf(text, sizeof(text), "%s%s%shost @%c%s", rule->one.inner ? "inner " : "",
		 rule->one.protocol, rule->one.direction, SET_IPV4_ONLY, name);
	set = set_new(name, "");
	if (!set || rules_add_set(r, set))
		return -ENOMEM;
	set->line = rule->line;
	ret = rank(r, t->first, t->n, &set->ranked);
	return ret ? ret : expr_compile(&t->expr, text, NULL, find_set, r, err, errlen);
}

static struct table *add_table(struct afxdp_rules *r)
{
	struct table *more = realloc(r->table, (r->tables + 1) * sizeof(*more));

	if (!more)
		return NULL;
	r->table = more;
	more[r->tables] = (struct table){ .n = 0 };
	return &more[r->tables++];
}

int rules_make_tables(struct afxdp_rules *r, char *err, size_t errlen)
{
	int ret = 0;

	for (uint32_t i = 0, n; i < r->rules && r->sets < AFXDP_SETS_MAX && !ret; i += n ?: 1) {
		struct table *t;

		n = count_row(r, i);
		if (n < TABLE_MIN)
			continue;
		t = add_table(r);
		if (!t)
			return -ENOMEM;
		t->first = i;
		t->n = n;
		ret = make_table(r, t, err, errlen);
	}
	return ret;
}

int rules_copy_tables(struct afxdp_rules *to, const struct afxdp_rules *from)
{
	for (uint32_t i = 0; i < from->tables; i++) {
		struct table *t = add_table(to);

		if (!t)
			return -ENOMEM;
		t->first = from->table[i].first;
		t->n = from->table[i].n;
		if (expr_copy(&t->expr, &from->table[i].expr))
			return -ENOMEM;
	}
	return 0;
}

void rules_free_tables(struct afxdp_rules *r)
{
	for (uint32_t i = 0; i < r->tables; i++)
		expr_free(&r->table[i].expr);
	free(r->table);
}
