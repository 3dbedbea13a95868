/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * copy.h - copies for readers in user space: the frame goes on to its verdict.
 *
 * A rule that copies notes it in the frame's struct afxdp_parse; the copy is made when the verdict
 * is known and the frame is still as it came. For that afxdp_tee() stands in the place of
 * afxdp_classify(), and the compiled rules in that of afxdp_decide(), in programs whose rules copy
 * (user/lib/rules/link.c). Others have nothing of this, not even its maps: hence have_copies.
 */
#ifndef AFXDP_BPF_COPY_H
#define AFXDP_BPF_COPY_H

#include <afxdp/copy.h>
#include "actions.h"
#include "config.h"

const volatile __u8 have_copies = 0;
const volatile __u16 copy_generation = 0;
const volatile __u32 copy_snap[AFXDP_COPIES_MAX] = { 0 }; /* by slot; 0: that of the slot */

struct copy_ring {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 65536);
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY_OF_MAPS);
	__uint(max_entries, AFXDP_COPIES_MAX);
	__type(key, __u32);
	__array(values, struct copy_ring);
} copy_rings SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, AFXDP_COPIES_MAX);
	__type(key, __u32);
	__type(value, struct afxdp_copy_slot);
} copy_slots SEC(".maps");

/* A record is put together here: reservations in a ring have a constant size, frames have not. */
struct copy_record {
	struct afxdp_copied head;
	__u8 byte[AFXDP_COPY_SNAP_MAX];
};

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct copy_record);
} copy_record SEC(".maps");

/* A rule's share is counted as that of `sample`. */
static __always_inline int copy_by_rule(struct afxdp_parse *p, __u32 to, __u32 every, __u32 rule)
{
	struct afxdp_rule_state *s;

	if (every > 1) {
		s = bpf_map_lookup_elem(&rule_state, &rule);
		if (!s || (__sync_fetch_and_add(&s->seen, 1) + 1) % every)
			return 0;
	}
	p->copies |= 1U << (AFXDP_COPY_SLOT(route_of[to % AFXDP_ROUTES]) & (AFXDP_COPIES_MAX - 1));
	return 0;
}

/**
 * afxdp_copy() - `copy`: one frame of @every (on each CPU) is to be copied to @slot's reader; it
 * goes on in any case. Counted for @rule, unless that is AFXDP_RULE_DEFAULT. Return: 0.
 */
__weak __attribute__((noinline)) int afxdp_copy(struct afxdp_parse *p, __u32 slot, __u32 every,
						__u32 rule)
{
	struct afxdp_copy_slot *s;

	if (!p)
		return 0;
	if (rule != AFXDP_RULE_DEFAULT)
		count_hit(rule, p->length);
	if (!have_copies)
		return 0;
	if (slot & AFXDP_COPY_TO)
		return copy_by_rule(p, slot, every, rule);
	s = bpf_map_lookup_elem(&copy_slots, &slot);
	if (!s)
		return 0;
	if (s->left) {
		s->left--;
		return 0;
	}
	s->left = every - 1;
	p->copies |= 1U << (slot & (AFXDP_COPIES_MAX - 1));
	return 0;
}

/* What becomes of a frame that rules decided over so: whoever has no consumer keeps it. */
static __always_inline __u32 outcome(struct xdp_md *ctx, __u32 class)
{
	__u32 at = socket_of(ctx->rx_queue_index, class);

	if (AFXDP_CLASS_VERDICT(class) != AFXDP_CAPTURE || bpf_map_lookup_elem(&xsks, &at))
		return class;
	return AFXDP_CLASS(AFXDP_UNCLAIMED, AFXDP_CLASS_RULE(class));
}

/* The first @n bytes of the frame. Return: how many there are; 0 if they cannot be had. */
static __always_inline __u64 copy_bytes(struct xdp_md *ctx, __u8 *to, __u64 n)
{
	barrier_var(n); /* as in load_there() */
	if ((__s64)n < 1)
		return 0;
	barrier_var(n);
	if (n > AFXDP_COPY_SNAP_MAX)
		n = AFXDP_COPY_SNAP_MAX;
	return bpf_xdp_load_bytes(ctx, 0, to, n) ? 0 : n;
}

/** afxdp_copy_to() - this CPU's record, whose head is written, to @slot's reader, with the bytes of
 * the frame that it wants. Return: 0. */
__weak __attribute__((noinline)) int afxdp_copy_to(struct xdp_md *ctx, struct afxdp_parse *p,
						   __u32 slot)
{
	struct afxdp_copy_slot *s;
	struct copy_record *r;
	__u32 zero = 0, snap;
	void *ring;
	__u64 n;

	if (!have_copies || !ctx || !p)
		return 0;
	s = bpf_map_lookup_elem(&copy_slots, &slot);
	r = bpf_map_lookup_elem(&copy_record, &zero);
	if (!s || !r)
		return 0;
	ring = bpf_map_lookup_elem(&copy_rings, &slot);
	s->copied++;
	snap = copy_snap[slot % AFXDP_COPIES_MAX] ?: s->snap;
	n = copy_bytes(ctx, r->byte, p->length < snap ? p->length : snap);
	r->head.captured = n;
	if (n > AFXDP_COPY_SNAP_MAX)
		n = AFXDP_COPY_SNAP_MAX;
	if (!ring || bpf_ringbuf_output(ring, r, sizeof(r->head) + n, 0))
		s->lost++;
	return 0;
}

/** afxdp_copy_out() - copy the frame, which is about to meet @class, to the readers that @p notes.
 * Return: 0. */
__weak __attribute__((noinline)) int afxdp_copy_out(struct xdp_md *ctx, struct afxdp_parse *p,
						    __u32 class)
{
	struct copy_record *r;
	__u32 zero = 0, slot;

	if (!have_copies || !ctx || !p)
		return 0;
	r = bpf_map_lookup_elem(&copy_record, &zero);
	if (!r)
		return 0;
	r->head.ns = bpf_ktime_get_ns();
	r->head.class = outcome(ctx, class);
	r->head.flags = p->flags;
	r->head.length = p->length;
	r->head.queue = ctx->rx_queue_index;
	r->head.vlan_tci = p->vlan_tci;
	r->head.generation = copy_generation;
#pragma unroll
	for (slot = 0; slot < AFXDP_COPIES_MAX; slot++)
		if (p->copies & 1U << slot)
			afxdp_copy_to(ctx, p, slot);
	return 0;
}

/* Only there to be replaced by compiled rules. */
__weak __attribute__((noinline)) __u32 afxdp_decide(struct xdp_md *ctx, struct afxdp_parse *p)
{
	return ctx && p ? p->flags : 0;
}

/* Takes and gives what afxdp_classify() does. */
__weak __attribute__((noinline)) __u32 afxdp_tee(struct xdp_md *ctx, struct afxdp_parse *p)
{
	__u32 class;

	if (!ctx || !p)
		return 0;
	class = afxdp_decide(ctx, p);
	if (p->copies)
		afxdp_copy_out(ctx, p, class);
	return class;
}

#endif
