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

enum node_kind {
	NODE_FAIL,
	NODE_MATCH,
	NODE_LOAD, /* what: value; next: too short, loaded */
	NODE_TEST, /* what: condition; next: false, true */
	NODE_LOOP, /* what: loop; where it goes on is in struct loop; next: too long or short */
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

/* What stands for `@NAME` in the text given to libpcap: loads from a place no frame has. The low 12
 * bits are left to libpcap, which adds the offset of its current link layer. */
#define SET_PLACE	   0xe0000000u
#define SET_PLACE_SHIFT	   12
#define SET_PLACE_END	   (SET_PLACE + (AFXDP_SETS_MAX * 4 << SET_PLACE_SHIFT))
#define SET_PLACE_OF(s, d) (SET_PLACE + (((s)*4 + (d)) << SET_PLACE_SHIFT))

/* More sets than this in one rules file are refused. The kernel takes 64 maps a program, and we
 * have others. */
#define AFXDP_SETS_MAX 32

/* No frame has a byte there. */
#define FRAME_END 0x100000

/**
 * graph_build() - from classic BPF.
 * @uses_sets: loads from SET_PLACE are set look-ups
 *
 * Return: 0; -EINVAL with *@why what is not understood (a constant text); -E2BIG; -ENOMEM.
 */
int graph_build(struct graph *g, struct values *vs, const struct cbpf *code, uint32_t len,
		bool uses_sets, uint32_t *loop_ids, const char **why);
void graph_free(struct graph *g);

#endif
