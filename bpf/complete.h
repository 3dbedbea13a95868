/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * complete.h - a checksum that the sender left to its device, for a frame that goes back out.
 *
 * On a virtual wire (veth) a local sender's TCP and UDP checksums hold the sum of the pseudo-header
 * only. A frame that native XDP sends is nothing but bytes, so the receiver would take it for
 * damaged. In generic mode the kernel sends what it received, and still knows: there the frame is
 * left alone, or a device would complete it twice.
 *
 * A right checksum may look like that once in 65,536 times: it comes out the same.
 */
#ifndef AFXDP_BPF_COMPLETE_H
#define AFXDP_BPF_COMPLETE_H

#include "inner.h"
#include "load.h"
#include "parse.h"

#define IPV6_HEADER 40

/* So many bytes a turn, and so many turns an IP packet at most. */
#define SUM_BYTES AFXDP_GATHERED
#define SUM_TURNS (65536 / SUM_BYTES)

/* What is left of a layer 4 packet to sum up, and the sum so far, as bpf_csum_diff() has it. */
struct covered {
	struct xdp_md *ctx;
	__u32 at, left, sum;
};

/* What layer 4's checksum covers besides its own bytes. */
struct pseudo_header {
	__be32 address[8], length, protocol;
};

/* Where things are in the buffer. */
struct l4_place {
	__u32 l3, l4, bytes, protocol;
};

static __always_inline __u16 fold(__u32 sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (sum & 0xffff) + (sum >> 16);
}

/* Return: 1 when there is nothing more, or it cannot be had. */
static long sum_step(__u32 turn, struct covered *c)
{
	struct afxdp_gathered *g;
	__u32 zero = 0;
	__u64 n = c->left;

	(void)turn;
	g = bpf_map_lookup_elem(&gathered, &zero);
	if (!g)
		return 1;
	barrier_var(n); /* as in load_there() */
	if ((__s64)n < 1)
		return 1;
	barrier_var(n);
	if (n > SUM_BYTES)
		n = SUM_BYTES;
	*(__u32 *)&g->byte[n & ~3ULL] = 0;
	if (bpf_xdp_load_bytes(c->ctx, c->at, g->byte, n))
		return 1;
	c->sum = bpf_csum_diff(NULL, 0, (void *)g->byte, (n + 3) & ~3ULL, c->sum);
	c->at += n;
	c->left -= n;
	return 0;
}

/* The IPv4 packet at @w->l3. */
static __always_inline bool find_ipv4(struct xdp_md *ctx, struct l4_place *w,
				      struct pseudo_header *h)
{
	struct ipv4_header ip;
	__u32 header, total;

	if (bpf_xdp_load_bytes(ctx, w->l3, &ip, sizeof(ip)) || ip.fragment & bpf_htons(0x3fff))
		return false;
	header = (ip.version_ihl & 0xf) * 4;
	total = bpf_ntohs(ip.total_length);
	w->l4 = w->l3 + header;
	w->protocol = ip.protocol;
	w->bytes = total - header;
	h->address[0] = ip.src;
	h->address[1] = ip.dst;
	return total > header;
}

/* The IPv6 packet there; what is behind extension headers @p knows. */
static __always_inline bool find_ipv6(struct xdp_md *ctx, const struct afxdp_parse *p,
				      struct l4_place *w, struct pseudo_header *h)
{
	__s64 length = load_there(ctx, w->l3 + 4, 2), next = load_there(ctx, w->l3 + 6, 1);
	__u32 headers = IPV6_HEADER;

	if (p->flags & AFXDP_META_L4) {
		headers = p->l4_offset - p->l3_offset;
		next = p->protocol;
	}
	w->l4 = w->l3 + headers;
	w->protocol = next;
	w->bytes = length + IPV6_HEADER - headers;
	if (bpf_xdp_load_bytes(ctx, w->l3 + 8, h->address, sizeof(h->address)))
		return false;
	return length + IPV6_HEADER > headers;
}

/* Behind tags, labels and PPPoE, however many, if need be. */
static __always_inline bool find_l4(struct xdp_md *ctx, struct afxdp_parse *p, struct l4_place *w,
				    struct pseudo_header *h)
{
	__u32 inner, type = p->ethertype;

	w->l3 = p->l3_offset;
	if (!(p->flags & AFXDP_META_L3)) {
		inner = afxdp_inner(ctx, p);
		type = inner >> 16;
		w->l3 = inner & 0xffff;
		if (p->flags & AFXDP_META_VLAN_STRIP)
			w->l3 -= 4;
	}
	if (type == ETH_IPV4)
		return find_ipv4(ctx, w, h);
	return type == ETH_IPV6 && find_ipv6(ctx, p, w, h);
}

/** afxdp_complete() - complete the frame's checksum if its sender has not. Return: 1 if that was so.
 */
__weak __attribute__((noinline)) int afxdp_complete(struct xdp_md *ctx, struct afxdp_parse *p)
{
	struct pseudo_header h = { 0 };
	struct covered c = { .ctx = ctx };
	struct l4_place w = { 0 };
	__u16 check, sum;
	__u32 at;

	if (!ctx || !p || p->flags & AFXDP_META_FRAGMENT || !find_l4(ctx, p, &w, &h) ||
	    (w.protocol != PROTO_TCP && w.protocol != PROTO_UDP))
		return 0;
	h.length = bpf_htonl(w.bytes);
	h.protocol = bpf_htonl(w.protocol);
	at = w.l4 + (w.protocol == PROTO_UDP ? 6 : 16);
	if (bpf_xdp_load_bytes(ctx, at, &check, sizeof(check)) ||
	    check != fold(bpf_csum_diff(NULL, 0, (void *)&h, sizeof(h), 0)))
		return 0;
	/* The checksum's place holds the pseudo-header's sum: it is in the sum already. */
	c.at = w.l4;
	c.left = w.bytes;
	bpf_loop(SUM_TURNS, sum_step, &c, 0);
	if (c.left)
		return 0;
	/* 0 says that a UDP datagram has none (RFC 768); TCP knows both forms of it. */
	sum = ~fold(c.sum);
	if (!sum)
		sum = 0xffff;
	return !bpf_xdp_store_bytes(ctx, at, &sum, sizeof(sum));
}

#endif
