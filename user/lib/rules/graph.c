/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "graph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "graph_build.h"

static void *grow(struct builder *b, void *array, uint32_t n, uint32_t *room, size_t size)
{
	uint32_t want = *room ? *room * 2 : 64;
	void *p;

	if (n < *room)
		return array;
	p = realloc(array, want * size);
	if (!p) {
		b->err = -ENOMEM;
		return NULL;
	}
	*room = want;
	return p;
}

uint32_t graph_new_node(struct builder *b, uint8_t kind, uint32_t what)
{
	struct graph *g = b->g;
	struct node *p;

	/* Sixteen states an instruction: libpcap's optimiser shares tails between two or three. */
	if (g->n > 4096 + 16 * b->flow.len) {
		b->err = -E2BIG;
		return FAIL;
	}
	p = grow(b, g->node, g->n, &g->room, sizeof(*p));
	if (!p)
		return FAIL;
	g->node = p;
	g->node[g->n] = (struct node){ .kind = kind, .what = what };
	return g->n++;
}

void graph_later(struct builder *b, uint32_t node, uint32_t which, struct state s, uint32_t pc)
{
	struct todo *p = grow(b, b->todo, b->todos, &b->todo_room, sizeof(*p));

	if (!p)
		return;
	b->todo = p;
	s.pc = pc;
	b->todo[b->todos++] = (struct todo){ .state = s, .node = node, .which = which };
}

/* The node for a state met before, or NO_VALUE; then it is to be remembered. */
static uint32_t find_met(struct builder *b, const struct state *s)
{
	for (uint32_t i = b->first_met[s->pc]; i; i = b->met[i - 1].next)
		if (!memcmp(&b->met[i - 1].state, s, sizeof(*s)))
			return b->met[i - 1].node;
	return NO_VALUE;
}

static void remember(struct builder *b, const struct state *s, uint32_t node)
{
	struct met *p = grow(b, b->met, b->mets, &b->met_room, sizeof(*p));

	if (!p)
		return;
	b->met = p;
	b->met[b->mets] = (struct met){ .state = *s, .node = node, .next = b->first_met[s->pc] };
	b->first_met[s->pc] = ++b->mets;
}

/* x + c as x and c, where that cannot wrap: one value for all offsets from x. */
static void split_sum(struct values *vs, uint32_t *base, uint64_t *k)
{
	const struct value *v = &vs->v[*base];

	if (v->kind != VALUE_ALU || v->op != BPF_ADD || !value_is_const(vs, v->b))
		return;
	if ((uint64_t)vs->v[v->a].max + vs->v[v->b].k > UINT32_MAX)
		return;
	*k += vs->v[v->b].k;
	*base = v->a;
}

/* The EtherType, and what is behind it. */
#define ETHERTYPE_AT 12
#define PAYLOAD_AT   14

/* The same of the frame without what its tags, labels and PPPoE wrap it into: VALUE_INNER says what
 * is inside, and where. */
static uint32_t inner_load(struct builder *b, uint32_t size, uint32_t base, uint64_t k,
			   bool *checked)
{
	struct values *vs = b->vs;
	uint32_t inner = value_inner(vs),
		 at = value_alu(vs, BPF_AND, inner, value_const(vs, 0xffff));
	uint32_t type = value_alu(vs, BPF_RSH, inner, value_const(vs, 16));

	/* A sum that may wrap is no place. */
	if (k >= PAYLOAD_AT && (base == NO_VALUE || vs->v[base].max <= UINT32_MAX - 0xffff)) {
		if (base != NO_VALUE) {
			split_sum(vs, &base, &k);
			at = value_alu(vs, BPF_ADD, at, base);
		}
		k -= PAYLOAD_AT;
		return k + size > FRAME_END ? NO_VALUE : value_load(vs, size, at, k);
	}
	*checked = false;
	if (base == NO_VALUE && k == ETHERTYPE_AT && size == 2)
		return type;
	if (base == NO_VALUE && k >= ETHERTYPE_AT && k < PAYLOAD_AT && size == 1)
		return k == ETHERTYPE_AT ? value_alu(vs, BPF_RSH, type, value_const(vs, 8))
					 : value_alu(vs, BPF_AND, type, value_const(vs, 0xff));
	b->flow.why = "behind 'inner' there is no ether[...] that reaches across the EtherType or "
		      "has a computed place";
	b->err = -EINVAL;
	return NO_VALUE;
}

