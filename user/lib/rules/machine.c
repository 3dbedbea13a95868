/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * machine.c - compiled rules run outside of the kernel, each instruction told.
 *
 * Pointers are ours, and every access is checked: a program that the verifier would refuse is no
 * danger here either. What the linker puts in later, the calls, are carried out by calls.c.
 */
#include "machine.h"

#include <byteswap.h>
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "disasm.h"

/* What addresses are in. */
struct region {
	const char *name;
	uint64_t from, size;
	bool writable;
};

#define REGIONS 4

static void regions(const struct machine *m, struct region r[REGIONS])
{
	r[0] = (struct region){ "frame", (uintptr_t)m->f->byte, m->f->len, false };
	r[1] = (struct region){ "parse", (uintptr_t)&m->parse, sizeof(m->parse), false };
	r[2] = (struct region){ "copy", (uintptr_t)&m->gathered, sizeof(m->gathered), false };
	r[3] = (struct region){ "stack", (uintptr_t)m->stack, sizeof(m->stack), true };
}

bool machine_may(struct machine *m, uint64_t address, uint32_t size, bool write)
{
	struct region r[REGIONS];

	regions(m, r);
	for (int i = 0; i < REGIONS; i++)
		if (address - r[i].from < r[i].size && r[i].size - (address - r[i].from) >= size &&
		    (!write || r[i].writable))
			return true;
	m->err = -EFAULT;
	return false;
}

/* ---- One instruction ---- */

static uint32_t size_of(uint8_t code)
{
	return BPF_SIZE(code) == BPF_DW	 ? 8
	       : BPF_SIZE(code) == BPF_W ? 4
	       : BPF_SIZE(code) == BPF_H ? 2
					 : 1;
}

static uint64_t read_memory(struct machine *m, uint64_t address, uint32_t size)
{
	uint64_t n = 0;
	uint32_t word;
	uint16_t half;

	/* The kernel makes pointers of these two. */
	if (address == (uintptr_t)&m->ctx.data)
		return (uintptr_t)m->f->byte;
	if (address == (uintptr_t)&m->ctx.data_end)
		return (uintptr_t)m->f->byte + m->f->len;
	if (!machine_may(m, address, size, false))
		return 0;
	switch (size) {
	case 8:
		memcpy(&n, (const void *)address, 8);
		return n;
	case 4:
		memcpy(&word, (const void *)address, 4);
		return word;
	case 2:
		memcpy(&half, (const void *)address, 2);
		return half;
	}
	return *(const uint8_t *)address;
}

static void write_memory(struct machine *m, uint64_t address, uint32_t size, uint64_t n)
{
	if (!machine_may(m, address, size, true))
		return;
	n = htole64(n);
	memcpy((void *)address, &n, size);
}

static uint64_t alu64(uint8_t op, uint64_t a, uint64_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return a << (b & 63);
	case BPF_RSH:
		return a >> (b & 63);
	}
	return b;
}

static uint32_t alu32(uint8_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_NEG:
		return -a;
	case BPF_MOV:
		return b;
	case BPF_DIV:
		return b ? a / b : 0;
	case BPF_MOD:
		return b ? a % b : a;
	case BPF_LSH:
	case BPF_RSH:
		b &= 31;
		break;
	}
	return alu_fold(op, a, b);
}

static void alu(const struct bpf_insn *i, uint64_t *reg)
{
	uint64_t b = BPF_SRC(i->code) == BPF_X ? reg[i->src_reg] : (uint64_t)i->imm;
	uint64_t *d = &reg[i->dst_reg];

	if (BPF_OP(i->code) == BPF_END)
		*d = i->imm == 16 ? be16toh(*d) : be32toh(*d);
	else if (BPF_CLASS(i->code) == BPF_ALU64)
		*d = alu64(BPF_OP(i->code), *d, b);
	else
		*d = alu32(BPF_OP(i->code), *d, b);
}

static bool jumps(const struct bpf_insn *i, const uint64_t *reg)
{
	uint64_t a = reg[i->dst_reg],
		 b = BPF_SRC(i->code) == BPF_X ? reg[i->src_reg] : (uint64_t)i->imm;

	if (BPF_CLASS(i->code) == BPF_JMP32) {
		a = (uint32_t)a;
		b = (uint32_t)b;
	}
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	case BPF_JLT:
		return a < b;
	case BPF_JLE:
		return a <= b;
	case BPF_JSLT:
		return (int64_t)a < (int64_t)b;
	case BPF_JSET:
		return a & b;
	}
	return true;
}

static uint64_t wide(const struct bpf_insn *i)
{
	if (i->src_reg == BPF_PSEUDO_FUNC)
		return (uint32_t)i->imm - SYMBOL_OWN;
	return (uint64_t)(uint32_t)i[1].imm << 32 | (uint32_t)i->imm;
}

/* ---- Telling ---- */

