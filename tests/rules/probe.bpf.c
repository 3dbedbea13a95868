/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The classifier by itself, for tests: a frame and what a driver would say of it in, the answer and
 * one bit for every `count` rule that matched out. So one run of the program asks 64 expressions.
 * Without the parser (PROBE_BARE) the verifier is ten times faster: for the fuzzer, whose rules do
 * not ask what it found.
 */
#include "../../bpf/config.h"
/* Its place is taken below: compiled rules call it by name. */
#define afxdp_count count_only
#include "../../bpf/classify.h"
#undef afxdp_count
#include "probe.h"

#ifdef PROBE_BARE
#define PARSES 0
#else
#define PARSES 1
#endif

struct probe probe SEC(".data.probe");

__weak __attribute__((noinline)) int afxdp_count(struct afxdp_parse *p, __u32 rule)
{
	if (!p)
		return 0;
	if (rule < 64)
		probe.matched |= 1ULL << rule;
	count_hit(rule, p->length);
	return 0;
}

SEC("xdp.frags")
int probe_main(struct xdp_md *ctx)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct afxdp_parse p = { .length = bpf_xdp_get_buff_len(ctx) };
	struct afxdp_ledger unused = { 0 };

	if (PARSES && probe.parse)
		parse_frame(&p, &unused, data, data_end);
	p.flags |= probe.flags;
	if (probe.flags & AFXDP_META_VLAN_STRIP)
		p.vlan_tci = probe.vlan_tci;
	probe.matched = 0;
	/* Keeps the function above in the object. */
	if (probe.never)
		afxdp_count(&p, 0);
	return classify(ctx, &p);
}

char _license[] SEC("license") = "GPL";
