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

	x->use.nodes++;
	if (x->use.counted == mark)
		return 0;
	x->use.counted = mark;
	x->use.rules++;
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

	cond->use.nodes++;
	if (cond->use.counted != mark) {
		cond->use.counted = mark;
		cond->use.rules++;
		err = push(&a->cond, &a->conds, &a->conds_room, id);
	}
	if (!err)
		err = ask_value(a, vs, cond->a, mark);
	return err ? err : ask_value(a, vs, cond->b, mark);
}

static bool asks_value(const struct node *n)
{
	return n->kind == NODE_LOAD || n->kind == NODE_KEY4 || n->kind == NODE_KEY6 ||
	       n->kind == NODE_RANK;
}

static int ask_rule(struct asked *a, struct values *vs, const struct graph *g, uint32_t mark)
{
	int err = 0;

	for (uint32_t i = 0; i < g->n && !err; i++) {
		const struct node *n = &g->node[i];

		if (asks_value(n))
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
		if (vs->v[v].kind == VALUE_LOAD && vs->v[v].a == NO_VALUE && vs->v[v].use.nodes)
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
		return x->use.nodes;
	if (x->kind == VALUE_LOAD && x->a == NO_VALUE)
		return false;
	return x->use.nodes > 1 &&
	       (x->kind == VALUE_LOAD || x->kind == VALUE_ALU || x->kind == VALUE_SET ||
		x->kind == VALUE_RANK || x->kind == VALUE_KEY || x->kind == VALUE_INNER);
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
			     x->use.nodes > b->use.nodes))
				best = v;
		}
		if (best == NO_VALUE)
			return 0;
		vs->v[best].slot = slot;
	}
	for (uint32_t v = 0; v < vs->n; v++)
		if (vs->v[v].kind == VALUE_LOOP && vs->v[v].use.nodes && vs->v[v].slot < 0)
			return -E2BIG;
	return 0;
}

int usage_count(struct usage *u, struct values *vs, const struct rule_input *rule, uint32_t first,
		uint32_t last)
{
	int err = 0;

	*u = (struct usage){ .first = first, .last = last };
	for (uint32_t v = 0; v < vs->n; v++) {
		vs->v[v].use = (struct use){ .nodes = 0 };
		vs->v[v].slot = -1;
	}
	for (uint32_t i = 0; i < vs->n_conds; i++)
		vs->c[i].use = (struct use){ .nodes = 0 };
	u->asked = calloc(last - first, sizeof(*u->asked));
	if (!u->asked)
		return -ENOMEM;
	for (uint32_t i = first; i < last && !err; i++)
		err = ask_rule(&u->asked[i - first], vs, &rule[i].graph, i + 1);
	if (!err)
		err = find_ends(u, vs);
	return err ? err : give_slots(vs);
}

static void last_value(struct values *vs, uint32_t v, uint32_t rule, uint32_t place)
{
	struct value *x = &vs->v[v];

	if (x->use.rule == rule + 1 && x->use.last >= place)
		return;
	x->use.rule = rule + 1;
	x->use.last = place;
	if (x->a != NO_VALUE)
		last_value(vs, x->a, rule, place);
	if (x->b != NO_VALUE)
		last_value(vs, x->b, rule, place);
}

static void last_uses(struct values *vs, const struct graph *g, const uint32_t *place,
		      uint32_t rule)
{
	for (uint32_t i = 0; i < g->n; i++) {
		const struct node *n = &g->node[i];

		if (asks_value(n)) {
			last_value(vs, n->what, rule, place[i]);
		} else if (n->kind == NODE_TEST) {
			struct cond *cond = &vs->c[n->what];

			if (cond->use.rule != rule + 1 || cond->use.last < place[i])
				cond->use.last = place[i];
			cond->use.rule = rule + 1;
			last_value(vs, cond->a, rule, place[i]);
			last_value(vs, cond->b, rule, place[i]);
		}
		for (int r = 0; r < REGS && n->kind == NODE_LOOP; r++)
			if (g->loop[n->what].in[r] != NO_VALUE)
				last_value(vs, g->loop[n->what].in[r], rule, place[i]);
	}
}

/* The @i-th node that @node leads to, or NO_VALUE. */
static uint32_t successor(const struct graph *g, uint32_t node, uint32_t i)
{
	const struct node *n = &g->node[node];
	const struct loop *l;

	if (n->kind == NODE_LOAD || n->kind == NODE_TEST)
		return i < 2 ? n->next[i] : NO_VALUE;
	if (n->kind != NODE_LOOP)
		return NO_VALUE;
	l = &g->loop[n->what];
	return i < l->exits ? l->exit[i].node : NO_VALUE;
}

/* Depth first: a node gets its place, from the end backwards, when all it leads to have theirs. */
static uint32_t *in_order(const struct graph *g)
{
	uint32_t *place = malloc(g->n * sizeof(*place)), *next = calloc(g->n, sizeof(*next));
	uint32_t *stack = malloc(g->n * sizeof(*stack)), depth = 0, end = g->n;

	if (!place || !next || !stack) {
		free(place);
		place = NULL;
		goto out;
	}
	for (uint32_t i = 0; i < g->n; i++)
		place[i] = NO_VALUE;
	stack[depth++] = g->root;
	place[g->root] = 0;
	while (depth) {
		uint32_t node = stack[depth - 1], to = successor(g, node, next[node]++);

		if (to == NO_VALUE) {
			place[node] = --end;
			depth--;
		} else if (place[to] == NO_VALUE) {
			place[to] = 0;
			stack[depth++] = to;
		}
	}
	place[FAIL] = place[MATCH] = NO_VALUE;
out:
	free(next);
	free(stack);
	return place;
}

uint32_t *usage_enter(struct usage *u, struct values *vs, const struct graph *g, uint32_t rule)
{
	const struct asked *a = &u->asked[rule - u->first];
	uint32_t *place = in_order(g);

	for (uint32_t i = 0; i < a->values; i++)
		vs->v[a->value[i]].use.rules--;
	for (uint32_t i = 0; i < a->conds; i++)
		vs->c[a->cond[i]].use.rules--;
	if (place)
		last_uses(vs, g, place, rule);
	return place;
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
