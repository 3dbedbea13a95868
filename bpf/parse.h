/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * parse.h - where the headers are. Every load is checked against the end of the frame; whatever is
 * wrong with a frame is flagged, and counted in the ledger's oddities if anybody asks for them, and
 * the frame goes on to be classified like any other.
 */
#ifndef AFXDP_BPF_PARSE_H
#define AFXDP_BPF_PARSE_H

#include "config.h"

#define ETH_HEADER 14
#define ETH_IPV4   0x0800
#define ETH_IPV6   0x86dd
#define ETH_8021Q  0x8100
#define ETH_8021AD 0x88a8
#define ETH_QINQ   0x9100 /* pre-standard, still met */

#define PROTO_HOPOPTS  0
#define PROTO_ICMP     1
#define PROTO_TCP      6
#define PROTO_UDP      17
#define PROTO_ROUTING  43
#define PROTO_FRAGMENT 44
#define PROTO_AH       51
#define PROTO_ICMPV6   58
#define PROTO_DSTOPTS  60
#define PROTO_MH       135
#define PROTO_SCTP     132

/* RFC 8200 names six kinds of extension header and advises each at most once, destination options
 * twice; longer chains are an attack more often than not, and every step costs the verifier. */
#define MAX_EXT_HEADERS 8

struct ipv4_header {
	__u8 version_ihl, tos;
	__be16 total_length, id, fragment;
	__u8 ttl, protocol;
	__be16 checksum;
	__be32 src, dst;
};

struct ipv6_header {
	__be32 version_class_flow;
	__be16 payload_length;
	__u8 next_header, hop_limit;
	__be32 src[4], dst[4];
};

/* Bytes of layer 4 header that must be there for the offset to be of use; 0 for protocols we do not
 * know. */
static __always_inline __u32 l4_header_size(__u8 protocol)
{
	switch (protocol) {
	case PROTO_TCP:
		return 20;
	case PROTO_SCTP:
		return 12;
	case PROTO_UDP:
	case PROTO_ICMP:
	case PROTO_ICMPV6:
		return 8;
	default:
		return 0;
	}
}

/*
 * Make the verifier forget what it knows of @x, by way of a number @u that it does not know. It
 * would go through all that follows once for every value that leads here, some 400 times.
 */
#define forget(x, u)            \
	do {                    \
		barrier_var(x); \
		(x) ^= (u);     \
		barrier_var(x); \
		(x) ^= (u);     \
		barrier_var(x); \
	} while (0)

static __always_inline void odd(__u64 *counter)
{
	if (needs & AFXDP_NEED_ODDITIES)
		++*counter;
}

/* @off: of the layer 4 header; @end: of the IP packet, both from the frame's first byte. */
static __always_inline void parse_l4(struct afxdp_parse *p, struct afxdp_ledger *l, void *data,
				     void *data_end, __u32 off, __u32 end, __u32 protocol)
{
	__u32 unknown = l->received, flags = p->flags, size;
	__u8 *h;

	forget(off, unknown);
	forget(end, unknown);
	forget(flags, unknown);
	forget(protocol, unknown);
	p->flags = flags;
	p->protocol = protocol;
	size = l4_header_size(protocol);
	if (!size)
		return;
	if (off > 255) /* beyond what the metadata can say; still a good frame */
		return;
	h = data + off;
	if (off + size > end || (void *)(h + 20) > data_end) {
		/* A UDP or ICMP header may end the frame: look again with its own size. */
		if (off + size > end || (void *)(h + 8) > data_end)
			goto bad;
		if (size > 8 && (void *)(h + 12) > data_end)
			goto bad;
		if (size > 12)
			goto bad;
	} else if (protocol == PROTO_TCP) {
		size = (h[12] >> 4) * 4; /* with options */
		if (size < 20 || off + size > end)
			goto bad;
	}
	p->l4_offset = off;
	p->flags |= AFXDP_META_L4;
	return;
bad:
	odd(&l->bad_l4);
	p->flags |= AFXDP_META_MALFORMED;
}

