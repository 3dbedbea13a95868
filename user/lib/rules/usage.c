/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "usage.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "emit.h"

static int push(uint32_t **array, uint32_t *n, uint32_t *room, uint32_t x)
{
	uint32_t want = *room ? *room * 2 : 16, *p;

	if (*n == *room) {
		p = realloc(*array, want * sizeof(*p));
		if (!p)
			return -ENOMEM;
		*array = p;
		*room = want;
	}
	(*array)[(*n)++] = x;
	return 0;
}

static int ask_value(struct asked *a, struct values *vs, uint32_t v, uint32_t mark)
{
	struct value *x = &vs->v[v];
	int err;

	x->uses++;
	if (x->counted == mark)
		return 0;
	x->counted = mark;
	x->rules++;
	err = push(&a->value, &a->values, &a->values_room, v);
	if (!err && x->a != NO_VALUE)
		err = ask_value(a, vs, x->a, mark);
	if (!err && x->b != NO_VALUE)
		err = ask_value(a, vs, x->b, mark);
	return err;
}

static int ask_cond(struct asked *a, struct values *vs, uint32_t id, uint32_t mark)
{
	struct cond *cond = &vs->c[id];
	int err = 0;

	cond->uses++;
	if (cond->counted != mark) {
		cond->counted = mark;
		cond->rules++;
		err = push(&a->cond, &a->conds, &a->conds_room, id);
	}
	if (!err)
		err = ask_value(a, vs, cond->a, mark);
	return err ? err : ask_value(a, vs, cond->b, mark);
}

static int ask_rule(struct asked *a, struct values *vs, const struct graph *g, uint32_t mark)
{
	int err = 0;

	for (uint32_t i = 0; i < g->n && !err; i++) {
		const struct node *n = &g->node[i];

		if (n->kind == NODE_LOAD)
			err = ask_value(a, vs, n->what, mark);
		else if (n->kind == NODE_TEST)
			err = ask_cond(a, vs, n->what, mark);
		for (int r = 0; r < REGS && n->kind == NODE_LOOP && !err; r++)
			if (g->loop[n->what].in[r] != NO_VALUE)
				err = ask_value(a, vs, g->loop[n->what].in[r], mark);
	}
	return err;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

static int find_ends(struct usage *u, const struct values *vs)
{
	uint32_t kept = 0;
	int err = 0;

	for (uint32_t v = 0; v < vs->n && !err; v++)
		if (vs->v[v].kind == VALUE_LOAD && vs->v[v].a == NO_VALUE && vs->v[v].uses)
			err = push(&u->end, &u->ends, &u->ends_room, vs->v[v].k + vs->v[v].op);
	if (err || !u->ends)
		return err;
	qsort(u->end, u->ends, sizeof(*u->end), by_number);
	for (uint32_t i = 1; i < u->ends; i++)
		if (u->end[i] != u->end[kept])
			u->end[++kept] = u->end[i];
	u->ends = kept + 1;
	return 0;
}

/* Is it worth a slot? Loads from constant places are one instruction where they lie. */
static bool wants_slot(const struct value *x)
{
	if (x->kind == VALUE_LOOP)
		return x->uses;
	if (x->kind == VALUE_LOAD && x->a == NO_VALUE)
		return false;
	return x->uses > 1 &&
	       (x->kind == VALUE_LOAD || x->kind == VALUE_ALU || x->kind == VALUE_SET);
}

/* Slots go to what a loop leaves behind, which cannot be had again, then to the most used. */
static int give_slots(struct values *vs)
{
	for (int slot = 0; slot < SLOTS; slot++) {
		uint32_t best = NO_VALUE;

		for (uint32_t v = 0; v < vs->n; v++) {
			struct value *x = &vs->v[v], *b = &vs->v[best == NO_VALUE ? v : best];

			if (x->slot >= 0 || !wants_slot(x))
				continue;
			if (best == NO_VALUE || (x->kind == VALUE_LOOP) > (b->kind == VALUE_LOOP) ||
			    ((x->kind == VALUE_LOOP) == (b->kind == VALUE_LOOP) &&
			     x->uses > b->uses))
				best = v;
		}
		if (best == NO_VALUE)
			return 0;
		vs->v[best].slot = slot;
	}
	for (uint32_t v = 0; v < vs->n; v++)
		if (vs->v[v].kind == VALUE_LOOP && vs->v[v].uses && vs->v[v].slot < 0)
			return -E2BIG;
	return 0;
}

int usage_count(struct usage *u, struct values *vs, const struct rule_input *rule, uint32_t first,
		uint32_t last)
{
	int err = 0;

	*u = (struct usage){ .first = first, .last = last };
	for (uint32_t v = 0; v < vs->n; v++) {
		vs->v[v].uses = vs->v[v].rules = vs->v[v].counted = 0;
		vs->v[v].slot = -1;
	}
	for (uint32_t i = 0; i < vs->n_conds; i++)
		vs->c[i].uses = vs->c[i].rules = vs->c[i].counted = 0;
	u->asked = calloc(last - first, sizeof(*u->asked));
	if (!u->asked)
		return -ENOMEM;
	for (uint32_t i = first; i < last && !err; i++)
		err = ask_rule(&u->asked[i - first], vs, &rule[i].graph, i + 1);
	if (!err)
		err = find_ends(u, vs);
	return err ? err : give_slots(vs);
}

void usage_done(struct usage *u, struct values *vs, uint32_t rule)
{
	const struct asked *a = &u->asked[rule - u->first];

	for (uint32_t i = 0; i < a->values; i++)
		vs->v[a->value[i]].rules--;
	for (uint32_t i = 0; i < a->conds; i++)
		vs->c[a->cond[i]].rules--;
}

void usage_free(struct usage *u)
{
	for (uint32_t i = 0; u->asked && i < u->last - u->first; i++) {
		free(u->asked[i].value);
		free(u->asked[i].cond);
	}
	free(u->asked);
	free(u->end);
}

/* Ethernet, IPv4 without options, IPv6, a TCP header behind IPv4: where the stretches end. */
static const uint32_t stretch[] = { 14, 34, 54, 74 };

uint32_t usage_tier(const struct usage *u, uint32_t end)
{
	uint32_t limit = end;

	for (unsigned int i = sizeof(stretch) / sizeof(stretch[0]); i-- > 0 && stretch[i] >= end;)
		limit = stretch[i];
	for (uint32_t i = 0; i < u->ends && u->end[i] <= limit; i++)
		if (u->end[i] > end)
			end = u->end[i];
	return end;
}

uint32_t usage_common(const struct usage *u)
{
	uint32_t common = 0;

	for (uint32_t i = 0; i < u->ends && u->end[i] <= stretch[1]; i++)
		common = u->end[i];
	return common;
}