/*
 * Load @size bytes at @k, or at register X plus @k. Return: the value, or NO_VALUE if no frame is
 * that long. *@checked is false if it is there whatever the frame.
 *
 * libpcap's interpreter refuses an address beyond the frame even if it would wrap around to a small
 * one, so addresses are sums without bound.
 */
static uint32_t load(struct builder *b, uint32_t size, uint32_t base, uint64_t k, bool *checked)
{
	struct values *vs = b->vs;

	*checked = true;
	if (base != NO_VALUE && value_is_const(vs, base)) {
		k += vs->v[base].k;
		base = NO_VALUE;
	}
	if (b->source->inner && (base != NO_VALUE || k + size > ETHERTYPE_AT))
		return inner_load(b, size, base, k, checked);
	if (base != NO_VALUE && k < FRAME_END)
		split_sum(vs, &base, &k);
	if (k + size > FRAME_END)
		return NO_VALUE;
	return value_load(vs, size, base, k);
}

/* Where a frame goes that is too short: only the search for its source is none of the expression's
 * business. */
static uint32_t too_short(struct builder *b, const struct state *s)
{
	if (s->found)
		return graph_new_node(b, NODE_RANK, s->found - 1);
	return s->keyed ? MATCH : FAIL;
}

/* Of a frame that has lost what is between its addresses and VALUE_INNER's place. */
static uint32_t inner_length(struct values *vs, uint32_t length)
{
	uint32_t at = value_alu(vs, BPF_AND, value_inner(vs), value_const(vs, 0xffff));

	return value_alu(vs, BPF_SUB, value_alu(vs, BPF_ADD, length, value_const(vs, PAYLOAD_AT)),
			 at);
}

static uint32_t build_ld(struct builder *b, struct state *s, uint32_t *node)
{
	const struct cbpf *i = &b->flow.code[s->pc];
	uint32_t size = BPF_SIZE(i->code) == BPF_W ? 4 : BPF_SIZE(i->code) == BPF_H ? 2 : 1;
	uint32_t reg = BPF_CLASS(i->code) == BPF_LD ? REG_A : REG_X, v;
	struct values *vs = b->vs;
	bool checked = false, at_x = BPF_MODE(i->code) == BPF_IND;

	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		v = value_const(vs, i->k);
		break;
	case BPF_LEN:
		v = value_len(vs);
		if (b->source->inner)
			v = inner_length(vs, v);
		break;
	case BPF_MEM:
		v = s->reg[REG_MEM + i->k];
		break;
	default: /* ABS, IND, MSH: effects() let no other through */
		v = load(b, size, at_x ? s->reg[REG_X] : NO_VALUE, i->k, &checked);
		if (v == NO_VALUE) {
			*node = too_short(b, s);
			return 0;
		}
	}
	if (checked) {
		uint32_t otherwise = too_short(b, s);

		*node = graph_new_node(b, NODE_LOAD, v);
		b->g->node[*node].next[0] = otherwise;
	}
	if (BPF_MODE(i->code) == BPF_MSH) {
		v = value_alu(vs, BPF_AND, v, value_const(vs, 0xf));
		v = value_alu(vs, BPF_LSH, v, value_const(vs, 2));
	}
	s->reg[reg] = v;
	if (checked)
		graph_later(b, *node, 1, *s, s->pc + 1);
	return !checked;
}

