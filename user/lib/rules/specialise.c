/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * specialise.c - all rules at once, each question asked once.
 *
 * The rules' graphs are one behind the other: "no match" of a rule is the start of the next. We
 * walk through them with what is known so far (facts.h), and skip every question that is decided by
 * it. So behind "it is not IPv4" the next IPv4 rule takes no code at all, and behind "the UDP port
 * is known and in slot 3" a rule about a UDP port is one comparison. The price is code: one copy of
 * a rule for every different set of facts it is entered with. VARIANTS bounds that.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "emit.h"
#include "usage.h"

/* Sets of facts a rule is entered with, in one world. Ethertype, protocol and fragments make about
 * nine; a few more cost verifier time and save nothing, fewer and rules ask again what is known. */
#define VARIANTS 12

/* And those a node inside a rule is met with; then it is compiled with those of the rule's start. */
#define NODE_VARIANTS 8

/* Jumps reach 32767 instructions; and the verifier takes less than half as long for two halves. */
#define FUNCTION_MAX 15000

struct met {
	uint32_t node, facts, acc, block;
};

struct work {
	uint32_t node, facts, acc, block, base;
};

/* One way out of a rule without a match; or several, when they have been made one. */
struct way {
	uint32_t facts, acc, block;
};

struct ways {
	struct way *way;
	uint32_t n, room;
};

struct specialiser {
	uint32_t first, last; /* rules [first, last) */
	uint32_t variants, node_variants;
	struct usage usage;
	uint32_t base; /* facts that hold throughout the copy being compiled */
	uint16_t *node_count;
	uint32_t *place; /* of the current rule's nodes, in topological order */
	struct met *met; /* hash table, block NO_BLOCK: free */
	uint32_t mets, met_mask;
	struct work *work;
	uint32_t works, work_room;
	struct ways out;
	uint32_t verdict; /* block of the current rule's answer, or NO_BLOCK */
};

static bool out_of_memory(struct compiler *c)
{
	c->err = -ENOMEM;
	return false;
}

static bool room(struct compiler *c, void **array, uint32_t n, uint32_t *room, size_t size)
{
	uint32_t want = *room ? *room * 2 : 64;
	void *p;

	if (n < *room)
		return true;
	p = realloc(*array, want * size);
	if (!p)
		return out_of_memory(c);
	*array = p;
	*room = want;
	return true;
}

/* ---- What facts say ---- */

bool value_known(const struct compiler *c, const struct facts *f, uint32_t v, uint32_t *k)
{
	const struct value *x = &c->vs.v[v];
	const struct fact *fact;
	uint32_t a, b;

	if (x->kind == VALUE_CONST) {
		*k = x->k;
		return true;
	}
	fact = f->n ? facts_find(f, FACT(FACT_EQUALS, v)) : NULL;
	if (fact) {
		*k = fact->value;
		return true;
	}
	if (!f->n || x->kind != VALUE_ALU || !value_known(c, f, x->b, &b) ||
	    !value_known(c, f, x->a, &a) || (!b && (x->op == BPF_DIV || x->op == BPF_MOD)))
		return false;
	*k = alu_fold(x->op, a, b);
	return true;
}

void learn_equal(const struct compiler *c, struct facts *f, uint32_t v, uint32_t k)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < f->n; i++) {
		const struct cond *cond = &c->vs.c[FACT_ID(f->fact[i].key)];

		if (FACT_KIND(f->fact[i].key) != FACT_COND || cond->a != v ||
		    !value_is_const(&c->vs, cond->b))
			f->fact[kept++] = f->fact[i];
	}
	f->n = kept;
	facts_add(f, FACT(FACT_EQUALS, v), k);
}

/* Is `a op k` the same for every a up to @max? */
static bool range_decides(uint8_t op, uint32_t max, uint32_t k, bool *yes)
{
	*yes = false;
	switch (op) {
	case BPF_JEQ:
		return k > max;
	case BPF_JGT:
		return k >= max;
	case BPF_JGE:
		*yes = !k;
		return !k || k > max;
	case BPF_JSET:
		return !max || !(k & UINT32_MAX >> __builtin_clz(max));
	}
	return false;
}

