/* SPDX-License-Identifier: GPL-2.0-only */
/* The least an XDP program can do: drop every frame, or hand every frame to its queue's socket, or
 * those that a filter picks. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include "filter.h"

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 64);
	__type(key, __u32);
	__type(value, __u32);
} sockets SEC(".maps");

SEC("xdp")
int bare_redirect(struct xdp_md *ctx)
{
	return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_DROP);
}

SEC("xdp")
int bare_filter(struct xdp_md *ctx)
{
	if (!is_wanted((void *)(long)ctx->data, (void *)(long)ctx->data_end))
		return XDP_PASS;
	return bpf_redirect_map(&sockets, ctx->rx_queue_index, XDP_DROP);
}

SEC("xdp")
int bare_drop(struct xdp_md *ctx)
{
	(void)ctx;
	return XDP_DROP;
}

char _license[] SEC("license") = "GPL";
