/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * hw.h - what the device knows of a frame and does not write into it: a stripped VLAN tag, its
 * hash, its clock (Documentation/networking/xdp-rx-metadata.rst).
 *
 * The kernel functions may only be called by programs that are bound to one device, so this is
 * built twice: as afxdp_rx.bpf.o without them, which runs anywhere, and as afxdp_rx_hw.bpf.o with
 * them. They answer with an error for what a device or a frame does not have.
 */
#ifndef AFXDP_BPF_HW_H
#define AFXDP_BPF_HW_H

#include "config.h"
#include "load.h"
#include "parse.h"

#ifdef AFXDP_HW

enum xdp_rss_hash_type {
	AFXDP_RSS_NONE
};

extern int bpf_xdp_metadata_rx_timestamp(const struct xdp_md *ctx, __u64 *timestamp) __ksym __weak;
extern int bpf_xdp_metadata_rx_hash(const struct xdp_md *ctx, __u32 *hash,
				    enum xdp_rss_hash_type *type) __ksym __weak;
extern int bpf_xdp_metadata_rx_vlan_tag(const struct xdp_md *ctx, __be16 *protocol,
					__u16 *tci) __ksym __weak; /* 6.8 */

/* A tag that the device took off was the outermost one. */
static __always_inline void hw_vlan(struct xdp_md *ctx, struct afxdp_parse *p)
{
	__be16 protocol;
	__u16 tci;

	if (tags_stripped && bpf_xdp_metadata_rx_vlan_tag &&
	    !bpf_xdp_metadata_rx_vlan_tag(ctx, &protocol, &tci)) {
		p->vlan_tci = tci;
		p->flags |= AFXDP_META_VLAN | AFXDP_META_VLAN_STRIP;
		if (protocol == bpf_htons(ETH_8021AD))
			p->flags |= AFXDP_META_VLAN_AD;
	}
}

/* A frame that goes back out does so without what stood beside it: put the tag back into it.
 * Return: false if there is no room, and it must not leave. */
static __always_inline bool hw_restore_vlan(struct xdp_md *ctx, const struct afxdp_parse *p)
{
	__u32 tag = bpf_htonl(stripped_tag(p)), addresses[TAG_AT / 4];
	void *data, *data_end;

	if (!(p->flags & AFXDP_META_VLAN_STRIP))
		return true;
	if (bpf_xdp_adjust_head(ctx, -(int)sizeof(tag)))
		return false;
	data = (void *)(long)ctx->data;
	data_end = (void *)(long)ctx->data_end;
	if (data + TAG_END > data_end)
		return false;
	__builtin_memcpy(addresses, data + sizeof(tag), sizeof(addresses));
	__builtin_memcpy(data, addresses, sizeof(addresses));
	__builtin_memcpy(data + TAG_AT, &tag, sizeof(tag));
	return true;
}

/* Hash and time, for sinks that want to know each frame: those for which every frame is stamped.
 * Return: flags of what was found. */
static __always_inline __u32 hw_meta(struct xdp_md *ctx, __u64 *ns, __u32 *hash)
{
	enum xdp_rss_hash_type type;
	__u32 flags = 0;

	*ns = 0;
	*hash = 0;
	if (config.stamp != 1)
		return 0;
	if (bpf_xdp_metadata_rx_timestamp && !bpf_xdp_metadata_rx_timestamp(ctx, ns))
		flags |= AFXDP_META_HW_NS;
	else
		*ns = 0;
	if (bpf_xdp_metadata_rx_hash && !bpf_xdp_metadata_rx_hash(ctx, hash, &type))
		flags |= AFXDP_META_HASH;
	else
		*hash = 0;
	return flags;
}

#else

static __always_inline void hw_vlan(struct xdp_md *ctx, struct afxdp_parse *p)
{
	(void)ctx;
	(void)p;
}

static __always_inline bool hw_restore_vlan(struct xdp_md *ctx, const struct afxdp_parse *p)
{
	(void)ctx;
	(void)p;
	return true;
}

static __always_inline __u32 hw_meta(struct xdp_md *ctx, __u64 *ns, __u32 *hash)
{
	(void)ctx;
	*ns = 0;
	*hash = 0;
	return 0;
}

#endif
#endif
