/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* marks.c - comparisons that stand for something else: sets, rules, the key of a limit. */
#include "graph_build.h"

/* An address that rules are about: of all that match the first counts, so the others are looked for
 * as if this one did not. */
static void build_rank(struct builder *b, struct state *s, uint32_t v, uint32_t on, uint32_t *node)
{
	struct values *vs = b->vs;
	struct state found = *s;
	uint32_t earlier;

	found.found = v + 1;
	*node = graph_new_node(b, NODE_TEST, cond_get(vs, BPF_JEQ, v, value_const(vs, 0)));
	graph_later(b, *node, 1, *s, on);
	if (!s->found) {
		graph_later(b, *node, 0, found, on);
		return;
	}
	earlier = graph_new_node(b, NODE_TEST, cond_get(vs, BPF_JGE, v, s->found - 1));
	b->g->node[*node].next[0] = earlier;
	graph_later(b, earlier, 0, found, on);
	graph_later(b, earlier, 1, *s, on);
}

/* The look-up that comparing @a stands for. */
static uint32_t marked_value(struct builder *b, const struct state *s, uint16_t mark, uint32_t a)
{
	uint32_t set = MARK_OF(mark);

	switch (MARK_KIND(mark)) {
	case MARK_SET4:
		return value_set4(b->vs, set, a);
	case MARK_PORT:
		return value_key(b->vs, set, a, NO_VALUE);
	case MARK_MAC:
	case MARK_SERVICE:
		return value_key(b->vs, set, a, s->held - 1);
	}
	return value_set6(b->vs, set, a);
}

uint32_t graph_mark(struct builder *b, struct state *s, uint16_t mark, uint32_t *node)
{
	struct values *vs = b->vs;
	uint32_t t, f, a = s->reg[REG_A], v;

	flow_targets(&b->flow.code[s->pc], s->pc, &t, &f);
	switch (MARK_KIND(mark)) {
	case MARK_KEY:
		s->keyed = 1;
		s->pc = f;
		return 1;
	case MARK_SET6_WORD:
		s->pc = t;
		return 1;
	case MARK_MAC_LOW:
	case MARK_SERVICE4:
		s->held = a + 1;
		s->pc = t;
		return 1;
	case MARK_KEY4:
	case MARK_KEY6:
		*node = graph_new_node(b, MARK_KIND(mark) == MARK_KEY4 ? NODE_KEY4 : NODE_KEY6, a);
		return 0;
	}
	if (b->source->ranks && MARK_KIND(mark) == MARK_SET4) {
		build_rank(b, s, value_rank4(vs, MARK_OF(mark), a), f, node);
		return 0;
	}
	v = marked_value(b, s, mark, a);
	if (MARK_KIND(mark) == MARK_MAC)
		s->held = 0;
	*node = graph_new_node(b, NODE_TEST, cond_get(vs, BPF_JEQ, v, value_const(vs, 0)));
	graph_later(b, *node, 0, *s, t);
	graph_later(b, *node, 1, *s, f);
	return 0;
}