static bool cond_known(const struct compiler *c, const struct facts *f, uint32_t id, bool *yes)
{
	const struct cond *cond = &c->vs.c[id];
	const struct fact *fact = facts_find(f, FACT(FACT_COND, id));
	uint32_t a, b;

	if (fact) {
		*yes = fact->value;
		return true;
	}
	if (!value_known(c, f, cond->b, &b))
		return false;
	if (value_known(c, f, cond->a, &a)) {
		*yes = cond_fold(cond->op, a, b);
		return true;
	}
	return range_decides(cond->op, c->vs.v[cond->a].max, b, yes);
}

static bool node_decided(const struct compiler *c, const struct facts *f, uint32_t acc,
			 const struct node *n, bool *yes)
{
	const struct value *v = &c->vs.v[n->what];

	if (n->kind == NODE_TEST)
		return cond_known(c, f, n->what, yes);
	if (n->kind != NODE_LOAD)
		return false;
	*yes = true;
	/* What a value equals is only known of one that was loaded. */
	if (facts_find(f, FACT(FACT_EQUALS, n->what)) || facts_find(f, FACT(FACT_SLOT, n->what)) ||
	    (acc != NO_ACC && acc / 2 == n->what))
		return true;
	if (fetch_is_decided(f, v, yes))
		return true;
	*yes = false;
	return facts_find(f, FACT(FACT_SHORT, n->what));
}

/* ---- Edges between blocks ---- */

static uint32_t met_hash(const struct specialiser *s, uint32_t node, uint32_t facts, uint32_t acc)
{
	uint32_t h = (node * 2654435761u ^ facts) * 2246822519u ^ acc;

	return (h ^ h >> 15) & s->met_mask;
}

static bool met_grow(struct compiler *c)
{
	struct specialiser *s = c->spec;
	uint32_t size = s->met ? (s->met_mask + 1) * 2 : 256;
	struct met *old = s->met, *table;

	if (old && (s->mets + 1) * 2 <= s->met_mask + 1)
		return true;
	table = malloc(size * sizeof(*table));
	if (!table)
		return out_of_memory(c);
	for (uint32_t i = 0; i < size; i++)
		table[i].block = NO_BLOCK;
	s->met = table;
	s->met_mask = size - 1;
	for (uint32_t i = 0; old && i < size / 2; i++) {
		uint32_t at = met_hash(s, old[i].node, old[i].facts, old[i].acc);

		if (old[i].block == NO_BLOCK)
			continue;
		while (table[at].block != NO_BLOCK)
			at = (at + 1) & s->met_mask;
		table[at] = old[i];
	}
	free(old);
	return true;
}

static void met_clear(struct specialiser *s)
{
	for (uint32_t i = 0; s->mets && i <= s->met_mask; i++)
		s->met[i].block = NO_BLOCK;
	s->mets = 0;
}

/* The block for this combination; *@fresh: it has just been made, and somebody must write it. */
static uint32_t meet(struct compiler *c, uint32_t node, uint32_t facts, uint32_t acc, bool *fresh)
{
	struct specialiser *s = c->spec;
	uint32_t at;

	*fresh = false;
	if (!met_grow(c))
		return 0;
	at = met_hash(s, node, facts, acc);
	for (; s->met[at].block != NO_BLOCK; at = (at + 1) & s->met_mask)
		if (s->met[at].node == node && s->met[at].facts == facts && s->met[at].acc == acc)
			return s->met[at].block;
	s->met[at] = (struct met){ node, facts, acc, block_new(&c->blocks) };
	s->mets++;
	*fresh = true;
	return s->met[at].block;
}

static void add_work(struct compiler *c, uint32_t node, uint32_t facts, uint32_t acc,
		     uint32_t block)
{
	struct specialiser *s = c->spec;

	if (room(c, (void **)&s->work, s->works, &s->work_room, sizeof(*s->work)))
		s->work[s->works++] = (struct work){ node, facts, acc, block, s->base };
}

