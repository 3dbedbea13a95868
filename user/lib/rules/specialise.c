/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * specialise.c - all rules at once, each question asked once.
 *
 * The rules' graphs are one behind the other: "no match" of a rule is the start of the next. We
 * walk through them with what is known so far (facts.h), and skip every question that is decided by
 * it. So behind "it is not IPv4" the next IPv4 rule takes no code at all, and behind "the UDP port
 * is known and in slot 3" a rule about a UDP port is one comparison. The price is code: one copy of
 * a rule for every different set of facts it is entered with. VARIANTS (compile.c) bounds that.
 */
#include <stdlib.h>
#include <string.h>
#include <afxdp/copy.h>
#include "limit.h"
#include "specialise.h"

struct met {
	uint32_t node, facts, acc, block;
};

struct work {
	uint32_t node, facts, acc, block, base;
};

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

/* The rule does not match: a block that the next rule, or the end, will fill. */
static uint32_t no_match(struct compiler *c, uint32_t facts, uint32_t acc)
{
	bool fresh;
	uint32_t block = meet(c, FAIL, facts, acc, &fresh);

	if (fresh)
		add_way(c, &c->spec->out, (struct way){ facts, acc, block });
	return block;
}

/* The current rule's answer. */
static uint32_t verdict_block(struct compiler *c)
{
	struct specialiser *s = c->spec;
	const struct action_args *args = &c->rule[c->current].args;

	if (s->verdict == NO_BLOCK) {
		s->verdict = block_new(&c->blocks);
		block_return(&c->blocks, s->verdict,
			     AFXDP_CLASS(AFXDP_TO(action_verdict(args->action), args->to),
					 c->rule[c->current].number));
	}
	return s->verdict;
}

static uint32_t match(struct compiler *c, uint32_t facts)
{
	bool fresh;
	uint32_t block;

	if (action_decides(c->rule[c->current].args.action))
		return verdict_block(c);
	block = meet(c, MATCH, facts, NO_ACC, &fresh);
	if (fresh)
		add_work(c, MATCH, facts, NO_ACC, block);
	return block;
}

static bool is_key(const struct node *n)
{
	return n->kind == NODE_KEY4 || n->kind == NODE_KEY6;
}

/* What of @f may still be asked for from @node on. */
static struct facts wanted(const struct compiler *c, const struct facts *f, uint32_t node)
{
	struct facts kept = { .world = f->world, .linear = f->linear, .below = f->below };

