/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* ways.c - between two rules: the ways out of one become the ways into the next, and those that
 * know nearly the same become one. */
#include <stdlib.h>
#include "specialise.h"

void add_way(struct compiler *c, struct ways *ways, struct way way)
{
	if (room(c, (void **)&ways->way, ways->n, &ways->room, sizeof(*ways->way)))
		ways->way[ways->n++] = way;
}

/* How much is lost with fact @key: how many of the rules to come would ask what it answers. A value
 * in its slot saves less than a decided question, and few frames end where a rule looks. */
static uint32_t worth(const struct compiler *c, uint32_t key)
{
	uint32_t rules = FACT_KIND(key) == FACT_COND ? c->vs.c[FACT_ID(key)].use.rules
						     : c->vs.v[FACT_ID(key)].use.rules;

	return FACT_KIND(key) == FACT_SLOT || FACT_KIND(key) == FACT_SHORT ? (rules + 3) / 4
									   : rules;
}

/* What of @f is still worth knowing; @none: nothing. */
static struct facts prune(const struct compiler *c, const struct facts *f, bool none)
{
	struct facts kept = { .world = f->world, .linear = f->linear, .below = f->below };

	if (none) {
		uint32_t common = usage_common(&c->spec->usage);

		kept.linear = f->linear >= common ? common : 0;
		kept.below = FRAME_UNBOUNDED;
	}
	for (uint32_t i = 0; i < f->n && !none; i++)
		if (c->thorough || worth(c, f->fact[i].key))
			kept.fact[kept.n++] = f->fact[i];
	return kept;
}

/* Make ways out of the last rule ways into the next: those that know the same become one. */
static void join_ways(struct compiler *c, struct ways *in)
{
	struct specialiser *s = c->spec;

	in->n = 0;
	for (uint32_t i = 0; i < s->out.n && !c->err; i++) {
		struct way *way = &s->out.way[i];
		struct facts f = prune(c, &c->facts.f[way->facts], s->variants <= 1);
		uint32_t acc = way->acc, facts, j;

		if (acc != NO_ACC && !c->vs.v[acc / 2].use.rules)
			acc = NO_ACC;
		facts = facts_intern(&c->facts, &f);
		if (c->facts.failed)
			out_of_memory(c);
		for (j = 0; j < in->n && in->way[j].facts != facts; j++)
			;
		if (j == in->n)
			add_way(c, in, (struct way){ facts, acc, block_new(&c->blocks) });
		else if (in->way[j].acc != acc)
			in->way[j].acc = NO_ACC;
		if (!c->err)
			block_goto(&c->blocks, way->block, in->way[j].block);
	}
}

/* What @a and @b both say. */
static struct facts common(const struct facts *a, const struct facts *b)
{
	struct facts both = { .world = a->world,
			      .linear = a->linear < b->linear ? a->linear : b->linear,
			      .below = a->below > b->below ? a->below : b->below };

	for (uint32_t i = 0, j = 0; i < a->n && j < b->n;) {
		const struct fact *x = &a->fact[i], *y = &b->fact[j];

		if (x->key == y->key && x->value == y->value)
			both.fact[both.n++] = *x;
		i += x->key <= y->key;
		j += y->key <= x->key;
	}
	return both;
}

/* What each of @a and @b says beyond that; if it is @enough or more, as much as has been seen. */
static uint32_t loss(const struct compiler *c, const struct facts *a, const struct facts *b,
		     uint32_t enough)
{
	/* A length known is a check less wherever bytes behind it are looked at. */
	uint32_t n = (a->linear != b->linear) * (c->spec->last - c->current) / 4 +
		     (a->below != b->below);

	for (uint32_t i = 0, j = 0; (i < a->n || j < b->n) && n < enough;) {
		const struct fact *x = i < a->n ? &a->fact[i] : NULL;
		const struct fact *y = j < b->n ? &b->fact[j] : NULL;

		if (x && y && x->key == y->key && x->value == y->value) {
			i++;
			j++;
		} else if (x && (!y || x->key <= y->key)) {
			n += worth(c, x->key);
			i++;
		} else {
			n += worth(c, y->key);
			j++;
		}
	}
	return n;
}

/* For a way: with which later one of its world it would lose least. */
struct partner {
	uint32_t way, loss;
};

static void find_partner(const struct compiler *c, const struct ways *in, uint32_t a,
			 struct partner *p)
{
	const struct facts *f = &c->facts.f[in->way[a].facts];

	p->loss = UINT32_MAX;
	for (uint32_t b = a + 1; b < in->n && p->loss; b++) {
		const struct facts *g = &c->facts.f[in->way[b].facts];
		uint32_t n;

		if (g->world != f->world)
			continue;
		n = loss(c, f, g, p->loss);
		if (n < p->loss)
			*p = (struct partner){ b, n };
	}
}

/* Make way @b, which is the later one, part of way @a. */
static void merge_ways(struct compiler *c, struct ways *in, uint32_t a, uint32_t b)
{
	uint32_t gone = in->way[b].block;
	struct facts f = common(&c->facts.f[in->way[a].facts], &c->facts.f[in->way[b].facts]);

	in->way[a].facts = facts_intern(&c->facts, &f);
	if (c->facts.failed)
		out_of_memory(c);
	if (in->way[a].acc != in->way[b].acc)
		in->way[a].acc = NO_ACC;
	block_goto(&c->blocks, gone, in->way[a].block);
	in->way[b] = in->way[--in->n];
}

static uint32_t count_world(const struct compiler *c, const struct ways *in, uint8_t world)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < in->n; i++)
		n += c->facts.f[in->way[i].facts].world == world;
	return n;
}

/* Merge the two ways of @world that lose least by it, until there are few enough. */
static void merge_world(struct compiler *c, struct ways *in, uint8_t world, struct partner *p)
{
	uint32_t n = count_world(c, in, world), enough = c->spec->variants;

	if (n <= enough || n < 2)
		return;
	for (uint32_t i = 0; i < in->n; i++)
		find_partner(c, in, i, &p[i]);
	for (; n > enough && n > 1 && !c->err; n--) {
		uint32_t a = UINT32_MAX, b, moved;

		for (uint32_t i = 0; i < in->n; i++)
			if (c->facts.f[in->way[i].facts].world == world &&
			    p[i].loss != UINT32_MAX && (a == UINT32_MAX || p[i].loss < p[a].loss))
				a = i;
		if (a == UINT32_MAX)
			return;
		b = p[a].way;
		moved = in->n - 1;
		merge_ways(c, in, a, b);
		/* Whoever had one of those that are now another, or are elsewhere, looks again. */
		for (uint32_t i = 0; i < in->n; i++)
			if (i == a || i == b || p[i].way == a || p[i].way == b || p[i].way == moved)
				find_partner(c, in, i, &p[i]);
	}
}

void next_ways(struct compiler *c, struct ways *in)
{
	struct partner *p;

	join_ways(c, in);
	p = calloc(in->n + 1, sizeof(*p));
	if (!p)
		out_of_memory(c);
	for (uint8_t world = 0; world <= WORLD_GATHERED && !c->err; world++)
		merge_world(c, in, world, p);
	free(p);
}
