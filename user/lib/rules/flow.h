/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* flow.h - what can be said of a classic program before it is run. */
#ifndef AFXDP_RULES_FLOW_H
#define AFXDP_RULES_FLOW_H

#include <linux/bpf.h>
#include "graph.h"

/* What classic BPF alone has; linux/bpf_common.h defines the rest. */
#define CBPF_TAX	  0x00
#define CBPF_TXA	  0x80
#define CBPF_MISCOP(code) ((code)&0xf8)
#define CBPF_RVAL(code)	  ((code)&0x18)
#define CBPF_A		  0x10

#define BIT(n) (1u << (n))

struct flow {
	const struct cbpf *code;
	uint32_t len;
	struct graph *g;    /* its loops are put here */
	uint32_t *loop_ids; /* the next loop's number, counted over all graphs */
	uint32_t *live;	    /* registers that matter, per instruction */
	uint32_t *loop_at;  /* per instruction: index + 1 of the loop that it heads */
	const char *why;
};

/**
 * flow_find() - fill @w->live, @w->loop_at and the loops of @w->g.
 *
 * Return: 0; -EINVAL with @w->why what is not understood; -ENOMEM. flow_free() in any case.
 */
int flow_find(struct flow *w);
void flow_free(struct flow *w);

/* Jump targets of the instruction at @pc; both the same where it does not branch. */
void flow_targets(const struct cbpf *i, uint32_t pc, uint32_t *t, uint32_t *f);

#endif
