/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * load.h - bytes of a frame wherever they are.
 *
 * Compiled rules read the first buffer themselves. They come here for the rest: frames in several
 * buffers, frames shorter than what is asked for, and the place where a VLAN tag was until the
 * device took it off.
 */
#ifndef AFXDP_BPF_LOAD_H
#define AFXDP_BPF_LOAD_H

#include "config.h"

#define TAG_AT	12 /* behind the two addresses */
#define TAG_END 16

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct afxdp_gathered);
} gathered SEC(".maps");

/* Longer than any frame; the verifier wants a bound. */
#define PLACE_MAX 0x100000

/* The tag the device took off: type, then control information. */
static __always_inline __u32 stripped_tag(const struct afxdp_parse *p)
{
	return (p->flags & AFXDP_META_VLAN_AD ? 0x88a8U : 0x8100U) << 16 | p->vlan_tci;
}

/* @size bytes from @place, which is where they are and not where the frame would have them. */
static __always_inline __s64 load_there(struct xdp_md *ctx, __u32 place, __u32 size)
{
	__u32 word = 0;
	__u64 n = size;

	/* One comparison at a time, or clang makes one of the two that the verifier cannot follow;
	 * signed, and of 64 bits, for that of Linux 6.1. */
	barrier_var(n);
	if ((__s64)n < 1)
		return -1;
	barrier_var(n);
	if (n > sizeof(word) || bpf_xdp_load_bytes(ctx, place, &word, n))
		return -1;
	return bpf_ntohl(word) >> (32 - 8 * size);
}

/**
 * afxdp_load() - @size (1, 2 or 4) bytes at @place of the frame as it was on the wire, as a number.
 *
 * Return: -1 if the frame ends before that.
 */
__weak __attribute__((noinline)) __s64 afxdp_load(struct xdp_md *ctx, struct afxdp_parse *p,
						  __u64 place, __u32 size)
{
	__u64 word = 0;
	__u32 at, i;

	if (!ctx || !p || place > PLACE_MAX || size > 4)
		return -1;
	at = place;
	if (!(p->flags & AFXDP_META_VLAN_STRIP) || at + size <= TAG_AT)
		return load_there(ctx, at, size);
	if (at >= TAG_END)
		return load_there(ctx, at - 4, size);
	for (i = 0; i < 4; i++, at++) {
		__s64 byte;

		if (i == size)
			break;
		if (at >= TAG_AT && at < TAG_END)
			byte = stripped_tag(p) >> 8 * (TAG_END - 1 - at) & 0xff;
		else
			byte = load_there(ctx, at < TAG_AT ? at : at - 4, 1);
		if (byte < 0)
			return -1;
		word = word << 8 | byte;
	}
	return word;
}

/* The 16 bytes at @place of the frame as it was on the wire: an IPv6 address, in network order. */
static __always_inline bool load_address6(struct xdp_md *ctx, const struct afxdp_parse *p,
					  __u32 place, __u32 address[4])
{
	if (place > PLACE_MAX || place < TAG_END - 4)
		return false;
	if (p->flags & AFXDP_META_VLAN_STRIP) {
		if (place < TAG_END)
			return false;
		place -= 4;
	}
	return !bpf_xdp_load_bytes(ctx, place, address, 16);
}

/* @n bytes from @place, if the frame has them. */
static __always_inline void gather_from(struct xdp_md *ctx, __u32 place, __u8 *to, __u64 n,
					__u32 max)
{
	barrier_var(n); /* as in load_there() */
	if ((__s64)n < 1)
		return;
	barrier_var(n);
	if (n > max)
		n = max;
	bpf_xdp_load_bytes(ctx, place, to, n);
}

/** afxdp_gather() - copy the frame's beginning, with its tag, into this CPU's `gathered`. Return: 0.
 */
__weak __attribute__((noinline)) int afxdp_gather(struct xdp_md *ctx, struct afxdp_parse *p)
{
	struct afxdp_gathered *g;
	__u32 zero = 0, tag;

	g = bpf_map_lookup_elem(&gathered, &zero);
	if (!ctx || !p || !g)
		return 0;
	if (!(p->flags & AFXDP_META_VLAN_STRIP) || p->length < TAG_AT) {
		g->length = p->length;
		gather_from(ctx, 0, g->byte, p->length, AFXDP_GATHERED);
		return 0;
	}
	g->length = p->length + sizeof(tag);
	tag = bpf_htonl(stripped_tag(p));
	gather_from(ctx, 0, g->byte, TAG_AT, TAG_AT);
	__builtin_memcpy(&g->byte[TAG_AT], &tag, sizeof(tag));
	gather_from(ctx, TAG_AT, &g->byte[TAG_END], p->length - TAG_AT, AFXDP_GATHERED - TAG_END);
	return 0;
}

#endif
