// SPDX-License-Identifier: GPL-2.0-only
/*
 * look.bpf.c - looks into every buffer of a frame, whose bytes from 100 on are all 0xa5, and sends
 * it to the AF_XDP socket of its queue. Counts the frames in which it read something else.
 */
#include "xsks.h"

#define FIRST 100
#define STEP  32
#define LAST  3000

struct looked {
	__u64 frames;
	__u64 wrong;
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct looked);
} looked SEC(".maps");

SEC("xdp.frags")
int look(struct xdp_md *ctx)
{
	__u32 zero = 0, at, wrong = 0;
	struct looked *n = bpf_map_lookup_elem(&looked, &zero);
	__u8 byte;

	if (!n)
		return XDP_ABORTED;
	for (at = FIRST; at < LAST; at += STEP) {
		if (bpf_xdp_load_bytes(ctx, at, &byte, 1))
			break;
		wrong |= byte != 0xa5;
	}
	n->frames++;
	n->wrong += wrong;
	return bpf_redirect_map(&xsks, ctx->rx_queue_index, XDP_DROP);
}

SEC("license") char _license[] = "GPL";
