/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * value.h - what expressions compute, each thing once.
 *
 * A frame does not change while it is classified. So "the 16 bits at offset 12" is one value
 * however many rules look at it, and values are kept by content: equal ones have equal indices. The
 * same holds for conditions on them. What is known about a value on one path (facts.h) then serves
 * every rule further down that path.
 */
#ifndef AFXDP_RULES_VALUE_H
#define AFXDP_RULES_VALUE_H

#include <stdbool.h>
#include <stdint.h>

#define NO_VALUE UINT32_MAX

enum value_kind {
	VALUE_CONST, /* k */
	VALUE_LEN,   /* of the frame, with a stripped tag back in its place */
	VALUE_LOAD,  /* op bytes, big-endian, at k, or at a + k */
	VALUE_ALU,   /* a op b, op as in BPF_OP(); 32 bits, wrapping */
	VALUE_SET,   /* 1 if an address is in set k, else 0; op 4: a; op 6: at b, or at a + b */
	VALUE_KEY,   /* 1 if AFXDP_SET_KEY(a, b), without b if that is none, is in set k, else 0 */
	VALUE_RANK, /* of the rules that set k stands for, which is about address a, plus one; or 0 */
	VALUE_INNER, /* EtherType << 16 | place of what is behind all tags, labels and PPPoE */
	VALUE_LOOP,  /* register op when loop k was left */
};

/* Who asks for a value or condition (usage.c). */
struct use {
	uint32_t nodes;	  /* nodes and other values, over all rules */
	uint32_t rules;	  /* that are still to be compiled */
	uint32_t counted; /* the last rule that counted itself in `rules`, plus one */
	uint32_t rule;	  /* being compiled when `last` was written, plus one */
	uint32_t last;	  /* node of that rule, in topological order, that asks for it last */
};

struct value {
	uint8_t kind, op;
	int8_t slot; /* where on the stack it is kept once known; -1: nowhere */
	uint32_t k, a, b;
	uint32_t max; /* it never exceeds this */
	struct use use;
};

/* a op b, op one of BPF_JEQ, BPF_JGT, BPF_JGE, BPF_JSET; unsigned. */
struct cond {
	uint8_t op;
	uint32_t a, b;
	struct use use;
};

struct values {
	struct value *v;
	uint32_t n, room;
	struct cond *c;
	uint32_t n_conds, conds_room;
	uint32_t *index[2]; /* open hash tables, index + 1 of values and of conditions */
	uint32_t mask[2];
	bool failed; /* out of memory: whatever was returned since is not to be used */
};

void values_free(struct values *vs);

/* Each returns an index. Constants are folded on the way. */
uint32_t value_const(struct values *vs, uint32_t k);
uint32_t value_len(struct values *vs);
uint32_t value_load(struct values *vs, uint32_t size, uint32_t base, uint32_t k);
uint32_t value_alu(struct values *vs, uint8_t op, uint32_t a, uint32_t b);

/* @word: the address, or the last word of it, as loaded. */
uint32_t value_set4(struct values *vs, uint32_t set, uint32_t word);
uint32_t value_set6(struct values *vs, uint32_t set, uint32_t word);
uint32_t value_key(struct values *vs, uint32_t set, uint32_t high, uint32_t low);
uint32_t value_rank4(struct values *vs, uint32_t set, uint32_t word);
uint32_t value_inner(struct values *vs);
uint32_t value_loop(struct values *vs, uint32_t loop, uint8_t reg);
uint32_t cond_get(struct values *vs, uint8_t op, uint32_t a, uint32_t b);

static inline bool value_is_const(const struct values *vs, uint32_t v)
{
	return vs->v[v].kind == VALUE_CONST;
}

/* Classic BPF's arithmetic. @b is not 0 where @op divides. */
uint32_t alu_fold(uint8_t op, uint32_t a, uint32_t b);
bool cond_fold(uint8_t op, uint32_t a, uint32_t b);

#endif
