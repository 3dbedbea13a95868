/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `drop udp dst port 4000`, `default pass`, as one would write it: the XDP program with this in
 * the place of compiled rules.
 */
#include "../../bpf/config.h"
#include "../../bpf/parse.h"
#define afxdp_classify compiled_classify
#define classify       compiled_classifier
#include "../../bpf/classify.h"
#undef afxdp_classify
#undef classify

#include "filter.h"

/* Not inlined: or clang joins checks of the length with the parser's, in ways that the verifier
 * cannot follow. The function it stands for is none that is inlined, either. */
static __attribute__((noinline)) __u32 classify(struct xdp_md *ctx, struct afxdp_parse *p)
{
	if (!is_wanted((void *)(long)ctx->data, (void *)(long)ctx->data_end))
		return AFXDP_CLASS(AFXDP_PASS, AFXDP_RULE_DEFAULT);
	count_hit(0, p->length);
	return AFXDP_CLASS(AFXDP_DROP, 0);
}

#include "../../bpf/afxdp_rx.bpf.c"
