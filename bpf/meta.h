/* SPDX-License-Identifier: GPL-2.0-only */
/* meta.h - the 32 bytes in front of a captured frame, if anybody reads them. */
#ifndef AFXDP_BPF_META_H
#define AFXDP_BPF_META_H

#include "config.h"
#include "hw.h"

/* Whether the time of this frame is taken: of one in config.stamp, a power of two, or as @queue's
 * consumer says; 0 is never. l->captured counts this queue's frames on this CPU. */
static __always_inline bool to_stamp(const struct afxdp_ledger *l, __u32 queue)
{
	__u32 stamp = config.stamp, *every;

	if (stamp > 1) {
		every = bpf_map_lookup_elem(&pace, &queue);
		if (every && *every)
			stamp = *every;
	}
	return stamp && !(l->captured & (stamp - 1));
}

/* Prepend the metadata. Where the driver leaves no room the frame is captured all the same, and
 * counted as no_meta. */
static __always_inline void put_meta(struct xdp_md *ctx, struct afxdp_ledger *l,
				     const struct afxdp_parse *p, __u32 rule, bool stamp)
{
	__u32 flags = p->flags | AFXDP_META_MAGIC;
	struct afxdp_meta *m;
	void *data;
	__u64 now = 0, hw_ns;
	__u32 hash;

	flags |= hw_meta(ctx, &hw_ns, &hash);
	if (bpf_xdp_adjust_meta(ctx, -(int)sizeof(*m)))
		goto none;
	m = (void *)(long)ctx->data_meta;
	data = (void *)(long)ctx->data;
	if ((void *)(m + 1) > data)
		goto none;
	if (stamp) {
		now = bpf_ktime_get_ns();
		flags |= AFXDP_META_RX_NS;
	}
	m->rx_ns = now;
	m->hw_ns = hw_ns;
	m->rx_hash = hash;
	m->rule = rule;
	m->vlan_tci = p->vlan_tci;
	m->l3_offset = p->l3_offset;
	m->l4_offset = p->l4_offset;
	m->flags = flags;
	return;
none:
	l->no_meta++;
}

#endif
