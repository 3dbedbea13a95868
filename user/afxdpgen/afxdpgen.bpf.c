/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The XDP program of the live-frames engine. The kernel runs it on frames of its own making
 * (BPF_PROG_TEST_RUN with BPF_F_TEST_XDP_LIVE_FRAMES); it turns each into the frame that is due, or
 * drops it when none is, and sends it out of the interface. Deciding here, at the start of each
 * batch, paces to within a batch's time without a system call per burst.
 *
 * The device may refuse the tail of a bulk (a full ring), and the kernel then frees those frames
 * without a word; only the tracepoint xdp_devmap_xmit tells. on_xmit() listens, and puts what was
 * refused back in line.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "live.h"

/* From linux/errno.h, which does not compile for BPF everywhere. */
#define ETHERNET_HEADER 14
#define ENODEV		19
#define EMSGSIZE	90

const volatile struct gen_constants constants = {
	.templates = 1,
	.flows = 1,
	.arena_bytes = 2 * GEN_FRAME_ROOM,
};

struct gen_state state SEC(".data.state") = {};

struct {
	__uint(type, BPF_MAP_TYPE_DEVMAP);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} device SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct gen_template);
	__uint(map_flags, BPF_F_MMAPABLE);
} table SEC(".maps");

/* The bytes of all templates, one after the other; user space sets its size. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__uint(key_size, sizeof(__u32));
	__uint(value_size, 2 * GEN_FRAME_ROOM);
	__uint(map_flags, BPF_F_MMAPABLE);
} arena SEC(".maps");

static __always_inline void plan_batch(struct gen_state *s)
{
	__u64 now = bpf_ktime_get_ns(), want = s->batch, taken = s->emitted - s->refused;

	s->cpu = bpf_get_smp_processor_id();
	if (s->sending)
		s->last_ns = now;
	s->sending = 0;
	s->quota = 0;
	if (s->stop || s->error)
		return;
	if (s->limit) {
		if (taken >= s->limit)
			return;
		if (want > s->limit - taken)
			want = s->limit - taken;
	}
	s->quota = gen_pace(&s->pace, now, want);
	s->sending = s->quota;
}

/* Whether the frame at hand may leave. */
static __always_inline int admit(struct gen_state *s)
{
	if (!s->position)
		plan_batch(s);
	if (++s->position >= s->batch)
		s->position = 0;
	if (!s->quota)
		return 0;
	s->quota--;
	return 1;
}

/* The number of the next frame: one that was refused, else a new one. */
static __always_inline __u64 take_sequence(struct gen_state *s)
{
	__u64 seq;

	if (s->again_head != s->again_tail)
		return s->again[s->again_head++ % GEN_BATCH_MAX];
	seq = s->sequence;
	s->sequence += s->step;
	return seq;
}

static __always_inline __u32 flow_of(__u64 n)
{
	return constants.flows == 1 ? 0 : gen_flow(n, constants.seed, constants.flows);
}

static __always_inline int send(struct gen_state *s, __u64 seq, __u32 length)
{
	if (bpf_redirect_map(&device, 0, 0) != XDP_REDIRECT) {
		s->error = -ENODEV; /* the kernel empties the slot when the interface goes */
		s->quota = 0;
		return XDP_ABORTED;
	}
	s->under_way[s->emitted % GEN_BATCH_MAX] = seq;
	s->lengths[s->emitted % GEN_BATCH_MAX] = length;
	s->bytes += length;
	s->emitted++;
	return XDP_REDIRECT;
}

/*
 * One template. The kernel's pages still hold the frame of their last turn, and what its receiver
 * made of it (a stack that removes a VLAN tag moves the addresses), so the head is written again.
 */
SEC("xdp")
int send_one(struct xdp_md *ctx)
{
	const struct gen_constants *c = (const struct gen_constants *)&constants;
	struct gen_state *s = &state;
	void *data, *data_end;
	__u32 *head, i;
	__u64 seq;

	if (!admit(s))
		return XDP_DROP;
	/* Or the compiler takes initial values for values: the verifier may, it knows them. */
	asm volatile("" : "+r"(c));
	seq = take_sequence(s);
	head = data = (void *)(long)ctx->data;
	data_end = (void *)(long)ctx->data_end;
	if (data + sizeof(c->head) > data_end)
		return XDP_ABORTED;
	for (i = 0; i < sizeof(c->head) / sizeof(*head); i++)
		head[i] = c->head[i];
	if (!gen_stamp(&c->only, data, data_end, flow_of(seq), seq))
		return XDP_ABORTED;
	return send(s, seq, data_end - data);
}

