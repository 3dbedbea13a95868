// SPDX-License-Identifier: GPL-2.0-only
/*
 * verdict.h - gives every frame the verdict in `config` and counts it in `seen`; for one.bpf.c and
 * frags.bpf.c, of which each has maps of its own: a device map serves programs with frags support
 * or programs without, not both.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct config {
	__u32 verdict; /* what to return; XDP_REDIRECT: through `ports`, key 0 */
	__u32 adjust;  /* bytes to add in front before the verdict */
	__u32 shrink;  /* bytes to cut off at the end before the verdict */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct config);
} config SEC(".maps");

struct counts {
	__u64 frames;
	__u64 bytes;
	__u64 multi; /* frames of more than one buffer */
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 2); /* by receive queue */
	__type(key, __u32);
	__type(value, struct counts);
} seen SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} ports SEC(".maps");

static __always_inline int verdict(struct xdp_md *ctx, __u64 length, __u64 linear)
{
	__u32 zero = 0, queue = ctx->rx_queue_index;
	struct config *c = bpf_map_lookup_elem(&config, &zero);
	struct counts *n = bpf_map_lookup_elem(&seen, &queue);

	if (!c || !n)
		return XDP_ABORTED;
	n->frames++;
	n->bytes += length;
	n->multi += length > linear;
	if (c->adjust && bpf_xdp_adjust_head(ctx, -(int)c->adjust))
		return XDP_ABORTED;
	if (c->shrink && bpf_xdp_adjust_tail(ctx, -(int)c->shrink))
		return XDP_ABORTED;
	if (c->verdict == XDP_REDIRECT)
		return bpf_redirect_map(&ports, 0, 0);
	return c->verdict;
}

SEC("license") char _license[] = "GPL";
