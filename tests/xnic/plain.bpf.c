// SPDX-License-Identifier: GPL-2.0-only
/* plain.bpf.c - the least that a program can do for each verdict: what is measured with them is the
 * driver. */
#include "xsks.h"

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

SEC("xdp")
int plain_drop(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("xdp")
int plain_tx(struct xdp_md *ctx)
{
	return XDP_TX;
}

SEC("xdp")
int plain_redirect(struct xdp_md *ctx)
{
	return bpf_redirect_map(&ports, 0, 0);
}

SEC("xdp")
int plain_xsk(struct xdp_md *ctx)
{
	return bpf_redirect_map(&xsks, ctx->rx_queue_index, XDP_DROP);
}

SEC("license") char _license[] = "GPL";