static uint32_t build_alu(struct builder *b, struct state *s, uint32_t *node)
{
	const struct cbpf *i = &b->flow.code[s->pc];
	struct values *vs = b->vs;
	uint8_t op = BPF_OP(i->code);
	uint32_t a = s->reg[REG_A], x, zero = value_const(vs, 0);

	if (op == BPF_NEG) {
		s->reg[REG_A] = value_alu(vs, BPF_SUB, zero, a);
		return 1;
	}
	x = BPF_SRC(i->code) == BPF_X ? s->reg[REG_X] : value_const(vs, i->k);
	if (op != BPF_DIV && op != BPF_MOD) {
		s->reg[REG_A] = value_alu(vs, op, a, x);
		return 1;
	}
	if (x == zero) {
		*node = FAIL;
		return 0;
	}
	s->reg[REG_A] = value_alu(vs, op, a, x);
	if (value_is_const(vs, x))
		return 1;
	*node = graph_new_node(b, NODE_TEST, cond_get(vs, BPF_JEQ, x, zero));
	b->g->node[*node].next[1] = FAIL;
	graph_later(b, *node, 0, *s, s->pc + 1);
	return 0;
}

/* Return: 1 and s->pc is where it goes on, or 0 and *@node. */
static uint32_t build_branch(struct builder *b, struct state *s, uint32_t *node)
{
	const struct cbpf *i = &b->flow.code[s->pc];
	struct values *vs = b->vs;
	uint32_t t, f, a, x;

	flow_targets(i, s->pc, &t, &f);
	if (b->source->mark && b->source->mark[s->pc])
		return graph_mark(b, s, b->source->mark[s->pc], node);
	if (t == f) {
		s->pc = t;
		return 1;
	}
	a = s->reg[REG_A];
	x = BPF_SRC(i->code) == BPF_X ? s->reg[REG_X] : value_const(vs, i->k);
	if (value_is_const(vs, a) && value_is_const(vs, x)) {
		s->pc = cond_fold(BPF_OP(i->code), vs->v[a].k, vs->v[x].k) ? t : f;
		return 1;
	}
	*node = graph_new_node(b, NODE_TEST, cond_get(vs, BPF_OP(i->code), a, x));
	graph_later(b, *node, 0, *s, f);
	graph_later(b, *node, 1, *s, t);
	return 0;
}

static uint32_t build_return(struct builder *b, const struct state *s)
{
	const struct cbpf *i = &b->flow.code[s->pc];
	uint32_t a = s->reg[REG_A], node;

	if (s->found)
		return graph_new_node(b, NODE_RANK, s->found - 1);
	if (s->keyed)
		return MATCH; /* a frame without a source address */
	if (CBPF_RVAL(i->code) != CBPF_A)
		return i->k ? MATCH : FAIL;
	if (value_is_const(b->vs, a))
		return b->vs->v[a].k ? MATCH : FAIL;
	node = graph_new_node(b, NODE_TEST, cond_get(b->vs, BPF_JEQ, a, value_const(b->vs, 0)));
	b->g->node[node].next[0] = MATCH;
	b->g->node[node].next[1] = FAIL;
	return node;
}

/* The loop at @pc, not entered yet: a copy where it has been entered with other values. */
static uint32_t enter_loop(struct builder *b, uint32_t pc)
{
	uint32_t index = b->flow.loop_at[pc] - 1;
	struct graph *g = b->g;
	struct loop *more;

	if (g->loop[index].entered) {
		more = realloc(g->loop, (g->loops + 1) * sizeof(*more));
		if (!more) {
			b->err = -ENOMEM;
			return index;
		}
		g->loop = more;
		more[g->loops] = more[index];
		more[g->loops].id = (*b->flow.loop_ids)++;
		index = g->loops++;
	}
	g->loop[index].entered = true;
	return index;
}

