/* SPDX-License-Identifier: GPL-2.0-only */
/* complete.h - checksums that a sender left to its device. */
#ifndef AFXDP_SINK_COMPLETE_H
#define AFXDP_SINK_COMPLETE_H

#include <netinet/in.h>
#include "../sink.h"
#include "checksum.h"
#include "frame.h"

/* Where the checksum of a frame's layer 4 is, of what it is the sum, and how long that is. */
struct covered {
	uint8_t *l4, *check;
	uint32_t bytes;
	uint64_t pseudo;
};

static inline bool find_covered(const struct afxdp_meta *meta, uint8_t *frame, struct covered *c)
{
	uint8_t *ip = frame + meta->l3_offset;
	bool v6 = meta->flags & AFXDP_META_IPV6;
	uint8_t protocol = v6 ? ip[6] : ip[9];
	uint32_t header = meta->l4_offset - meta->l3_offset;

	/* Nobody leaves checksums behind extension headers to a device. */
	if (v6 && header != 40)
		return false;
	c->l4 = frame + meta->l4_offset;
	c->check = c->l4 + (protocol == IPPROTO_UDP ? 6 : 16);
	c->bytes = v6 ? checksum_get16(ip + 4) : checksum_get16(ip + 2) - header;
	c->pseudo = (v6 ? checksum_sum(ip + 8, 32) : checksum_sum(ip + 12, 8)) + protocol +
		    c->bytes;
	return protocol == IPPROTO_UDP || protocol == IPPROTO_TCP;
}

/* Over all pieces of the frame; one that begins at an odd byte has its words the other way round. */
static inline uint64_t sum_pieces(const struct afxdp_xsk *xsk, const struct xdp_desc *desc,
				  const struct covered *c)
{
	uint32_t offset = c->l4 - (uint8_t *)afxdp_xsk_data(xsk, desc->addr), done = 0;
	uint64_t total = 0;

	for (const struct xdp_desc *d = desc; done < c->bytes; d++, offset = 0) {
		uint32_t n = d->len - offset;
		uint16_t part;

		if (n > c->bytes - done)
			n = c->bytes - done;
		part = checksum_fold(
			checksum_sum((uint8_t *)afxdp_xsk_data(xsk, d->addr) + offset, n));
		total += done & 1 ? (uint16_t)(part << 8 | part >> 8) : part;
		done += n;
		if (!(d->options & XDP_PKT_CONTD))
			break;
	}
	return total;
}

/*
 * A sender whose device computes checksums leaves half of that to it. On a virtual wire (veth)
 * there is no such device, and what the kernel knew of the frame is gone: do it here, or the
 * receiver takes the frame for damaged. The program (bpf/parse.h) has seen that header and length
 * are in the frame.
 */
static inline void complete_checksum(const struct afxdp_xsk *xsk, const struct xdp_desc *desc)
{
	const struct afxdp_meta *meta = frame_meta(xsk, desc->addr);
	struct covered c;
	uint16_t sum;

	if (!meta || !(meta->flags & AFXDP_META_L4) || meta->flags & AFXDP_META_FRAGMENT ||
	    !find_covered(meta, afxdp_xsk_data(xsk, desc->addr), &c) ||
	    !checksum_is_partial(c.check, c.pseudo))
		return;
	checksum_put16(c.check, 0);
	sum = ~checksum_fold(c.pseudo + sum_pieces(xsk, desc, &c));
	/* 0 says that a UDP datagram has none (RFC 768); TCP knows both forms of it. */
	checksum_put16(c.check, sum ?: 0xffff);
}

#endif
