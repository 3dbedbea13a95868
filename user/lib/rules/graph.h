/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * graph.h - an expression as a decision graph.
 *
 * libpcap compiles an expression to classic BPF. We run that program once with symbols in place of
 * a frame's bytes: what remains are the questions it asks of a frame, in their order. A node either
 * loads (which ends the expression as "no match" if the frame is too short, and so is a question,
 * too), compares, or runs a loop.
 */
#ifndef AFXDP_RULES_GRAPH_H
#define AFXDP_RULES_GRAPH_H

#include <stdint.h>
#include "value.h"

/* One classic BPF instruction, laid out as everywhere. */
struct cbpf {
	uint16_t code;
	uint8_t jt, jf;
	uint32_t k;
};

/* Registers of the classic machine: A, X, then its scratch memory. */
enum {
	REG_A,
	REG_X,
	REG_MEM,
	REGS = REG_MEM + 16
};

/* What an instruction's constant stands for, beside the code: MARK(kind, index of a set). */
enum mark {
	MARK_NONE,
	MARK_SET4,	/* compares an IPv4 address: is it in the set? */
	MARK_SET6,	/* compares the last word of an IPv6 address: is it in the set? */
	MARK_SET6_WORD, /* another word of it: goes on */
	MARK_PORT,	/* compares a port: is it in the set? */
	MARK_MAC_LOW,	/* compares the last four bytes of an Ethernet address: goes on */
	MARK_MAC,	/* compares the first two of it: is it in the set? */
	MARK_SERVICE4,	/* compares an IPv4 address: goes on */
	MARK_SERVICE,	/* compares a port: is it, with that address, in the set? */
	MARK_KEY,  /* the expression has matched; from here on the frame's source is looked for */
	MARK_KEY4, /* here it is */
	MARK_KEY6,
};

#define MARK(kind, set) ((uint16_t)((set) << 8 | (kind)))
#define MARK_KIND(mark) ((mark)&0xff)
#define MARK_OF(mark)	((mark) >> 8)

/* What an expression was compiled to. */
struct source {
	const struct cbpf *code;
	uint32_t len;
	const uint16_t *mark; /* by instruction; NULL: none */
	bool ranks;	      /* its set stands for rules: which one matches is looked up */
	bool inner;	      /* it sees the frame without its tags, MPLS labels and PPPoE */
};

enum node_kind {
	NODE_FAIL,
	NODE_MATCH,
	NODE_LOAD, /* what: value; next: too short, loaded */
	NODE_TEST, /* what: condition; next: false, true */
	NODE_LOOP, /* what: loop; where it goes on is in struct loop; next: too long or short */
	NODE_KEY4, /* a match; what: the source address */
	NODE_KEY6, /* a match; what: the last word of the source address */
	NODE_RANK, /* a match of one of the rules that this one stands for; what: which, plus one */
};

struct node {
	uint8_t kind;
	uint32_t what;
	uint32_t next[2];
};

/* Nodes every graph begins with. */
enum {
	FAIL = 0,
	MATCH = 1
};

#define LOOP_EXITS 6

/* The only loops of libpcap's are those of `protochain`: entered at the head. Here is one for every
 * set of values it is entered with. */
struct loop {
	uint32_t id;	    /* over all rules */
	uint32_t head, end; /* first and last instruction */
	uint32_t in[REGS];  /* values on entry; NO_VALUE where it does not matter */
	uint32_t written;   /* registers, by bit */
	bool entered;
	uint32_t exits;
	struct {
		uint32_t pc, node, live;
	} exit[LOOP_EXITS];
};

struct graph {
	struct node *node;
	uint32_t n, room;
	uint32_t root;
	struct loop *loop;
	uint32_t loops;
};

/* More sets than this in one rules file are refused. The kernel takes 64 maps a program, and we
 * have others. */
#define AFXDP_SETS_MAX 32

/* No frame has a byte there. */
#define FRAME_END 0x100000

/**
 * graph_build() - from classic BPF.
 *
 * Return: 0; -EINVAL with *@why what is not understood (a constant text); -E2BIG; -ENOMEM.
 */
int graph_build(struct graph *g, struct values *vs, const struct source *source, uint32_t *loop_ids,
		const char **why);
void graph_free(struct graph *g);

#endif
