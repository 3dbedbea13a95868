/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* blocks.h - instructions without jumps, and how they are connected. */
#ifndef AFXDP_RULES_BLOCKS_H
#define AFXDP_RULES_BLOCKS_H

#include "compile.h"

#define NO_BLOCK UINT32_MAX

enum block_end {
	BLOCK_OPEN,   /* still being written */
	BLOCK_GOTO,   /* to next[0] */
	BLOCK_BRANCH, /* by `jump`: not taken to next[0], taken to next[1] */
	BLOCK_RETURN, /* `value` */
	BLOCK_EXIT,   /* what is in r0 */
};

struct block {
	enum block_end end;
	uint32_t first, n; /* its instructions */
	uint32_t next[2];
	struct bpf_insn jump;
	uint32_t value;
	uint32_t owner; /* see struct blocks */
	uint32_t place; /* layout's: where it begins */
};

struct blocks {
	struct block *block;
	uint32_t n, room;
	struct bpf_insn *insn; /* of all blocks; a block's are in a row */
	uint32_t insns, insn_room;
	uint32_t owner; /* for listings: on whose account what is written now goes */
	bool failed;	/* out of memory */
};

uint32_t block_new(struct blocks *b);

/* Write into block @at, which must be the one last written to or empty. */
void block_put(struct blocks *b, uint32_t at, struct bpf_insn insn);
void block_goto(struct blocks *b, uint32_t at, uint32_t to);
void block_branch(struct blocks *b, uint32_t at, struct bpf_insn jump, uint32_t taken,
		  uint32_t otherwise);
void block_exit(struct blocks *b, uint32_t at);
void block_return(struct blocks *b, uint32_t at, uint32_t value);
void blocks_free(struct blocks *b);

/* Instructions that are there because of @at; the jumps that a layout adds are not among them. */
uint32_t block_size(const struct block *at);

/**
 * blocks_layout() - put all that can be reached from @entry in a row.
 *
 * Return: 0; -E2BIG if a jump would be longer than an instruction can say; -ENOMEM.
 */
int blocks_layout(struct blocks *b, uint32_t entry, struct function *f);

#endif
