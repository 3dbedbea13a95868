// SPDX-License-Identifier: GPL-2.0-only
/*
 * fuzz.bpf.c - does anything with the frames of the queue in `fuzz`, and passes those of others.
 * What it does follows from a seed and the frame's number.
 *
 * It leaves the end of a frame of several buffers alone, and what is in them: the kernel finds both
 * through skb_shared_info, which a process may write to under any driver.
 */
#include "xsks.h"

struct fuzz {
	__u32 seed;
	__u32 queue; /* ~0: all of them */
	__u32 port;  /* where frames are redirected to; 0: nowhere */
	__u32 frame;
	__u32 passed; /* frames of the other queue */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct fuzz);
} fuzz SEC(".maps");

static __always_inline __u32 mix(__u32 x)
{
	x ^= x >> 16;
	x *= 0x7feb352d;
	x ^= x >> 15;
	x *= 0x846ca68b;
	return x ^ x >> 16;
}

static __always_inline int act(struct xdp_md *ctx)
{
	__u32 zero = 0, queue = ctx->rx_queue_index, r, linear;
	struct fuzz *f = bpf_map_lookup_elem(&fuzz, &zero);

	if (!f)
		return XDP_ABORTED;
	if (queue != f->queue && f->queue != ~0U) {
		__sync_fetch_and_add(&f->passed, 1);
		return XDP_PASS;
	}
	r = mix(f->seed + f->frame++);
	linear = ctx->data_end - ctx->data;
	if (!(r & 0x70)) /* a program that takes its time */
		for (int i = 0; i < 200; i++)
			r = mix(r);
	if (r & 0x100)
		bpf_xdp_adjust_meta(ctx, -(int)(r >> 9 & 7) * 4);
	if (r & 0x1000)
		bpf_xdp_adjust_head(ctx, (int)(r >> 13 & 63) - 32);
	/* A first buffer that is full may have others behind it. */
	if (r & 0x80000 && linear % 1024)
		bpf_xdp_adjust_tail(ctx, (int)(r >> 20 & 127) - 64);
	switch (r & 15) {
	case 0:
	case 1:
	case 2:
		return XDP_PASS;
	case 3:
	case 4:
		return XDP_TX;
	case 5:
		return XDP_DROP;
	case 6:
		return r & 0x8000000 ? XDP_ABORTED : 17;
	case 7:
	case 8:
		return f->port ? bpf_redirect(f->port, 0) : XDP_DROP;
	}
	return bpf_redirect_map(&xsks, queue, XDP_DROP);
}

SEC("xdp")
int fuzz_one(struct xdp_md *ctx)
{
	return act(ctx);
}

SEC("xdp.frags")
int fuzz_frags(struct xdp_md *ctx)
{
	return act(ctx);
}

SEC("license") char _license[] = "GPL";
