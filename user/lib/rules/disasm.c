/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "disasm.h"

#include <inttypes.h>
#include <stdio.h>

static const char *const functions[SYMBOLS] = {
	[SYMBOL_LOAD] = "afxdp_load",	  [SYMBOL_GATHER] = "afxdp_gather",
	[SYMBOL_INNER] = "afxdp_inner",	  [SYMBOL_COUNT] = "afxdp_count",
	[SYMBOL_LIMIT] = "afxdp_limit",	  [SYMBOL_LIMIT_SOURCE] = "afxdp_limit_source",
	[SYMBOL_SAMPLE] = "afxdp_sample",
};

static const char *const lookups[SET_COPIES] = {
	[SYMBOL_SET4 - SYMBOL_SET4] = "afxdp_set4",
	[SYMBOL_SET6 - SYMBOL_SET4] = "afxdp_set6",
	[SYMBOL_SET_FIND - SYMBOL_SET4] = "afxdp_set_find",
	[SYMBOL_RANK4 - SYMBOL_SET4] = "afxdp_rank4",
	[SYMBOL_KEY - SYMBOL_SET4] = "afxdp_key",
};

static const char *alu_op(uint8_t code)
{
	switch (BPF_OP(code)) {
	case BPF_ADD:
		return "+=";
	case BPF_SUB:
		return "-=";
	case BPF_MUL:
		return "*=";
	case BPF_DIV:
		return "/=";
	case BPF_MOD:
		return "%=";
	case BPF_OR:
		return "|=";
	case BPF_AND:
		return "&=";
	case BPF_XOR:
		return "^=";
	case BPF_LSH:
		return "<<=";
	case BPF_RSH:
		return ">>=";
	}
	return "=";
}

static const char *jump_op(uint8_t code)
{
	switch (BPF_OP(code)) {
	case BPF_JEQ:
		return "==";
	case BPF_JNE:
		return "!=";
	case BPF_JGT:
		return ">";
	case BPF_JGE:
		return ">=";
	case BPF_JLT:
		return "<";
	case BPF_JLE:
		return "<=";
	case BPF_JSLT:
		return "s<";
	}
	return "&";
}

static const char *size_type(uint8_t code)
{
	return BPF_SIZE(code) == BPF_DW	 ? "u64"
	       : BPF_SIZE(code) == BPF_W ? "u32"
	       : BPF_SIZE(code) == BPF_H ? "u16"
					 : "u8";
}

static void operand(const struct bpf_insn *i, char reg, char *text, size_t size)
{
	if (BPF_SRC(i->code) == BPF_X)
		snprintf(text, size, "%c%d", reg, i->src_reg);
	else if (i->imm > -4096 && i->imm < 10)
		snprintf(text, size, "%d", i->imm);
	else
		snprintf(text, size, "0x%x", i->imm);
}

static void alu(const struct bpf_insn *i, char *text, size_t size)
{
	char reg = BPF_CLASS(i->code) == BPF_ALU64 ? 'r' : 'w', other[16];

	operand(i, reg, other, sizeof(other));
	if (BPF_OP(i->code) == BPF_END)
		snprintf(text, size, "r%d = be%d r%d", i->dst_reg, i->imm, i->dst_reg);
	else if (BPF_OP(i->code) == BPF_NEG)
		snprintf(text, size, "%c%d = -%c%d", reg, i->dst_reg, reg, i->dst_reg);
	else
		snprintf(text, size, "%c%d %s %s", reg, i->dst_reg, alu_op(i->code), other);
}

static void call(const struct afxdp_rules *r, const struct bpf_insn *i, char *text, size_t size)
{
	uint32_t symbol = i->imm, set = (symbol - SYMBOL_IN_SET) / SET_COPIES;

	if (i->src_reg != BPF_PSEUDO_CALL)
		snprintf(text, size, "call %s",
			 i->imm == BPF_FUNC_loop ? "bpf_loop" : "bpf_map_lookup_elem");
	else if (symbol >= SYMBOL_IN_SET)
		snprintf(text, size, "call %s in %s",
			 lookups[(symbol - SYMBOL_IN_SET) % SET_COPIES],
			 set < r->sets ? r->set[set]->name : "?");
	else if (symbol >= SYMBOL_OWN)
		snprintf(text, size, "call function %u", symbol - SYMBOL_OWN);
	else
		snprintf(text, size, "call %s", functions[symbol] ?: "?");
}

static void jump(const struct afxdp_rules *r, const struct bpf_insn *i, uint32_t at, char *text,
		 size_t size)
{
	char reg = BPF_CLASS(i->code) == BPF_JMP ? 'r' : 'w', other[16];
	uint32_t to = at + 1 + i->off;

	switch (BPF_OP(i->code)) {
	case BPF_EXIT:
		snprintf(text, size, "exit");
		return;
	case BPF_CALL:
		call(r, i, text, size);
		return;
	case BPF_JA:
		snprintf(text, size, "goto %u", to);
		return;
	}
	operand(i, reg, other, sizeof(other));
	snprintf(text, size, "if %c%d %s %s goto %u", reg, i->dst_reg, jump_op(i->code), other, to);
}

static void wide(const struct bpf_insn *i, char *text, size_t size)
{
	if (i->src_reg == BPF_PSEUDO_FUNC)
		snprintf(text, size, "r%d = function %u", i->dst_reg, i->imm - SYMBOL_OWN);
	else if (i->src_reg)
		snprintf(text, size, "r%d = map gathered", i->dst_reg);
	else
		snprintf(text, size, "r%d = 0x%" PRIx64, i->dst_reg,
			 (uint64_t)(uint32_t)i[1].imm << 32 | (uint32_t)i->imm);
}

void disasm(const struct afxdp_rules *r, uint32_t function, uint32_t at, char *text, size_t size)
{
	const struct bpf_insn *i = &r->program.function[function].insn[at];

	switch (BPF_CLASS(i->code)) {
	case BPF_ALU:
	case BPF_ALU64:
		alu(i, text, size);
		break;
	case BPF_JMP:
	case BPF_JMP32:
		jump(r, i, at, text, size);
		break;
	case BPF_LDX:
		snprintf(text, size, "r%d = *(%s *)(r%d %+d)", i->dst_reg, size_type(i->code),
			 i->src_reg, i->off);
		break;
	case BPF_STX:
		snprintf(text, size, "*(%s *)(r%d %+d) = r%d", size_type(i->code), i->dst_reg,
			 i->off, i->src_reg);
		break;
	case BPF_ST:
		snprintf(text, size, "*(%s *)(r%d %+d) = %d", size_type(i->code), i->dst_reg,
			 i->off, i->imm);
		break;
	default:
		wide(i, text, size);
	}
}
