/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* insn.h - eBPF instructions by name: Documentation/bpf/standardization/instruction-set.rst. */
#ifndef AFXDP_RULES_INSN_H
#define AFXDP_RULES_INSN_H

#include <linux/bpf.h>

#define INSN(c, d, s, o, i) \
	((struct bpf_insn){ .code = (c), .dst_reg = (d), .src_reg = (s), .off = (o), .imm = (i) })

#define ALU64_K(op, d, k) INSN(BPF_ALU64 | BPF_K | (op), d, 0, 0, k)
#define ALU64_X(op, d, s) INSN(BPF_ALU64 | BPF_X | (op), d, s, 0, 0)
#define ALU32_K(op, d, k) INSN(BPF_ALU | BPF_K | (op), d, 0, 0, k)
#define ALU32_X(op, d, s) INSN(BPF_ALU | BPF_X | (op), d, s, 0, 0)
#define MOV64(d, s)	  ALU64_X(BPF_MOV, d, s)
#define MOV64_K(d, k)	  ALU64_K(BPF_MOV, d, k)
#define MOV32_K(d, k)	  ALU32_K(BPF_MOV, d, k)
#define TO_BE(d, bits)	  INSN(BPF_ALU | BPF_END | BPF_TO_BE, d, 0, 0, bits)

#define LDX(size, d, s, o)  INSN(BPF_LDX | BPF_MEM | (size), d, s, o, 0)
#define STX(size, d, o, s)  INSN(BPF_STX | BPF_MEM | (size), d, s, o, 0)
#define ST_K(size, d, o, k) INSN(BPF_ST | BPF_MEM | (size), d, 0, o, k)

/* A 64-bit constant takes two. */
#define LD_IMM64_LOW(d, s, k) INSN(BPF_LD | BPF_DW | BPF_IMM, d, s, 0, k)
#define LD_IMM64_HIGH(k)      INSN(0, 0, 0, 0, k)

#define JA(o)		  INSN(BPF_JMP | BPF_JA, 0, 0, o, 0)
#define JMP64_K(op, d, k) INSN(BPF_JMP | BPF_K | (op), d, 0, 0, k)
#define JMP64_X(op, d, s) INSN(BPF_JMP | BPF_X | (op), d, s, 0, 0)
#define JMP32_K(op, d, k) INSN(BPF_JMP32 | BPF_K | (op), d, 0, 0, k)
#define JMP32_X(op, d, s) INSN(BPF_JMP32 | BPF_X | (op), d, s, 0, 0)

#define CALL_HELPER(f)	 INSN(BPF_JMP | BPF_CALL, 0, 0, 0, f)
#define CALL_SYMBOL(sym) INSN(BPF_JMP | BPF_CALL, 0, BPF_PSEUDO_CALL, 0, sym)
#define EXIT()		 INSN(BPF_JMP | BPF_EXIT, 0, 0, 0, 0)

#endif
