/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * loop.c - the loop of `protochain` as a function for bpf_loop().
 *
 * One call is one turn. The classic registers live in the caller's stack frame between turns; every
 * load is a call of the helper that knows all kinds of frames. Slow beside the rest, and rare.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include "emit.h"

#define R_LOOP BPF_REG_6
#define R_A    BPF_REG_7
#define R_X    BPF_REG_8

#define CBPF_MISCOP(code) ((code)&0xf8)

struct turn {
	struct program *p;
	uint32_t function;
	const struct cbpf *code;
	const struct loop *l;
	uint32_t *place; /* of each classic instruction */
	uint32_t *patch; /* pairs: instruction, classic target; room for two jumps each */
	uint32_t patches;
	bool failed;
};

/* Ends of a turn that are no instruction of the loop: targets past the last one. */
#define TURN_AGAIN(t)	((t)->l->end + 1)
#define TURN_EXIT(t, e) ((t)->l->end + 2 + (e))
#define TURN_TARGETS(l) ((l)->end - (l)->head + 2 + LOOP_EXITS + 1)
#define TURN_GIVE_UP(t) TURN_EXIT(t, LOOP_EXITS)

static struct function *function_of(struct turn *t)
{
	return &t->p->function[t->function];
}

static void put(struct turn *t, struct bpf_insn insn)
{
	if (!function_put(function_of(t), insn))
		t->failed = true;
}

/* Where a jump to classic instruction @pc goes, in numbers of this file. */
static uint32_t where(const struct turn *t, uint32_t pc)
{
	if (pc == t->l->head)
		return TURN_AGAIN(t);
	for (uint32_t e = 0; e < t->l->exits; e++)
		if (t->l->exit[e].pc == pc)
			return TURN_EXIT(t, e);
	return pc;
}

static void jump(struct turn *t, struct bpf_insn insn, uint32_t to)
{
	t->patch[t->patches++] = function_of(t)->n;
	t->patch[t->patches++] = to;
	put(t, insn);
}

static void put_load(struct turn *t, const struct cbpf *i)
{
	uint32_t size = BPF_SIZE(i->code) == BPF_W ? 4 : BPF_SIZE(i->code) == BPF_H ? 2 : 1;
	bool msh = BPF_MODE(i->code) == BPF_MSH;

	put(t, LDX(BPF_DW, BPF_REG_1, R_LOOP, LOOP_CTX));
	put(t, LDX(BPF_DW, BPF_REG_2, R_LOOP, LOOP_PARSE));
	put(t, MOV32_K(BPF_REG_3, i->k));
	if (BPF_MODE(i->code) == BPF_IND)
		put(t, ALU64_X(BPF_ADD, BPF_REG_3, R_X));
	put(t, MOV32_K(BPF_REG_4, size));
	put(t, CALL_SYMBOL(SYMBOL_LOAD));
	jump(t, JMP64_K(BPF_JSLT, BPF_REG_0, 0), TURN_GIVE_UP(t));
	put(t, MOV64(msh ? R_X : R_A, BPF_REG_0));
	if (msh) {
		put(t, ALU32_K(BPF_AND, R_X, 0xf));
		put(t, ALU32_K(BPF_LSH, R_X, 2));
	}
}

static void put_ld(struct turn *t, const struct cbpf *i)
{
	uint8_t reg = BPF_CLASS(i->code) == BPF_LD ? R_A : R_X;

	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		put(t, MOV32_K(reg, i->k));
		break;
	case BPF_MEM:
		put(t, LDX(BPF_W, reg, R_LOOP, LOOP_REG(REG_MEM + i->k)));
		break;
	default:
		put_load(t, i);
	}
}

static void put_alu(struct turn *t, const struct cbpf *i)
{
	uint8_t op = BPF_OP(i->code);

	if (op == BPF_NEG)
		put(t, INSN(BPF_ALU | BPF_NEG, R_A, 0, 0, 0));
	else if (BPF_SRC(i->code) == BPF_X)
		put(t, ALU32_X(op, R_A, R_X));
	else
		put(t, ALU32_K(op, R_A, i->k));
}