/* Several templates: the whole frame is written every time. */
SEC("xdp")
int send_many(struct xdp_md *ctx)
{
	struct gen_state *s = &state;
	const struct gen_template *t;
	__u32 offset, key, zero = 0;
	__u64 length;
	void *data, *data_end;
	__u8 *bytes;
	__u64 seq;

	if (!admit(s))
		return XDP_DROP;
	seq = take_sequence(s);
	key = seq % constants.templates;
	t = bpf_map_lookup_elem(&table, &key);
	bytes = bpf_map_lookup_elem(&arena, &zero);
	if (!t || !bytes)
		return XDP_ABORTED;
	length = t->length;
	offset = t->arena;
	/* 64 bits wide, because the verifier of 6.1 forgets the lower bound of 32. */
	if (length < ETHERNET_HEADER || length >= GEN_FRAME_ROOM ||
	    offset > constants.arena_bytes - GEN_FRAME_ROOM)
		return XDP_ABORTED;

	data = (void *)(long)ctx->data;
	data_end = (void *)(long)ctx->data_end;
	if ((bpf_xdp_adjust_tail(ctx, (int)length - (int)(data_end - data)) < 0) ||
	    bpf_xdp_store_bytes(ctx, 0, bytes + offset, length) < 0) {
		s->error = -EMSGSIZE;
		return XDP_ABORTED;
	}
	data = (void *)(long)ctx->data;
	data_end = (void *)(long)ctx->data_end;
	if (!gen_stamp(t, data, data_end, flow_of(seq / constants.templates), seq))
		return XDP_ABORTED;
	return send(s, seq, length);
}

/*
 * A bulk went to the device: `sent` frames from its front were accepted. It is ours if we have
 * frames under way on this CPU: bottom halves are off from the program's run to here, so nobody
 * else's bulk can come between. Its frames are the oldest under way, in their order.
 */
SEC("raw_tp/xdp_devmap_xmit")
int on_xmit(struct bpf_raw_tracepoint_args *ctx)
{
	__u32 sent = ctx->args[2], drops = ctx->args[3], i;
	struct gen_state *s = &state;
	int err = ctx->args[4];

	if (s->emitted == s->settled || s->cpu != bpf_get_smp_processor_id())
		return 0;
	s->accepted += sent;
	s->settled += sent;
	if (err < 0 && !s->error)
		s->error = err;
	if (s->accepted >= s->limit && s->limit)
		s->last_ns = bpf_ktime_get_ns();
	if (!drops)
		return 0;
	s->refused += drops;
	for (i = 0; i < GEN_BATCH_MAX && i < drops; i++) {
		s->again[s->again_tail++ % GEN_BATCH_MAX] = s->under_way[s->settled % GEN_BATCH_MAX];
		s->bytes -= s->lengths[s->settled % GEN_BATCH_MAX];
		s->settled++;
	}
	gen_pace_refund(&s->pace, drops);
	return 0;
}

/* The core refused a frame before it reached the device: no XDP transmit there, interface down,
 * frame above the MTU. */
SEC("raw_tp/xdp_redirect_err")
int on_redirect_error(struct bpf_raw_tracepoint_args *ctx)
{
	struct gen_state *s = &state;

	if (s->emitted == s->settled || s->cpu != bpf_get_smp_processor_id())
		return 0;
	s->error = (int)ctx->args[3];
	s->quota = 0;
	/* It is the frame that was emitted last. Not under way any more: or the next bulk on this
	 * CPU, another program's, would be taken for ours. */
	s->emitted--;
	s->bytes -= s->lengths[s->emitted % GEN_BATCH_MAX];
	s->again[s->again_tail++ % GEN_BATCH_MAX] = s->under_way[s->emitted % GEN_BATCH_MAX];
	gen_pace_refund(&s->pace, 1);
	return 0;
}

char _license[] SEC("license") = "GPL";