static void add_way(struct compiler *c, struct ways *ways, struct way way)
{
	if (room(c, (void **)&ways->way, ways->n, &ways->room, sizeof(*ways->way)))
		ways->way[ways->n++] = way;
}

/* The rule does not match: a block that the next rule, or the end, will fill. */
static uint32_t no_match(struct compiler *c, uint32_t facts, uint32_t acc)
{
	bool fresh;
	uint32_t block = meet(c, FAIL, facts, acc, &fresh);

	if (fresh)
		add_way(c, &c->spec->out, (struct way){ facts, acc, block });
	return block;
}

static const uint8_t verdict_of[] = {
	[ACTION_PASS] = AFXDP_PASS,   [ACTION_DROP] = AFXDP_DROP,
	[ACTION_TX] = AFXDP_TX,	      [ACTION_CAPTURE] = AFXDP_CAPTURE,
	[ACTION_LIMIT] = AFXDP_LIMIT, [ACTION_SAMPLE] = AFXDP_CAPTURE,
};

static bool is_final(enum action a)
{
	return a == ACTION_PASS || a == ACTION_DROP || a == ACTION_CAPTURE || a == ACTION_TX;
}

/* The current rule's answer. */
static uint32_t verdict_block(struct compiler *c)
{
	struct specialiser *s = c->spec;
	enum action action = c->rule[c->current].args.action;

	if (s->verdict == NO_BLOCK) {
		s->verdict = block_new(&c->blocks);
		block_return(&c->blocks, s->verdict, AFXDP_CLASS(verdict_of[action], c->current));
	}
	return s->verdict;
}

static uint32_t match(struct compiler *c, uint32_t facts)
{
	bool fresh;
	uint32_t block;

	if (is_final(c->rule[c->current].args.action))
		return verdict_block(c);
	block = meet(c, MATCH, facts, NO_ACC, &fresh);
	if (fresh)
		add_work(c, MATCH, facts, NO_ACC, block);
	return block;
}

/* What of @f may still be asked for from @node on. */
static struct facts wanted(const struct compiler *c, const struct facts *f, uint32_t node)
{
	struct facts kept = { .world = f->world, .linear = f->linear, .below = f->below };

	for (uint32_t i = 0; i < f->n; i++) {
		uint32_t key = f->fact[i].key, id = FACT_ID(key);
		const struct use *use = FACT_KIND(key) == FACT_COND ? &c->vs.c[id].use
								    : &c->vs.v[id].use;

		if (is_wanted(use, c->current, c->spec->place[node]))
			kept.fact[kept.n++] = f->fact[i];
	}
	return kept;
}

uint32_t edge(struct compiler *c, uint32_t node, const struct facts *f, uint32_t acc)
{
	const struct graph *g = &c->rule[c->current].graph;
	struct specialiser *s = c->spec;
	struct facts now = *f;
	uint32_t facts, block;
	bool yes, fresh;

	while (node_decided(c, &now, acc, &g->node[node], &yes))
		node = g->node[node].next[yes];
	now = wanted(c, &now, node);
	facts = facts_intern(&c->facts, &now);
	if (c->facts.failed)
		out_of_memory(c);
	if (node == FAIL)
		return no_match(c, facts, acc);
	if (node == MATCH)
		return match(c, facts);
	if (s->node_count[node] >= s->node_variants && now.world == c->facts.f[s->base].world) {
		now = wanted(c, &c->facts.f[s->base], node);
		facts = facts_intern(&c->facts, &now);
		acc = NO_ACC;
	}
	block = meet(c, node, facts, acc, &fresh);
	if (fresh) {
		s->node_count[node]++;
		add_work(c, node, facts, acc, block);
	}
	return block;
}

/* Node numbers of work and of blocks met: this one, after a copy has been made. */
#define GATHER 0x80000000u