static __always_inline void parse_ipv4(struct afxdp_parse *p, struct afxdp_ledger *l, void *data,
				       void *data_end, __u32 off)
{
	struct ipv4_header *ip = data + off;
	__u32 ihl, total;
	__u16 frag;

	if ((void *)(ip + 1) > data_end || ip->version_ihl >> 4 != 4)
		goto bad;
	ihl = (ip->version_ihl & 0xf) * 4;
	total = bpf_ntohs(ip->total_length);
	if (ihl < sizeof(*ip) || total < ihl || off + total > p->length)
		goto bad;
	p->l3_offset = off;
	p->flags |= AFXDP_META_L3;
	frag = bpf_ntohs(ip->fragment) & 0x3fff; /* more-fragments bit and offset */
	if (frag) {
		odd(&l->fragments);
		p->flags |= AFXDP_META_FRAGMENT;
		if (frag & 0x1fff) {
			p->protocol = ip->protocol;
			return;
		}
	}
	parse_l4(p, l, data, data_end, off + ihl, off + total, ip->protocol);
	return;
bad:
	odd(&l->bad_ipv4);
	p->flags |= AFXDP_META_MALFORMED;
}

static __always_inline void parse_ipv6(struct afxdp_parse *p, struct afxdp_ledger *l, void *data,
				       void *data_end, __u32 off)
{
	struct ipv6_header *ip = data + off;
	__u32 payload, end;
	__u8 next;
	int i;

	if ((void *)(ip + 1) > data_end || *(__u8 *)ip >> 4 != 6)
		goto bad;
	payload = bpf_ntohs(ip->payload_length);
	next = ip->next_header;
	if (off + sizeof(*ip) + payload > p->length)
		goto bad;
	p->l3_offset = off;
	p->flags |= AFXDP_META_L3 | AFXDP_META_IPV6;
	off += sizeof(*ip);
	/* A length of zero in front of hop-by-hop options announces a jumbogram (RFC 2675): the
	 * frame's end is the packet's. */
	end = payload || next != PROTO_HOPOPTS ? off + payload : p->length;

	/* Unrolled: clang enters the loop in its middle, which the verifier of Linux 6.1 takes for
	 * a loop without an end. */
#pragma clang loop unroll(full)
	for (i = 0; i <= MAX_EXT_HEADERS; i++) {
		__u8 *h = data + off;
		__u32 size;

		if (next != PROTO_HOPOPTS && next != PROTO_ROUTING && next != PROTO_FRAGMENT &&
		    next != PROTO_AH && next != PROTO_DSTOPTS && next != PROTO_MH) {
			parse_l4(p, l, data, data_end, off, end, next);
			return;
		}
		if (i == MAX_EXT_HEADERS)
			break;
		if ((void *)(h + 8) > data_end || off + 8 > end)
			goto bad;
		p->protocol = next;
		size = next == PROTO_AH ? (h[1] + 2) * 4 : (h[1] + 1) * 8;
		if (next == PROTO_FRAGMENT) {
			size = 8; /* its second byte is reserved */
			if (!(p->flags & AFXDP_META_FRAGMENT))
				odd(&l->fragments);
			p->flags |= AFXDP_META_FRAGMENT;
			if ((h[2] << 8 | h[3]) & 0xfff8)
				return;
		}
		if (off + size > end)
			goto bad;
		next = h[0];
		off += size;
	}
	odd(&l->ext_limit);
	p->flags |= AFXDP_META_MALFORMED;
	return;
bad:
	odd(&l->bad_ipv6);
	p->flags |= AFXDP_META_MALFORMED;
}

/* Fill @p from the frame at @data. */
static __always_inline void parse_frame(struct afxdp_parse *p, struct afxdp_ledger *l, void *data,
					void *data_end)
{
	__u32 off = ETH_HEADER;
	__u8 *h = data;
	__u16 type;
	int i;

	if ((void *)(h + ETH_HEADER) > data_end)
		goto bad;
	type = h[12] << 8 | h[13];
	for (i = 0; i < 2; i++) {
		if (type != ETH_8021Q && type != ETH_8021AD && type != ETH_QINQ)
			break;
		h = data + off;
		if ((void *)(h + 4) > data_end)
			goto bad;
		if (!i) {
			p->vlan_tci = h[0] << 8 | h[1];
			p->flags |= AFXDP_META_VLAN;
		}
		type = h[2] << 8 | h[3];
		off += 4;
	}
	p->ethertype = type;
	if (type == ETH_IPV4)
		parse_ipv4(p, l, data, data_end, off);
	else if (type == ETH_IPV6)
		parse_ipv6(p, l, data, data_end, off);
	return;
bad:
	odd(&l->short_l2);
	p->flags |= AFXDP_META_MALFORMED;
}

#endif