static void put_branch(struct turn *t, const struct cbpf *i, uint32_t pc)
{
	uint8_t op = BPF_OP(i->code);

	if (op == BPF_JA) {
		jump(t, JA(0), where(t, pc + 1 + i->k));
		return;
	}
	if (BPF_SRC(i->code) == BPF_X)
		jump(t, JMP32_X(op, R_A, R_X), where(t, pc + 1 + i->jt));
	else
		jump(t, JMP32_K(op, R_A, i->k), where(t, pc + 1 + i->jt));
	jump(t, JA(0), where(t, pc + 1 + i->jf));
}

static void put_one(struct turn *t, uint32_t pc)
{
	const struct cbpf *i = &t->code[pc];

	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
	case BPF_LDX:
		put_ld(t, i);
		break;
	case BPF_ST:
	case BPF_STX:
		put(t, STX(BPF_W, R_LOOP, LOOP_REG(REG_MEM + i->k),
			   BPF_CLASS(i->code) == BPF_ST ? R_A : R_X));
		break;
	case BPF_ALU:
		put_alu(t, i);
		break;
	case BPF_JMP:
		put_branch(t, i, pc);
		break;
	default:
		if (CBPF_MISCOP(i->code))
			put(t, MOV64(R_A, R_X));
		else
			put(t, MOV64(R_X, R_A));
	}
}

/* Keep the registers, say @code in LOOP_EXITED, and end this turn; @last: there is no other. */
static void put_end(struct turn *t, uint32_t code, bool last)
{
	if (last)
		put(t, ST_K(BPF_W, R_LOOP, LOOP_EXITED, code));
	put(t, STX(BPF_W, R_LOOP, LOOP_REG(REG_A), R_A));
	put(t, STX(BPF_W, R_LOOP, LOOP_REG(REG_X), R_X));
	put(t, MOV64_K(BPF_REG_0, last));
	put(t, EXIT());
}

/* Shifts by, and divisions through, a register of unknown content differ between the two machines;
 * libpcap's loops have none. */
static bool supported(const struct cbpf *i)
{
	uint8_t op = BPF_OP(i->code);

	if (BPF_CLASS(i->code) == BPF_LD || BPF_CLASS(i->code) == BPF_LDX)
		return BPF_MODE(i->code) != BPF_LEN;
	if (BPF_CLASS(i->code) != BPF_ALU)
		return true;
	if (op == BPF_DIV || op == BPF_MOD)
		return BPF_SRC(i->code) == BPF_K && i->k;
	if (op == BPF_LSH || op == BPF_RSH)
		return BPF_SRC(i->code) == BPF_K && i->k < 32;
	return true;
}

static void put_turn(struct turn *t)
{
	const struct loop *l = t->l;

	put(t, MOV64(R_LOOP, BPF_REG_2));
	put(t, LDX(BPF_W, R_A, R_LOOP, LOOP_REG(REG_A)));
	put(t, LDX(BPF_W, R_X, R_LOOP, LOOP_REG(REG_X)));
	for (uint32_t pc = l->head; pc <= l->end; pc++) {
		t->place[pc - l->head] = function_of(t)->n;
		put_one(t, pc);
	}
	t->place[TURN_AGAIN(t) - l->head] = function_of(t)->n;
	put_end(t, 0, false);
	for (uint32_t e = 0; e < l->exits; e++) {
		t->place[TURN_EXIT(t, e) - l->head] = function_of(t)->n;
		put_end(t, e + 1, true);
	}
	t->place[TURN_GIVE_UP(t) - l->head] = function_of(t)->n;
	put_end(t, 0, true);
}

int loop_function(struct program *p, const struct cbpf *code, const struct loop *l)
{
	struct turn t = { .p = p, .code = code, .l = l, .function = p->functions };
	int err = -ENOMEM;

	for (uint32_t pc = l->head; pc <= l->end; pc++)
		if (!supported(&code[pc]))
			return -EINVAL;
	if (!program_add(p, FUNCTION_LOOP))
		return -ENOMEM;
	t.place = calloc(TURN_TARGETS(l), sizeof(*t.place));
	t.patch = calloc((l->end - l->head + 1) * 4, sizeof(*t.patch));
	if (!t.place || !t.patch)
		goto out;
	put_turn(&t);
	if (t.failed)
		goto out;
	for (uint32_t i = 0; i < t.patches; i += 2) {
		uint32_t from = t.patch[i], to = t.place[t.patch[i + 1] - l->head];

		function_of(&t)->insn[from].off = to - from - 1;
	}
	err = t.function;
out:
	free(t.patch);
	free(t.place);
	return err;
}