uint32_t gather_edge(struct compiler *c, uint32_t node, const struct facts *f)
{
	const struct facts now = wanted(c, f, node);
	uint32_t facts = facts_intern(&c->facts, &now), block;
	bool fresh;

	if (c->facts.failed)
		out_of_memory(c);
	block = meet(c, node | GATHER, facts, NO_ACC, &fresh);
	if (fresh)
		add_work(c, node | GATHER, facts, NO_ACC, block);
	return block;
}

/* ---- One rule ---- */

/* The number of a limit in the form its function takes: see bpf/limit.h. */
static void put_wide(struct compiler *c, uint8_t reg, uint64_t k)
{
	emit(c, LD_IMM64_LOW(reg, 0, (uint32_t)k));
	emit(c, LD_IMM64_HIGH(k >> 32));
}

static void write_limit(struct compiler *c, const struct action_args *args)
{
	uint64_t interval = (AFXDP_LIMIT_SECOND + args->rate / 2) / args->rate;

	emit(c, MOV64(BPF_REG_1, R_CTX));
	emit(c, MOV64(BPF_REG_2, R_PARSE));
	emit(c, MOV32_K(BPF_REG_3, c->current));
	put_wide(c, BPF_REG_4, interval);
	put_wide(c, BPF_REG_5, interval * (args->burst - 1));
	emit_call(c, args->per_source ? SYMBOL_LIMIT_SOURCE : SYMBOL_LIMIT);
}

/* A match of a rule that may let the frame go on. Each of these functions counts the frames that it
 * lets go on; the others are counted by who acts on the verdict. */
static void write_match(struct compiler *c)
{
	const struct action_args *args = &c->rule[c->current].args;
	uint32_t on;

	if (args->action == ACTION_LIMIT) {
		write_limit(c, args);
	} else {
		emit(c, MOV64(BPF_REG_1, R_PARSE));
		emit(c, MOV32_K(BPF_REG_2, c->current));
		if (args->action == ACTION_SAMPLE)
			emit(c, MOV32_K(BPF_REG_3, args->every));
		emit_call(c, args->action == ACTION_SAMPLE ? SYMBOL_SAMPLE : SYMBOL_COUNT);
	}
	on = no_match(c, facts_intern(&c->facts, &c->now), NO_ACC);
	if (args->action == ACTION_COUNT)
		block_goto(&c->blocks, c->at, on);
	else
		block_branch(&c->blocks, c->at, JMP32_K(BPF_JNE, BPF_REG_0, 0), verdict_block(c),
			     on);
}

static void write_node(struct compiler *c, const struct work *w)
{
	const struct node *n = &c->rule[c->current].graph.node[w->node & ~GATHER];

	c->at = w->block;
	c->node = w->node & ~GATHER;
	c->acc = w->acc;
	c->now = c->facts.f[w->facts];
	c->temps = 0;
	c->spec->base = w->base;
	if (w->node & GATHER) {
		write_gather(c);
		block_goto(&c->blocks, c->at, edge(c, c->node, &c->now, NO_ACC));
		return;
	}
	switch (n->kind) {
	case NODE_MATCH:
		write_match(c);
		break;
	case NODE_LOAD:
		eval(c, n->what);
		block_goto(&c->blocks, c->at, edge(c, n->next[1], &c->now, c->acc));
		break;
	case NODE_TEST:
		emit_test(c, n);
		break;
	case NODE_LOOP:
		emit_loop(c, n);
		break;
	}
}

/* Compile the current rule once for every way in. */
static void write_rule(struct compiler *c, const struct ways *in)
{
	const struct graph *g = &c->rule[c->current].graph;
	struct specialiser *s = c->spec;

	s->node_count = calloc(g->n, sizeof(*s->node_count));
	s->place = usage_enter(&s->usage, &c->vs, g, c->current);
	if (!s->node_count || !s->place)
		out_of_memory(c);
	met_clear(s);
	s->out.n = 0;
	s->verdict = NO_BLOCK;
	for (uint32_t i = 0; i < in->n && !c->err; i++) {
		const struct facts f = c->facts.f[in->way[i].facts];

		s->base = in->way[i].facts;
		block_goto(&c->blocks, in->way[i].block, edge(c, g->root, &f, in->way[i].acc));
		while (s->works && !c->err) {
			struct work w = s->work[--s->works];

			write_node(c, &w);
		}
	}
	free(s->node_count);
	free(s->place);
}

