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
 * Worlds: where a frame's bytes are. Usually in the first buffer. If the device took the outermost
 * tag off, all but the addresses are four bytes further to the front. And if the first buffer is
 * shorter than what rules look at, although the frame is not, a copy of its beginning is made, with
 * the tag.
 */
#define WORLD_STRIPPED 1u
#define WORLD_GATHERED 2u

#define FRAME_UNBOUNDED UINT32_MAX

struct facts {
	uint8_t world;
	uint8_t n;
	uint32_t linear; /* bytes known to be in the first buffer, or in the copied frame */
	uint32_t below;	 /* the copied frame is known to have fewer bytes than that */
	struct fact fact[FACTS_MAX];
};

struct facts_table {
	struct facts *f;
	uint32_t n, room;
	uint32_t *index;
	uint32_t mask;
	bool failed;
};

void facts_free(struct facts_table *t);
uint32_t facts_intern(struct facts_table *t, const struct facts *f);
const struct fact *facts_find(const struct facts *f, uint32_t key);

/* Add a fact; @f stays as it is if it is full. */
void facts_add(struct facts *f, uint32_t key, uint32_t value);

#endif
