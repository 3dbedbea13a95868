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

#endif