/* ---- Between two rules ---- */

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
		if (worth(c, f->fact[i].key))
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

/* What @a and @b both say; *@loss is what each of them says beyond that. */
static struct facts common(const struct compiler *c, const struct facts *a, const struct facts *b,
			   uint32_t *loss)
{
	struct facts both = { .world = a->world,
			      .linear = a->linear < b->linear ? a->linear : b->linear,
			      .below = a->below > b->below ? a->below : b->below };
	uint32_t i = 0, j = 0;

	/* A length known is a check less wherever bytes behind it are looked at. */
	*loss = (a->linear != b->linear) * (c->spec->last - c->current) / 4 +
		(a->below != b->below);
	while (i < a->n || j < b->n) {
		const struct fact *x = i < a->n ? &a->fact[i] : NULL;
		const struct fact *y = j < b->n ? &b->fact[j] : NULL;

		if (x && y && x->key == y->key && x->value == y->value) {
			both.fact[both.n++] = *x;
			i++;
			j++;
		} else if (x && (!y || x->key <= y->key)) {
			*loss += worth(c, x->key);
			i++;
		} else {
			*loss += worth(c, y->key);
			j++;
		}
	}
	return both;
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
		uint32_t loss;

		if (g->world != f->world)
			continue;
		common(c, f, g, &loss);
		if (loss < p->loss)
			*p = (struct partner){ b, loss };
	}
}

