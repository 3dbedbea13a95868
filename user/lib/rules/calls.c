/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* calls.c - what compiled rules call, outside of the kernel: bpf/load.h, inner.h, set.h, actions.h.
 */
#include <errno.h>
#include <string.h>
#include "machine.h"

static uint64_t load(struct machine *m, uint64_t place, uint32_t size)
{
	uint32_t n;

	return answer_load(m->f, place, size, &n) ? n : UINT64_MAX;
}

static uint64_t gather(struct machine *m)
{
	uint32_t n = m->f->len < AFXDP_GATHERED ? m->f->len : AFXDP_GATHERED;

	memcpy(m->gathered.byte, m->f->byte, n);
	m->gathered.length = m->f->len;
	return 0;
}

static uint32_t limited_rule(struct machine *m, uint64_t address)
{
	if (!machine_may(m, address, sizeof(struct afxdp_limited), false))
		return 0;
	return ((const struct afxdp_limited *)address)->rule & ~AFXDP_LIMIT_BYTES;
}

static uint64_t look_up(struct machine *m, uint32_t symbol, const uint64_t *reg)
{
	uint32_t set = symbol / SET_COPIES;

	if (set >= m->r->sets) {
		m->err = -EFAULT;
		return 0;
	}
	switch (symbol % SET_COPIES + SYMBOL_SET4) {
	case SYMBOL_SET4:
		return answer_set4(m->r, set, reg[1]);
	case SYMBOL_SET6:
		return answer_set6(m->r, set, m->f, (uint32_t)reg[3]);
	case SYMBOL_RANK4:
		return answer_rank(m->r, set, reg[1]);
	case SYMBOL_KEY:
		return answer_key(m->r, set, reg[1]);
	}
	m->err = -EFAULT;
	return 0;
}

static uint64_t symbol(struct machine *m, uint32_t symbol, const uint64_t *reg)
{
	if (symbol >= SYMBOL_IN_SET)
		return look_up(m, symbol - SYMBOL_IN_SET, reg);
	if (symbol >= SYMBOL_OWN)
		return machine_run(m, symbol - SYMBOL_OWN, reg[1], reg[2]);
	switch (symbol) {
	case SYMBOL_LOAD:
		return load(m, reg[3], reg[4]);
	case SYMBOL_GATHER:
		return gather(m);
	case SYMBOL_INNER:
		return answer_inner(m->f);
	case SYMBOL_COUNT:
		return 0;
	case SYMBOL_SAMPLE:
		return answer_acted(m->f, reg[2]);
	case SYMBOL_LIMIT:
		return answer_acted(m->f, (uint32_t)reg[3] & ~AFXDP_LIMIT_BYTES);
	case SYMBOL_LIMIT_SOURCE:
		return answer_acted(m->f, limited_rule(m, reg[3]));
	}
	m->err = -EFAULT;
	return 0;
}

/* bpf_loop(): r1 turns of function r2, with r3. */
static uint64_t loop(struct machine *m, const uint64_t *reg)
{
	uint64_t turn;

	for (turn = 0; turn < reg[1] && !m->err; turn++)
		if (machine_run(m, reg[2], turn, reg[3]))
			return turn + 1;
	return turn;
}

void machine_call(struct machine *m, const struct bpf_insn *i, uint64_t *reg)
{
	if (i->src_reg == BPF_PSEUDO_CALL)
		reg[0] = symbol(m, i->imm, reg);
	else if (i->imm == BPF_FUNC_loop)
		reg[0] = loop(m, reg);
	else
		reg[0] = (uintptr_t)&m->gathered;
}
