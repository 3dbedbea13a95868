// SPDX-License-Identifier: GPL-2.0-only
/*
 * steer.bpf.c - two programs that do the same, to be exchanged for each other: a frame goes to the
 * AF_XDP socket of its queue, or is dropped where there is none. Both are counted.
 */
#include "xsks.h"

struct steered {
	__u64 seen;
	__u64 redirected; /* times that it was tried */
	__u64 unclaimed;
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct steered);
} steered SEC(".maps");

static __always_inline int steer(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct steered *n = bpf_map_lookup_elem(&steered, &zero);
	int verdict = bpf_redirect_map(&xsks, ctx->rx_queue_index, XDP_DROP);

	if (!n)
		return XDP_ABORTED;
	n->seen++;
	n->redirected += verdict == XDP_REDIRECT;
	n->unclaimed += verdict == XDP_DROP;
	return verdict;
}

SEC("xdp")
int steer_a(struct xdp_md *ctx)
{
	return steer(ctx);
}

SEC("xdp")
int steer_b(struct xdp_md *ctx)
{
	return steer(ctx);
}

SEC("license") char _license[] = "GPL";
