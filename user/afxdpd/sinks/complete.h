/* SPDX-License-Identifier: GPL-2.0-only */
/* complete.h - checksums that a sender left to its device, of frames in the UMEM. */
#ifndef AFXDP_SINK_COMPLETE_H
#define AFXDP_SINK_COMPLETE_H

#include <afxdp/checksum.h>
#include "../sink.h"

/* Over all pieces of the frame, from c->l4 on; one that begins at an odd byte has its words the
 * other way round. @left: set to what the frame ends before. */
static inline uint64_t sum_pieces(const struct afxdp_xsk *xsk, const struct xdp_desc *desc,
				  const struct afxdp_covered *c, uint32_t *left)
{
	uint32_t offset = c->l4, done = 0;
	uint64_t total = 0;

	for (const struct xdp_desc *d = desc; done < c->bytes; d++, offset = 0) {
		uint32_t n = d->len - offset;
		uint16_t part;

		if (n > c->bytes - done)
			n = c->bytes - done;
		part = afxdp_fold(afxdp_sum((uint8_t *)afxdp_xsk_data(xsk, d->addr) + offset, n));
		total += done & 1 ? (uint16_t)(part << 8 | part >> 8) : part;
		done += n;
		if (!(d->options & XDP_PKT_CONTD))
			break;
	}
	*left = c->bytes - done;
	return total;
}

/** complete_checksum() - of the frame that begins at @desc, or the receiver takes it for damaged. */
static inline void complete_checksum(const struct afxdp_xsk *xsk, const struct xdp_desc *desc)
{
	uint8_t *frame = afxdp_xsk_data(xsk, desc->addr);
	struct afxdp_covered c;
	uint32_t left;
	uint16_t sum;

	if (!afxdp_checksum_left(frame, desc->len, &c))
		return;
	sum = ~afxdp_fold(sum_pieces(xsk, desc, &c, &left));
	/* 0 says that a UDP datagram has none (RFC 768); TCP knows both forms of it. */
	if (!left)
		afxdp_put16(frame + c.check, sum ?: 0xffff);
}

#endif