/* Make way @b, which is the later one, part of way @a. */
static void merge_ways(struct compiler *c, struct ways *in, uint32_t a, uint32_t b)
{
	uint32_t loss, gone = in->way[b].block;
	struct facts f = common(c, &c->facts.f[in->way[a].facts], &c->facts.f[in->way[b].facts],
				&loss);

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

static void next_ways(struct compiler *c, struct ways *in)
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

/* ---- One function ---- */

uint32_t linear_tier(const struct compiler *c, uint32_t end)
{
	return usage_tier(&c->spec->usage, end);
}

/* The type of a tag that was taken off is known: most rules are about something else, and decided. */
static void write_stripped_entry(struct compiler *c, uint32_t linear, struct ways *in)
{
	uint32_t type = value_load(&c->vs, 2, NO_VALUE, 12), ad = block_new(&c->blocks);
	struct facts q = { .world = WORLD_STRIPPED, .linear = linear, .below = FRAME_UNBOUNDED };

	if (c->vs.v[type].use.rules) {
		struct facts f = q;

		emit_leave(c, JMP32_K(BPF_JSET, BPF_REG_0, AFXDP_META_VLAN_AD), ad);
		facts_add(&f, FACT(FACT_EQUALS, type), 0x88a8);
		facts_add(&q, FACT(FACT_EQUALS, type), 0x8100);
		add_way(c, in, (struct way){ facts_intern(&c->facts, &f), NO_ACC, ad });
	}
	add_way(c, in, (struct way){ facts_intern(&c->facts, &q), NO_ACC, c->at });
}

/*
 * The entry: registers, then the ways in. A frame whose device took a tag off is another world, and
 * so is one whose first buffer is too short.
 */
static void write_entry(struct compiler *c, uint32_t entry, struct ways *in)
{
	uint32_t linear = usage_common(&c->spec->usage), too_short = block_new(&c->blocks);
	uint32_t stripped = block_new(&c->blocks), none = block_new(&c->blocks);
	struct facts f = { .linear = linear, .below = FRAME_UNBOUNDED };

	c->at = entry;
	block_return(&c->blocks, none, c->none);
	emit(c, MOV64(R_CTX, BPF_REG_1));
	emit(c, MOV64(R_PARSE, BPF_REG_2));
	emit_leave(c, JMP64_K(BPF_JEQ, R_PARSE, 0), none);
	emit(c, LDX(BPF_W, R_DATA, R_CTX, offsetof(struct xdp_md, data)));
	emit(c, LDX(BPF_W, R_END, R_CTX, offsetof(struct xdp_md, data_end)));
	if (linear) {
		emit(c, MOV64(BPF_REG_1, R_DATA));
		emit(c, ALU64_K(BPF_ADD, BPF_REG_1, linear));
		emit_leave(c, JMP64_X(BPF_JGT, BPF_REG_1, R_END), too_short);
	}
	emit(c, LDX(BPF_W, BPF_REG_0, R_PARSE, PARSE(flags)));
	emit_leave(c, JMP32_K(BPF_JSET, BPF_REG_0, AFXDP_META_VLAN_STRIP), stripped);
	add_way(c, in, (struct way){ facts_intern(&c->facts, &f), NO_ACC, c->at });
	c->at = stripped;
	write_stripped_entry(c, linear, in);
	if (linear) {
		c->at = too_short;
		c->now = (struct facts){ .below = FRAME_UNBOUNDED };
		write_gather(c);
		add_way(c, in, (struct way){ facts_intern(&c->facts, &c->now), NO_ACC, c->at });
	}
	if (c->facts.failed)
		out_of_memory(c);
}

/* Put what was written on the rules' accounts. */
static void settle(const struct compiler *c)
{
	const struct specialiser *s = c->spec;

	for (uint32_t i = s->first; i < s->last; i++)
		c->rule[i].size = 0;
	for (uint32_t i = 0; i < c->blocks.n; i++)
		if (c->blocks.block[i].place != NO_BLOCK)
			c->rule[c->blocks.block[i].owner].size += block_size(&c->blocks.block[i]);
}

static int write_function(struct compiler *c, uint32_t function)
{
	struct specialiser *s = c->spec;
	uint32_t entry = block_new(&c->blocks);
	struct ways in = { .n = 0 };
	int err;

	c->blocks.owner = s->first;
	write_entry(c, entry, &in);
	for (c->current = s->first; c->current < s->last; c->current++) {
		c->blocks.owner = c->current;
		write_rule(c, &in);
		if (!c->err)
			next_ways(c, &in);
		if (c->err)
			break;
	}
	for (uint32_t i = 0; i < in.n && !c->err; i++)
		block_return(&c->blocks, in.way[i].block, c->none);
	free(in.way);
	if (c->err)
		return c->err;
	c->program->function[function].n = 0;
	err = blocks_layout(&c->blocks, entry, &c->program->function[function]);
	if (!err && c->program->function[function].n > FUNCTION_MAX)
		err = -E2BIG;
	if (!err)
		settle(c);
	return err;
}

/* Loop functions of an attempt that came to nothing. */
static void forget_functions(struct program *p, uint32_t functions)
{
	while (p->functions > functions)
		free(p->function[--p->functions].insn);
}

/* Rules [first, last) into @function; @variants 1: every rule for itself. */
static int try_function(struct compiler *c, uint32_t function, uint32_t first, uint32_t last,
			uint32_t variants)
{
	struct specialiser s = {
		.first = first,
		.last = last,
		.variants = variants,
		.node_variants = variants > 1 ? NODE_VARIANTS : 1,
	};
	uint32_t functions = c->program->functions;
	int err;

	for (uint32_t i = 0; i < c->loops; i++)
		c->loop_function[i] = -1;
	c->spec = &s;
	c->err = 0;
	c->current = first;
	err = usage_count(&s.usage, &c->vs, c->rule, first, last);
	if (!err)
		err = write_function(c, function);
	if (err)
		forget_functions(c->program, functions);
	free(s.met);
	free(s.work);
	free(s.out.way);
	usage_free(&s.usage);
	facts_free(&c->facts);
	blocks_free(&c->blocks);
	c->spec = NULL;
	return err;
}

/* Into one function; *@fits: they do, or it does not depend on that whether they ever will. */
static int compile_whole(struct compiler *c, uint32_t function, uint32_t first, uint32_t last,
			 bool *fits)
{
	int err = try_function(c, function, first, last, VARIANTS);

	*fits = err != -E2BIG || c->why;
	if (*fits || last - first > 1)
		return err;
	*fits = true;
	err = try_function(c, function, first, last, 1);
	c->current = first;
	return err;
}

/* Into a function of their own, or if they do not fit, each half into one. */
static int compile_part(struct compiler *c, uint32_t first, uint32_t last)
{
	uint32_t function = c->program->functions, middle = first + (last - first) / 2;
	bool fits;
	int err;

	if (!program_add(c->program, FUNCTION_CLASSIFY))
		return -ENOMEM;
	err = compile_whole(c, function, first, last, &fits);
	if (fits)
		return err;
	forget_functions(c->program, function);
	err = compile_part(c, first, middle);
	return err ? err : compile_part(c, middle, last);
}

/* The function that asks each part in turn, and answers what none of them does. */
static bool write_dispatcher(struct compiler *c, uint32_t function)
{
	struct blocks *b = &c->blocks;
	uint32_t entry = block_new(b), end = block_new(b), found = block_new(b);
	bool ok;

	c->at = entry;
	emit(c, MOV64(R_CTX, BPF_REG_1));
	emit(c, MOV64(R_PARSE, BPF_REG_2));
	for (uint32_t i = function + 1; i < c->program->functions; i++) {
		if (c->program->function[i].kind != FUNCTION_CLASSIFY)
			continue;
		emit(c, MOV64(BPF_REG_1, R_CTX));
		emit(c, MOV64(BPF_REG_2, R_PARSE));
		emit_call(c, SYMBOL_OWN + i);
		emit_leave(c, JMP32_K(BPF_JNE, BPF_REG_0, CLASS_NONE), found);
	}
	block_goto(b, c->at, end);
	block_return(b, end, AFXDP_CLASS(c->otherwise, AFXDP_RULE_DEFAULT));
	block_exit(b, found);
	c->program->function[function].n = 0;
	ok = !blocks_layout(b, entry, &c->program->function[function]);
	blocks_free(b);
	return ok && !c->err;
}

/* All rules: function 0 is the whole classifier if they fit into one, else it asks the others. */
static int compile_all(struct compiler *c)
{
	uint32_t middle = c->rules / 2;
	bool fits;
	int err;

	if (!program_add(c->program, FUNCTION_CLASSIFY))
		return -ENOMEM;
	if (c->rules) {
		c->none = AFXDP_CLASS(c->otherwise, AFXDP_RULE_DEFAULT);
		err = compile_whole(c, 0, 0, c->rules, &fits);
		if (fits)
			return err;
		c->none = CLASS_NONE;
		err = compile_part(c, 0, middle);
		if (!err)
			err = compile_part(c, middle, c->rules);
		if (err)
			return err;
	}
	return write_dispatcher(c, 0) ? 0 : -ENOMEM;
}

static int build_graphs(struct compiler *c, uint32_t *at)
{
	int err = 0;

	for (uint32_t i = 0; i < c->rules && !err; i++) {
		struct rule_input *r = &c->rule[i];

		*at = i;
		err = graph_build(&r->graph, &c->vs, r->code, r->len, r->uses_sets, &c->loops,
				  &c->why);
	}
	return err;
}

int compile_rules(struct rule_input *rule, uint32_t rules, enum afxdp_verdict otherwise,
		  struct program *program, const char **why, uint32_t *at)
{
	struct compiler c = {
		.rule = rule, .rules = rules, .otherwise = otherwise, .program = program
	};
	int err;

	err = build_graphs(&c, at);
	c.loop_function = malloc((c.loops + 1) * sizeof(*c.loop_function));
	if (!c.loop_function)
		err = -ENOMEM;
	if (!err)
		err = compile_all(&c);
	*at = c.current < rules ? c.current : rules ? rules - 1 : 0;
	if (err)
		*why = c.why ?: err == -E2BIG ? "it is too complex" : "out of memory";
	for (uint32_t i = 0; i < rules; i++)
		graph_free(&rule[i].graph);
	values_free(&c.vs);
	free(c.loop_function);
	return err;
}
