/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* disasm.h - compiled rules as text, before they are linked. */
#ifndef AFXDP_RULES_DISASM_H
#define AFXDP_RULES_DISASM_H

#include "internal.h"

/* Does the instruction take two places? */
static inline bool insn_is_wide(const struct bpf_insn *i)
{
	return i->code == (BPF_LD | BPF_DW | BPF_IMM);
}

/** disasm() - instruction @at of function @function of @r, as bpftool would write it, with names of
 * what it calls. */
void disasm(const struct afxdp_rules *r, uint32_t function, uint32_t at, char *text, size_t size);

#endif
