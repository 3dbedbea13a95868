/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * facts.h - what is known about a frame at one point of the compiled program.
 *
 * A set of facts is immutable and kept once: the same facts have the same index.
 */
#ifndef AFXDP_RULES_FACTS_H
#define AFXDP_RULES_FACTS_H

#include <stdbool.h>
#include <stdint.h>

enum fact_kind {
	FACT_EQUALS, /* of a value: the constant it equals */
	FACT_COND,   /* of a condition: its outcome */
	FACT_SHORT,  /* of a load from a computed place: the frame is too short for it */
	FACT_SLOT,   /* of a value: it is in its stack slot */
};

#define FACT(kind, id) ((uint32_t)(kind) << 28 | (id))
#define FACT_KIND(key) ((key) >> 28)
#define FACT_ID(key)   ((key)&0xfffffff)
#define FACT_ID_MAX    0xfffffffu

struct fact {
	uint32_t key, value;
};

/* More facts than these are forgotten: each is worth a few instructions at most. */
#define FACTS_MAX 40

/*
 * Worlds. In the cold one a frame's first buffer is shorter than what the rules' usual loads need,
 * and every load is a function call.
 */
#define WORLD_STRIPPED 1u /* the device took the outermost tag off */
#define WORLD_COLD     2u

struct facts {
	uint8_t world;
	uint8_t n;
	/* Bytes known to be there: in the first buffer; in the cold world, in the whole frame. */
	uint32_t linear;
	uint32_t below; /* cold world: the frame is known to have fewer bytes than that */
	struct fact fact[FACTS_MAX];
};

struct facts_table {
	struct facts *f;
	uint32_t n, room;
	uint32_t *index;
	uint32_t mask;
	bool failed;
};

#define FRAME_UNBOUNDED UINT32_MAX

void facts_free(struct facts_table *t);
uint32_t facts_intern(struct facts_table *t, const struct facts *f);
const struct fact *facts_find(const struct facts *f, uint32_t key);

/* Add a fact; @f stays as it is if it is full. */
void facts_add(struct facts *f, uint32_t key, uint32_t value);

#endif