static void say_register(const struct machine *m, int number, uint64_t n, char *said, size_t size)
{
	struct region r[REGIONS];

	regions(m, r);
	if (n == (uintptr_t)&m->ctx) {
		snprintf(said, size, "r%d = ctx", number);
		return;
	}
	for (int i = 0; i < REGIONS; i++) {
		/* One behind the end is an end. */
		if (n - r[i].from > r[i].size)
			continue;
		snprintf(said, size, "r%d = %s + %" PRIu64, number, r[i].name, n - r[i].from);
		return;
	}
	snprintf(said, size, "r%d = 0x%" PRIx64, number, n);
}

static void say(const struct machine *m, const struct bpf_insn *i, const uint64_t *reg, bool jumped,
		char *said, size_t size)
{
	bool jump = BPF_CLASS(i->code) == BPF_JMP || BPF_CLASS(i->code) == BPF_JMP32;

	if (BPF_CLASS(i->code) == BPF_ST || BPF_CLASS(i->code) == BPF_STX)
		return;
	if (!jump)
		say_register(m, i->dst_reg, reg[i->dst_reg], said, size);
	else if (BPF_OP(i->code) == BPF_CALL || BPF_OP(i->code) == BPF_EXIT)
		say_register(m, 0, reg[0], said, size);
	else if (BPF_OP(i->code) != BPF_JA)
		snprintf(said, size, jumped ? "yes" : "no");
}

static void one(struct machine *m, const struct bpf_insn *i, uint64_t *reg)
{
	switch (BPF_CLASS(i->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		alu(i, reg);
		break;
	case BPF_LDX:
		reg[i->dst_reg] = read_memory(m, reg[i->src_reg] + i->off, size_of(i->code));
		break;
	case BPF_STX:
		write_memory(m, reg[i->dst_reg] + i->off, size_of(i->code), reg[i->src_reg]);
		break;
	case BPF_ST:
		write_memory(m, reg[i->dst_reg] + i->off, size_of(i->code), i->imm);
		break;
	case BPF_LD:
		reg[i->dst_reg] = wide(i);
		break;
	}
}

/* Instruction @at of @function. Return: the one that follows. */
static uint32_t step(struct machine *m, uint32_t function, uint32_t at, uint64_t *reg)
{
	const struct bpf_insn *i = &m->r->program.function[function].insn[at];
	struct afxdp_explain_step s = { .function = function, .number = at, .said = "" };
	bool jump = BPF_CLASS(i->code) == BPF_JMP || BPF_CLASS(i->code) == BPF_JMP32;
	bool call = jump && BPF_OP(i->code) == BPF_CALL, jumped = false;

	disasm(m->r, function, at, s.text, sizeof(s.text));
	if (call)
		machine_call(m, i, reg);
	else if (jump)
		jumped = BPF_OP(i->code) != BPF_EXIT && jumps(i, reg);
	else
		one(m, i, reg);
	say(m, i, reg, jumped, s.said, sizeof(s.said));
	if (!m->err)
		m->err = m->each(m->arg, &s);
	return at + 1 + insn_is_wide(i) + (jumped ? i->off : 0);
}

uint64_t machine_run(struct machine *m, uint32_t function, uint64_t r1, uint64_t r2)
{
	uint64_t reg[11] = { [1] = r1, [2] = r2 };
	const struct function *f;
	uint32_t at = 0;

	if (function >= m->r->program.functions || m->depth == MACHINE_DEPTH) {
		m->err = -EFAULT;
		return 0;
	}
	f = &m->r->program.function[function];
	reg[10] = (uintptr_t)m->stack[m->depth++] + MACHINE_STACK;
	while (!m->err) {
		if (at >= f->n) {
			m->err = -EFAULT;
			break;
		}
		if (f->insn[at].code == (BPF_JMP | BPF_EXIT)) {
			step(m, function, at, reg);
			break;
		}
		at = step(m, function, at, reg);
	}
	m->depth--;
	return reg[0];
}

/* All instructions, whoever meets them. */
static int list(const struct afxdp_rules *r, afxdp_explain_each *each, void *arg)
{
	int ret = 0;

	for (uint32_t f = 0; f < r->program.functions; f++) {
		const struct function *function = &r->program.function[f];

		for (uint32_t i = 0; i < function->n && !ret;
		     i += 1 + insn_is_wide(&function->insn[i])) {
			struct afxdp_explain_step s = { .function = f, .number = i };

			disasm(r, f, i, s.text, sizeof(s.text));
			ret = each(arg, &s);
		}
	}
	return ret;
}

int afxdp_explain_code(const struct afxdp_rules *r, const struct afxdp_explain_frame *f,
		       afxdp_explain_each *each, void *arg, struct afxdp_explain_outcome *out)
{
	struct machine m = { .r = r, .f = f, .each = each, .arg = arg };
	uint32_t class;

	*out = (struct afxdp_explain_outcome){ .matches = false };
	if (!f->byte)
		return list(r, each, arg);
	m.parse.length = f->len;
	class = machine_run(&m, 0, (uintptr_t)&m.ctx, (uintptr_t)&m.parse);
	out->answer = (struct afxdp_trial_answer){ AFXDP_CLASS_VERDICT(class),
						   AFXDP_CLASS_RULE(class) };
	out->decides = out->matches = out->answer.rule != AFXDP_RULE_DEFAULT;
	return m.err;
}
