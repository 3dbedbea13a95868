/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* machine.h - the state while compiled rules are run outside of the kernel. */
#ifndef AFXDP_RULES_MACHINE_H
#define AFXDP_RULES_MACHINE_H

#include "answers.h"
#include "emit.h"

/* The dispatcher, a function of rules, a loop's turn. */
#define MACHINE_DEPTH 3
#define MACHINE_STACK 512

struct machine {
	const struct afxdp_rules *r;
	const struct afxdp_explain_frame *f;
	afxdp_explain_each *each;
	void *arg;
	struct xdp_md ctx; /* its address: loads from it are told apart */
	struct afxdp_parse parse;
	struct afxdp_gathered gathered;
	uint64_t stack[MACHINE_DEPTH][MACHINE_STACK / 8];
	uint32_t depth;
	int err;
};

/* machine.c: function @function with two arguments; what it returns. With m->err: nothing. */
uint64_t machine_run(struct machine *m, uint32_t function, uint64_t r1, uint64_t r2);

/* calls.c: what instruction @i calls, with @reg as the machine has them; puts r0 there. */
void machine_call(struct machine *m, const struct bpf_insn *i, uint64_t *reg);

/* machine.c: may @size bytes at @address be touched? Else m->err. */
bool machine_may(struct machine *m, uint64_t address, uint32_t size, bool write);

#endif
