/* SPDX-License-Identifier: GPL-2.0-only */
/* foreign.bpf.c - somebody else's XDP program: passes everything. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int somebody_else(struct xdp_md *ctx)
{
	return ctx->data < ctx->data_end ? XDP_PASS : XDP_DROP;
}

char _license[] SEC("license") = "GPL";