static uint32_t build_loop(struct builder *b, const struct state *s)
{
	uint32_t index = enter_loop(b, s->pc), node = graph_new_node(b, NODE_LOOP, index);
	struct loop *l = &b->g->loop[index];

	for (int r = 0; r < REGS; r++)
		l->in[r] = b->flow.live[s->pc] & BIT(r) ? s->reg[r] : NO_VALUE;
	for (uint32_t e = 0; e < l->exits; e++) {
		struct state out = *s;

		for (int r = 0; r < REGS; r++)
			if (l->written & BIT(r))
				out.reg[r] = value_loop(b->vs, l->id, r);
		graph_later(b, node, LOOP_EXIT + e, out, l->exit[e].pc);
	}
	return node;
}

/* The node that stands for @s: run on until there is a question. */
static uint32_t build(struct builder *b, struct state s)
{
	struct state start;
	uint32_t node = FAIL;

	for (int r = 0; r < REGS; r++)
		if (!(b->flow.live[s.pc] & BIT(r)))
			s.reg[r] = 0;
	start = s;
	node = find_met(b, &start);
	if (node != NO_VALUE)
		return node;
	for (bool on = true; on && !b->err && !b->vs->failed;) {
		const struct cbpf *i = &b->flow.code[s.pc];

		if (b->flow.loop_at[s.pc]) {
			node = build_loop(b, &s);
			break;
		}
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
		case BPF_LDX:
			on = build_ld(b, &s, &node);
			s.pc++;
			break;
		case BPF_ST:
		case BPF_STX:
			s.reg[REG_MEM + i->k] = s.reg[BPF_CLASS(i->code) == BPF_ST ? REG_A : REG_X];
			s.pc++;
			break;
		case BPF_ALU:
			on = build_alu(b, &s, &node);
			s.pc++;
			break;
		case BPF_JMP:
			on = build_branch(b, &s, &node);
			break;
		case BPF_RET:
			node = build_return(b, &s);
			on = false;
			break;
		default:
			if (CBPF_MISCOP(i->code) == CBPF_TAX)
				s.reg[REG_X] = s.reg[REG_A];
			else
				s.reg[REG_A] = s.reg[REG_X];
			s.pc++;
		}
	}
	remember(b, &start, node);
	return node;
}

static int build_all(struct builder *b)
{
	struct state s = { .pc = 0 };
	uint32_t zero = value_const(b->vs, 0);

	graph_new_node(b, NODE_FAIL, 0);
	graph_new_node(b, NODE_MATCH, 0);
	for (int r = 0; r < REGS; r++)
		s.reg[r] = zero;
	b->g->root = build(b, s);
	while (b->todos && !b->err && !b->vs->failed) {
		struct todo t = b->todo[--b->todos];
		uint32_t node = build(b, t.state);

		if (t.which < LOOP_EXIT)
			b->g->node[t.node].next[t.which] = node;
		else
			b->g->loop[b->g->node[t.node].what].exit[t.which - LOOP_EXIT].node = node;
	}
	return b->vs->failed ? -ENOMEM : b->err;
}

int graph_build(struct graph *g, struct values *vs, const struct source *source, uint32_t *loop_ids,
		const char **why)
{
	uint32_t len = source->len;
	struct builder b = {
		.g = g,
		.vs = vs,
		.flow = { .code = source->code, .len = len, .g = g, .loop_ids = loop_ids },
		.source = source,
	};
	int err;

	memset(g, 0, sizeof(*g));
	b.first_met = calloc(len, sizeof(*b.first_met));
	err = b.first_met ? flow_find(&b.flow) : -ENOMEM;
	if (!err && source->inner && g->loops) {
		b.flow.why = "'protochain' cannot be used behind 'inner'";
		err = -EINVAL;
	}
	if (!err)
		err = build_all(&b);
	*why = b.flow.why;
	free(b.todo);
	free(b.met);
	free(b.first_met);
	flow_free(&b.flow);
	if (err)
		graph_free(g);
	return err;
}

void graph_free(struct graph *g)
{
	free(g->node);
	free(g->loop);
	memset(g, 0, sizeof(*g));
}
