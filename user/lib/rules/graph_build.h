/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* graph_build.h - the state while a graph is built, for graph.c and marks.c. */
#ifndef AFXDP_RULES_GRAPH_BUILD_H
#define AFXDP_RULES_GRAPH_BUILD_H

#include "flow.h"
#include "graph.h"

/* The classic machine at one instruction, with symbols in its registers. */
struct state {
	uint32_t pc;
	uint32_t keyed; /* the expression has matched: see MARK_KEY */
	uint32_t held;	/* half of what is to be looked up, plus one: see MARK_MAC_LOW */
	uint32_t found; /* VALUE_RANK of the rule that has matched, plus one: is an earlier one,
			   too? */
	uint32_t reg[REGS];
};

/* A state met before, and the node that stands for it. */
struct met {
	struct state state;
	uint32_t node, next;
};

/* An edge whose end is still to be built. */
struct todo {
	struct state state;
	uint32_t node, which; /* which: of next[], or LOOP_EXIT + exit */
};

#define LOOP_EXIT 2

struct builder {
	struct graph *g;
	struct values *vs;
	struct flow flow;
	const struct source *source;
	uint32_t *first_met; /* per instruction, index + 1 */
	struct met *met;
	uint32_t mets, met_room;
	struct todo *todo;
	uint32_t todos, todo_room;
	int err;
};

uint32_t graph_new_node(struct builder *b, uint8_t kind, uint32_t what);

/* Edge @which of @node leads to what @s, at @pc, will come to. */
void graph_later(struct builder *b, uint32_t node, uint32_t which, struct state s, uint32_t pc);

/* marks.c */

/* A comparison that stands for something else: set look-ups take the address that libpcap compares,
 * so a set means in every context what `net` means there. */
uint32_t graph_mark(struct builder *b, struct state *s, uint16_t mark, uint32_t *node);

#endif
