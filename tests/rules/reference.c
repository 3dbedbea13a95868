/* SPDX-License-Identifier: GPL-2.0-only */
#include "reference.h"

#include <pcap/pcap.h>
#include <stdio.h>
#include <stdlib.h>

struct reference {
	struct bpf_program program;
};

struct reference *reference_make(const char *text, char *err, size_t errlen)
{
	struct reference *r = calloc(1, sizeof(*r));
	pcap_t *pcap = pcap_open_dead(DLT_EN10MB, 262144);

	if (!r || !pcap)
		abort();
	/* Not optimised: libpcap's optimiser makes mistakes of its own. */
	if (pcap_compile(pcap, &r->program, text, 0, PCAP_NETMASK_UNKNOWN)) {
		snprintf(err, errlen, "%s", pcap_geterr(pcap));
		free(r);
		r = NULL;
	}
	pcap_close(pcap);
	for (unsigned int i = 0; r && i < r->program.bf_len; i++) {
		/* Beside the frame (SKF_AD_OFF): tcpdump -r does not take that either. */
		if (r->program.bf_insns[i].k < 0xfffff000 ||
		    BPF_CLASS(r->program.bf_insns[i].code) != BPF_LD ||
		    BPF_MODE(r->program.bf_insns[i].code) != BPF_ABS)
			continue;
		snprintf(err, errlen, "it asks for what is not in a frame");
		reference_free(r);
		r = NULL;
	}
	return r;
}

void reference_free(struct reference *r)
{
	if (!r)
		return;
	pcap_freecode(&r->program);
	free(r);
}

unsigned int reference_size(const struct reference *r)
{
	return r->program.bf_len;
}

static bool load(const uint8_t *p, uint32_t len, uint64_t at, uint32_t size, uint32_t *out)
{
	if (at + size > len)
		return false;
	*out = 0;
	for (uint32_t i = 0; i < size; i++)
		*out = *out << 8 | p[at + i];
	return true;
}

static uint32_t alu(const struct bpf_insn *i, uint32_t a, uint32_t b)
{
	switch (BPF_OP(i->code)) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return a / b;
	case BPF_MOD:
		return a % b;
	case BPF_AND:
		return a & b;
	case BPF_OR:
		return a | b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return b < 32 ? a << b : 0;
	case BPF_RSH:
		return b < 32 ? a >> b : 0;
	}
	return -a;
}

static bool jump(const struct bpf_insn *i, uint32_t a, uint32_t b)
{
	switch (BPF_OP(i->code)) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	}
	return a & b;
}

/* An interpreter of its own, which notices what libpcap's does not: that a program goes on for
 * ever, or reads scratch memory that was never written. */
int reference_match(const struct reference *r, const uint8_t *p, uint32_t len)
{
	uint32_t a = 0, x = 0, b, mem[BPF_MEMWORDS] = { 0 }, written = 0;
	const struct bpf_insn *i = r->program.bf_insns;

	for (uint32_t steps = 0; steps < 1000000; steps++, i++) {
		b = BPF_SRC(i->code) == BPF_X ? x : i->k;
		switch (BPF_CLASS(i->code)) {
		case BPF_LD:
		case BPF_LDX: {
			uint32_t *to = BPF_CLASS(i->code) == BPF_LD ? &a : &x,
				 size = BPF_SIZE(i->code);
			uint64_t at = i->k;

			size = size == BPF_W ? 4 : size == BPF_H ? 2 : 1;
			if (BPF_MODE(i->code) == BPF_IMM) {
				*to = i->k;
			} else if (BPF_MODE(i->code) == BPF_LEN) {
				*to = len;
			} else if (BPF_MODE(i->code) == BPF_MEM) {
				if (!(written & 1u << i->k))
					return -1;
				*to = mem[i->k];
			} else {
				at += BPF_MODE(i->code) == BPF_IND ? x : 0;
				if (!load(p, len, at, size, to))
					return 0;
				if (BPF_MODE(i->code) == BPF_MSH)
					*to = (*to & 0xf) << 2;
			}
			break;
		}
		case BPF_ST:
		case BPF_STX:
			mem[i->k] = BPF_CLASS(i->code) == BPF_ST ? a : x;
			written |= 1u << i->k;
			break;
		case BPF_ALU:
			if ((BPF_OP(i->code) == BPF_DIV || BPF_OP(i->code) == BPF_MOD) && !b)
				return 0;
			a = alu(i, a, b);
			break;
		case BPF_JMP:
			if (BPF_OP(i->code) == BPF_JA)
				i += (int)i->k;
			else
				i += jump(i, a, b) ? i->jt : i->jf;
			break;
		case BPF_MISC:
			if (BPF_MISCOP(i->code) == BPF_TAX)
				x = a;
			else
				a = x;
			break;
		case BPF_RET:
			return (BPF_RVAL(i->code) == BPF_A ? a : i->k) != 0;
		}
	}
	return -1;
}
