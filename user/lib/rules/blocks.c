/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "blocks.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "insn.h"

uint32_t block_new(struct blocks *b)
{
	uint32_t room = b->room ? b->room * 2 : 256;

	if (b->n == b->room) {
		struct block *p = realloc(b->block, room * sizeof(*p));

		if (!p) {
			b->failed = true;
			return 0;
		}
		b->block = p;
		b->room = room;
	}
	b->block[b->n] = (struct block){ .next = { NO_BLOCK, NO_BLOCK }, .place = NO_BLOCK };
	return b->n++;
}

void block_put(struct blocks *b, uint32_t at, struct bpf_insn insn)
{
	uint32_t room = b->insn_room ? b->insn_room * 2 : 1024;

	if (b->insns == b->insn_room) {
		struct bpf_insn *p = realloc(b->insn, room * sizeof(*p));

		if (!p) {
			b->failed = true;
			return;
		}
		b->insn = p;
		b->insn_room = room;
	}
	if (!b->block[at].n)
		b->block[at].first = b->insns;
	b->block[at].owner = b->owner;
	b->insn[b->insns++] = insn;
	b->block[at].n++;
}

void block_goto(struct blocks *b, uint32_t at, uint32_t to)
{
	b->block[at].end = BLOCK_GOTO;
	b->block[at].next[0] = to;
}

void block_branch(struct blocks *b, uint32_t at, struct bpf_insn jump, uint32_t taken,
		  uint32_t otherwise)
{
	b->block[at].end = BLOCK_BRANCH;
	b->block[at].owner = b->owner;
	b->block[at].jump = jump;
	b->block[at].next[0] = otherwise;
	b->block[at].next[1] = taken;
}

void block_return(struct blocks *b, uint32_t at, uint32_t value)
{
	b->block[at].end = BLOCK_RETURN;
	b->block[at].owner = b->owner;
	b->block[at].value = value;
}

void block_exit(struct blocks *b, uint32_t at)
{
	b->block[at].end = BLOCK_EXIT;
}

uint32_t block_size(const struct block *at)
{
	static const uint8_t end[] = { [BLOCK_BRANCH] = 1, [BLOCK_RETURN] = 2, [BLOCK_EXIT] = 1 };

	return at->n + (at->end < sizeof(end) ? end[at->end] : 0);
}

void blocks_free(struct blocks *b)
{
	free(b->block);
	free(b->insn);
	memset(b, 0, sizeof(*b));
}

/* Where a jump to @at really ends: empty blocks that only go on are skipped. */
static uint32_t target(const struct blocks *b, uint32_t at)
{
	while (b->block[at].end == BLOCK_GOTO && !b->block[at].n)
		at = b->block[at].next[0];
	return at;
}

/* The opposite condition, or 0 where eBPF has none. */
static uint8_t inverse(uint8_t op)
{
	static const uint8_t pairs[][2] = {
		{ BPF_JEQ, BPF_JNE },	{ BPF_JGT, BPF_JLE },	{ BPF_JGE, BPF_JLT },
		{ BPF_JSGT, BPF_JSLE }, { BPF_JSGE, BPF_JSLT },
	};

	for (unsigned int i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++)
		for (int side = 0; side < 2; side++)
			if (pairs[i][side] == op)
				return pairs[i][!side];
	return 0;
}

struct layout {
	struct blocks *b;
	struct function *f;
	uint32_t *todo; /* blocks that somebody jumps to */
	uint32_t todos;
	uint32_t *patch; /* instruction and block, in pairs: jumps to be filled in */
	uint32_t patches;
};

static bool placed(const struct layout *l, uint32_t at)
{
	return l->b->block[at].place != NO_BLOCK;
}

static bool jump_to(struct layout *l, struct bpf_insn jump, uint32_t to)
{
	l->patch[l->patches++] = l->f->n;
	l->patch[l->patches++] = to;
	if (!placed(l, to))
		l->todo[l->todos++] = to;
	return function_put(l->f, jump);
}

/*
 * Place @at and what it runs on into, until that is placed already. A branch runs on into "not
 * taken": rules are there to pick the few.
 */
static bool place_chain(struct layout *l, uint32_t at)
{
	struct blocks *b = l->b;

	while (!placed(l, at)) {
		struct block *block = &b->block[at];
		uint32_t next, other;
		bool ok = true;

		block->place = l->f->n;
		for (uint32_t i = 0; i < block->n; i++)
			if (!function_put(l->f, b->insn[block->first + i]))
				return false;
		if (block->end == BLOCK_RETURN)
			return function_put(l->f, MOV32_K(BPF_REG_0, block->value)) &&
			       function_put(l->f, EXIT());
		if (block->end == BLOCK_EXIT)
			return function_put(l->f, EXIT());
		next = target(b, block->next[0]);
		if (block->end == BLOCK_BRANCH) {
			struct bpf_insn jump = block->jump;

			other = target(b, block->next[1]);
			if (placed(l, next) && !placed(l, other) && inverse(BPF_OP(jump.code))) {
				uint32_t swap = next;

				jump.code = BPF_CLASS(jump.code) | BPF_SRC(jump.code) |
					    inverse(BPF_OP(jump.code));
				next = other;
				other = swap;
			}
			if (other != next)
				ok = jump_to(l, jump, other);
		}
		if (ok && placed(l, next))
			ok = jump_to(l, JA(0), next);
		if (!ok)
			return false;
		at = next;
	}
	return true;
}

int blocks_layout(struct blocks *b, uint32_t entry, struct function *f)
{
	struct layout l = { .b = b, .f = f };
	int err = -ENOMEM;

	/* A block jumps twice at most. */
	l.todo = calloc(2 * b->n + 1, sizeof(*l.todo));
	l.patch = calloc(4 * b->n + 1, sizeof(*l.patch));
	if (!l.todo || !l.patch || b->failed)
		goto out;
	l.todo[l.todos++] = target(b, entry);
	while (l.todos)
		if (!place_chain(&l, l.todo[--l.todos]))
			goto out;
	err = 0;
	for (uint32_t i = 0; i < l.patches; i += 2) {
		int64_t off = (int64_t)b->block[l.patch[i + 1]].place - l.patch[i] - 1;

		if (off > INT16_MAX || off < INT16_MIN)
			err = -E2BIG;
		f->insn[l.patch[i]].off = off;
	}
out:
	free(l.todo);
	free(l.patch);
	return err;
}
