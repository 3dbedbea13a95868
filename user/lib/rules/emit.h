/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* emit.h - what the compiler's files share while they compile one function. */
#ifndef AFXDP_RULES_EMIT_H
#define AFXDP_RULES_EMIT_H

#include <stddef.h>
#include "blocks.h"
#include "compile.h"
#include "insn.h"

/* Callee-saved registers hold, throughout: */
#define R_CTX	BPF_REG_6
#define R_DATA	BPF_REG_7
#define R_END	BPF_REG_8
#define R_PARSE BPF_REG_9

/*
 * The stack frame, down from r10: slots of values, operands put aside, a loop's registers. The
 * kernel gives 512 bytes to the whole call chain; main program and helpers want about 200.
 */
#define SLOTS	    16
#define TEMPS	    6
#define SLOT_AT(i)  (-8 * ((i) + 1))
#define TEMP_AT(i)  SLOT_AT(SLOTS + (i))
#define LOOP_CTX    0
#define LOOP_PARSE  8
#define LOOP_REG(r) (16 + 4 * (r))
#define LOOP_EXITED LOOP_REG(REGS)
#define LOOP_SIZE   ((LOOP_EXITED + 4 + 7) & ~7)
#define LOOP_AT	    (SLOT_AT(SLOTS + TEMPS - 1) - LOOP_SIZE)

/* Where the tag goes that the device took off: behind the two addresses. */
#define TAG_AT	 12
#define TAG_END	 16
#define TAG_SIZE 4

#define PARSE(member) offsetof(struct afxdp_parse, member)

/* What r0 holds: a value's index, doubled, plus one if its bytes are still in network order. */
#define NO_ACC UINT32_MAX

struct compiler {
	struct values vs;
	struct rule_input *rule;
	uint32_t rules;
	uint32_t otherwise; /* AFXDP_TO() */
	struct program *program;
	struct blocks blocks;
	struct facts_table facts;
	struct specialiser *spec;
	uint32_t loops;	    /* ids given */
	int *loop_function; /* by id; -1: not written */
	bool thorough;	    /* remember what nobody may ask for, and compare ranges */
	uint32_t none;	    /* what the function being written returns if no rule decides */

	/* Now: the rule and node being written, the block, r0, what is known. */
	uint32_t current;
	uint32_t node;
	uint32_t at;
	uint32_t acc;
	uint32_t temps;
	uint32_t too_short; /* the node behind a load that fails */
	struct facts now;

	const char *why;
	int err;
};

/* specialise.c */

/**
 * edge() - the block that goes on at @node of the current rule, knowing @f, with @acc in r0.
 *
 * It may be written later. What @f decides is skipped: the block may be one of the next rule's.
 */
uint32_t edge(struct compiler *c, uint32_t node, const struct facts *f, uint32_t acc);

/* The block that goes on at @node with a copy of the frame's beginning. */
uint32_t gather_edge(struct compiler *c, uint32_t node, const struct facts *f);

/* known.c */

/* The constant that @v equals, if @f says so. */
bool value_known(const struct compiler *c, const struct facts *f, uint32_t v, uint32_t *k);

/* @v equals @k: which answers more about it than single comparisons did. */
void learn_equal(const struct compiler *c, struct facts *f, uint32_t v, uint32_t k);

/* compile.c */

/* How much of the first buffer to ask for when @end bytes are needed: what other rules will need,
 * too. */
uint32_t linear_tier(const struct compiler *c, uint32_t end);

/* fetch.c: what writes, writes into block c->at, and moves it on. */

/* Loads that need neither a call nor a branch where @f holds: fetch_simple(). */
bool fetch_is_simple(const struct facts *f, const struct value *v);
void fetch_simple(struct compiler *c, uint8_t reg, const struct value *v);

/* Is one instruction the whole load, but for a check of the length? */
bool fetch_is_direct(const struct facts *f, const struct value *v);

/* Is it known whether the frame is long enough for a load from a constant place? */
bool fetch_is_decided(const struct facts *f, const struct value *v, bool *there);

/* Into r0, from a constant or a computed place. @raw: leave it in network order. */
void fetch_constant(struct compiler *c, uint32_t v, bool raw);
void fetch_variable(struct compiler *c, uint32_t v);

/* Make the copy: R_DATA is where it is from here on. */
void write_gather(struct compiler *c);

/* emit.c */

/* @v into r0, in host order. */
void eval(struct compiler *c, uint32_t v);
void emit_test(struct compiler *c, const struct node *n);
void emit_loop(struct compiler *c, const struct node *n);

/* Bytes as they are in frames into a number, or the other way round. */
void emit_to_host(struct compiler *c, uint8_t reg, uint32_t size);

/* Call @symbol with r1 to r5 as they are. */
void emit_call(struct compiler *c, uint32_t symbol);
void emit(struct compiler *c, struct bpf_insn insn);

/* Leave for @taken if @jump jumps, else go on in a new block. */
void emit_leave(struct compiler *c, struct bpf_insn jump, uint32_t taken);

/* loop.c: the function that bpf_loop() calls, for loop @l of classic program @code. Return: its
 * index, or -errno. */
int loop_function(struct program *p, const struct cbpf *code, const struct loop *l);

#endif