	if (c->thorough)
		return *f;
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
	if (node == MATCH || is_key(&g->node[node]) || g->node[node].kind == NODE_RANK)
		c->rule[c->current].reached = true;
	if (node == MATCH)
		return match(c, facts);
	if (s->node_count[node] >= s->node_variants) {
		uint8_t world = now.world;

		/* What held at the start holds in the copy of the frame, too. */
		now = wanted(c, &c->facts.f[s->base], node);
		now.world = world;
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

/* The number of a limit in the form its function takes: see bpf/actions.h. */
static void put_wide(struct compiler *c, uint8_t reg, uint64_t k)
{
	emit(c, LD_IMM64_LOW(reg, 0, (uint32_t)k));
	emit(c, LD_IMM64_HIGH(k >> 32));
}

static uint32_t limit_rule(const struct compiler *c, const struct action_args *args)
{
	return c->rule[c->current].number | (args->bytes ? AFXDP_LIMIT_BYTES : 0);
}

static void write_limit(struct compiler *c, const struct action_args *args)
{
	emit(c, MOV64(BPF_REG_1, R_CTX));
	emit(c, MOV64(BPF_REG_2, R_PARSE));
	emit(c, MOV32_K(BPF_REG_3, limit_rule(c, args)));
	put_wide(c, BPF_REG_4, limit_interval(args));
	put_wide(c, BPF_REG_5, limit_depth(args));
	emit_call(c, SYMBOL_LIMIT);
}

/* struct afxdp_limited, where operands are put aside while values are computed. */
#define LIMITED(member) (TEMP_AT(3) + (int)offsetof(struct afxdp_limited, member))

static void write_limit_source(struct compiler *c, const struct action_args *args,
			       const struct node *n)
{
	const struct value v = c->vs.v[n->what];
	uint32_t version = n->kind == NODE_KEY4 ? 4 : n->kind == NODE_KEY6 ? 6 : 0;
	int32_t last;

	_Static_assert(sizeof(struct afxdp_limited) == 4 * 8 && TEMPS >= 4, "it fits");
	if (version == 4) {
		eval(c, n->what);
	} else if (version == 6 && v.a != NO_VALUE) {
		eval(c, v.a);
		emit(c, ALU64_K(BPF_ADD, BPF_REG_0, v.k - 12));
	} else {
		emit(c, MOV64_K(BPF_REG_0, version ? v.k - 12 : 0));
	}
	emit(c, STX(BPF_W, BPF_REG_10, LIMITED(source), BPF_REG_0));
	emit(c, ST_K(BPF_W, BPF_REG_10, LIMITED(version), version));
	emit(c, ST_K(BPF_W, BPF_REG_10, LIMITED(rule), (int)limit_rule(c, args)));
	/* The four bytes of one word, as they lie. */
	memcpy(&last, &(uint8_t[4]){ args->prefix4, args->prefix6, args->port, 0 }, 4);
	emit(c, ST_K(BPF_W, BPF_REG_10, LIMITED(prefix4), last));
	put_wide(c, BPF_REG_1, limit_interval(args));
	emit(c, STX(BPF_DW, BPF_REG_10, LIMITED(interval), BPF_REG_1));
	put_wide(c, BPF_REG_1, limit_depth(args));
	emit(c, STX(BPF_DW, BPF_REG_10, LIMITED(depth), BPF_REG_1));
	emit(c, MOV64(BPF_REG_1, R_CTX));
	emit(c, MOV64(BPF_REG_2, R_PARSE));
	emit(c, MOV64(BPF_REG_3, BPF_REG_10));
	emit(c, ALU64_K(BPF_ADD, BPF_REG_3, TEMP_AT(3)));
	emit_call(c, SYMBOL_LIMIT_SOURCE);
}

static void write_copy(struct compiler *c, const struct action_args *args)
{
	emit(c, MOV64(BPF_REG_1, R_PARSE));
	emit(c, MOV32_K(BPF_REG_2, (int)(args->to ? AFXDP_COPY_TO | args->to : args->slot)));
	emit(c, MOV32_K(BPF_REG_3, args->every));
	emit(c, MOV32_K(BPF_REG_4, c->rule[c->current].number));
	emit_call(c, SYMBOL_COPY);
}

/* A match of a rule that may let the frame go on. Each of these functions counts the frames that it
 * lets go on; the others are counted by who acts on the verdict. */
static void write_match(struct compiler *c, const struct node *n)
{
	const struct action_args *args = &c->rule[c->current].args;
	uint32_t on;

	if (args->action == ACTION_COPY) {
		write_copy(c, args);
	} else if (args->action == ACTION_LIMIT && args->key) {
		write_limit_source(c, args, n);
	} else if (args->action == ACTION_LIMIT) {
		write_limit(c, args);
	} else {
		emit(c, MOV64(BPF_REG_1, R_PARSE));
		emit(c, MOV32_K(BPF_REG_2, c->rule[c->current].number));
		if (args->action == ACTION_SAMPLE)
			emit(c, MOV32_K(BPF_REG_3, args->every));
		emit_call(c, args->action == ACTION_SAMPLE ? SYMBOL_SAMPLE : SYMBOL_COUNT);
	}
	on = no_match(c, facts_intern(&c->facts, &c->now), NO_ACC);
	if (action_goes_on(args->action))
		block_goto(&c->blocks, c->at, on);
	else
		block_branch(&c->blocks, c->at, JMP32_K(BPF_JNE, BPF_REG_0, 0), verdict_block(c),
			     on);
}

/* Which rule it is has been looked up. */
static void write_rank(struct compiler *c, const struct node *n)
{
	const struct rule_input *rule = &c->rule[c->current];

	eval(c, n->what);
	emit(c, ALU32_K(BPF_ADD, BPF_REG_0, (int)rule->number - 1));
	emit(c, ALU32_K(BPF_LSH, BPF_REG_0, 8));
	emit(c, ALU32_K(BPF_OR, BPF_REG_0,
			AFXDP_TO(action_verdict(rule->args.action), rule->args.to)));
	block_exit(&c->blocks, c->at);
}

static void write_node(struct compiler *c, const struct work *w)
{
	const struct node *n = &c->rule[c->current].graph.node[w->node & ~GATHER];

	c->at = w->block;
	c->node = w->node & ~GATHER;
	c->acc = w->acc;
	c->now = c->facts.f[w->facts];
	c->temps = 0;
	c->too_short = n->kind == NODE_LOAD ? n->next[0] : FAIL;
	c->spec->base = w->base;
	if (w->node & GATHER) {
		write_gather(c);
		block_goto(&c->blocks, c->at, edge(c, c->node, &c->now, NO_ACC));
		return;
	}
	switch (n->kind) {
	case NODE_MATCH:
	case NODE_KEY4:
	case NODE_KEY6:
		write_match(c, n);
		break;
	case NODE_RANK:
		write_rank(c, n);
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

void write_rule(struct compiler *c, const struct ways *in)
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
