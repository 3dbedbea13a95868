/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* specialise.h - the state while one function is compiled, for specialise.c, known.c, ways.c and
 * compile.c. */
#ifndef AFXDP_RULES_SPECIALISE_H
#define AFXDP_RULES_SPECIALISE_H

#include "emit.h"
#include "usage.h"

struct met;
struct work;

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

bool out_of_memory(struct compiler *c);

/* Make room in *@array, of elements of @size, for one behind the @n that are there. */
bool room(struct compiler *c, void **array, uint32_t n, uint32_t *room, size_t size);

/* known.c */

/* Does @f say where @n goes on, with @acc in r0? */
bool node_decided(const struct compiler *c, const struct facts *f, uint32_t acc,
		  const struct node *n, bool *yes);

/* ways.c */
void add_way(struct compiler *c, struct ways *ways, struct way way);

/* Make the ways out of the rule just written, which are s->out, ways into the next. */
void next_ways(struct compiler *c, struct ways *in);

/* specialise.c */

/* Compile the current rule once for every way in. */
void write_rule(struct compiler *c, const struct ways *in);

#endif
