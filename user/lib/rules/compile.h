/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * compile.h - decision graphs of all rules to eBPF functions.
 *
 * The way: value.h and graph.h say what each rule asks; specialise.c walks through all rules at
 * once and answers what is known already; emit.c writes the instructions of what must be asked of
 * the frame; layout.c puts the blocks in a row. docs/compiler.md tells the whole story.
 */
#ifndef AFXDP_RULES_COMPILE_H
#define AFXDP_RULES_COMPILE_H

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <afxdp/abi.h>
#include <afxdp/classifier.h>
#include "facts.h"
#include "graph.h"
#include "value.h"

enum action {
	ACTION_PASS,
	ACTION_DROP,
	ACTION_CAPTURE,
	ACTION_TX,
	ACTION_LIMIT,
	ACTION_SAMPLE,
	ACTION_COUNT,
	ACTION_COPY,
};

/* Does every frame that it matches end there? */
static inline bool action_decides(enum action a)
{
	return a == ACTION_PASS || a == ACTION_DROP || a == ACTION_CAPTURE || a == ACTION_TX;
}

/* The verdict of frames that it decides over; of `count`, which decides over none, no matter. */
static inline enum afxdp_verdict action_verdict(enum action a)
{
	switch (a) {
	case ACTION_DROP:
		return AFXDP_DROP;
	case ACTION_TX:
		return AFXDP_TX;
	case ACTION_LIMIT:
		return AFXDP_LIMIT;
	case ACTION_CAPTURE:
	case ACTION_SAMPLE:
		return AFXDP_CAPTURE;
	default:
		return AFXDP_PASS;
	}
}

/* And every one go on? */
static inline bool action_goes_on(enum action a)
{
	return a == ACTION_COUNT || a == ACTION_COPY;
}

enum limit_key {
	LIMIT_FOR_ALL,
	LIMIT_PER_SRC,
	LIMIT_PER_DST,
};

/* An action with its parameters, as written in front of an expression. */
struct action_args {
	enum action action;
	/* limit: frames or bytes a second, and at once; a bucket for every address, or network of
	 * that length, or one with a port. */
	uint64_t rate, burst;
	bool bytes, port;
	enum limit_key key;
	uint8_t prefix4, prefix6;
	uint32_t every; /* sample, copy: one in so many */
	uint32_t slot;	/* copy: the reader, see afxdp/copy.h; or @to, and so many bytes: */
	uint32_t snap;
	uint32_t to; /* capture: AFXDP_CLASS_TO() */
};

/* One rule for the compiler. */
struct rule_input {
	struct action_args args;
	struct source source;
	uint32_t number;    /* its index, or that of the first of those it stands for; of a copy for
				 a reader AFXDP_RULE_DEFAULT */
	struct graph graph; /* the compiler's */
	bool reached;	    /* out: some frame may match it, and no rule before decides over it */
	uint32_t size;	    /* out: instructions on its account, for listings */
};

/*
 * What generated code refers to, in instructions whose src_reg is BPF_PSEUDO_CALL: functions of the
 * BPF object by name, and functions of its own.
 */
enum symbol {
	SYMBOL_LOAD,
	SYMBOL_GATHER,
	SYMBOL_INNER,
	SYMBOL_SET4,
	SYMBOL_SET6,
	SYMBOL_SET_FIND, /* called by SYMBOL_SET6 only */
	SYMBOL_RANK4,
	SYMBOL_KEY,
	SYMBOL_COUNT,
	SYMBOL_LIMIT,
	SYMBOL_LIMIT_SOURCE,
	SYMBOL_SAMPLE,
	SYMBOL_COPY,
	SYMBOLS,
	SYMBOL_OWN = 0x100,	  /* + index of struct function */
	SYMBOL_IN_SET = 0x100000, /* + SET_COPIES * index of a set: that set's map in SYMBOL_SET4 */
};

/* Of each set: the functions from SYMBOL_SET4 on, with that set's map. */
#define SET_COPIES 5

enum function_kind {
	FUNCTION_CLASSIFY, /* takes and gives what afxdp_classify() does */
	FUNCTION_LOOP,	   /* called by bpf_loop() */
};

struct function {
	enum function_kind kind;
	struct bpf_insn *insn;
	uint32_t n, room;
};

/* function[0] takes the place of afxdp_classify(); it calls the others, if there are any. */
struct program {
	struct function *function;
	uint32_t functions, room;
};

/* Where rules took more than one function: this one found none for the frame, the next goes on. */
#define CLASS_NONE 0xffU

/**
 * compile_rules() - all of @rule to @program.
 * @otherwise: AFXDP_TO() of what happens to a frame that none of them takes
 * @why: on -EINVAL, -E2BIG: what, a constant text; *@at: the rule it is about
 *
 * Return: 0; -EINVAL for what the compiler does not understand, -E2BIG beyond its limits, -ENOMEM.
 */
int compile_rules(struct rule_input *rule, uint32_t rules, uint32_t otherwise,
		  struct program *program, const char **why, uint32_t *at);

/** compile_thoroughly() - the same, for what is found out on the way: @rule[].reached. More is
 * remembered, and ranges of numbers are compared. */
int compile_thoroughly(struct rule_input *rule, uint32_t rules, struct program *program,
		       const char **why, uint32_t *at);
void program_free(struct program *p);

/** program_copy() - @to is empty; program_free() it in any case. Return: 0 or -ENOMEM. */
int program_copy(struct program *to, const struct program *from);

/* Append. Return: false if there is no memory. */
bool function_put(struct function *f, struct bpf_insn insn);
struct function *program_add(struct program *p, enum function_kind kind);

#endif
