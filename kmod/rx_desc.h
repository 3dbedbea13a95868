/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rx_desc.h - what the device says of a received frame: each field read once, and checked before
 * anybody believes it.
 *
 * The device writes descriptors whenever it likes, and need not be what it should: broken,
 * emulated, or something else in its slot. Whatever it writes, no byte outside of a buffer is
 * touched, and every descriptor is passed in the end. The same source compiles for user space,
 * where tests/fuzz/rx_desc.c says so (with tests/unit/shim/rx_desc_user.h).
 */
#ifndef XNIC_RX_DESC_H
#define XNIC_RX_DESC_H

#ifdef __KERNEL__
#include <linux/compiler.h>
#include <linux/if_ether.h>
#include <linux/skbuff.h>
#include <asm/barrier.h>
#include <asm/byteorder.h>
#else
#include <rx_desc_user.h>
#endif

#include "hw.h"

/* Buffers a frame may have: one and an skb's fragments. The longest frame that the part takes fills
 * 16 of the smallest. */
#define XNIC_RX_PARTS (MAX_SKB_FRAGS + 1)

enum xnic_rx_look {
	XNIC_RX_NOT_YET,
	XNIC_RX_USUAL, /* a whole frame in one buffer, without an error */
	XNIC_RX_OTHER  /* anything else: xnic_rx_read_chain() */
};

/** struct xnic_rx_chain - a frame of any number of descriptors. */
struct xnic_rx_chain {
	u32 n;	    /* descriptors; 0: its last one has not been written back yet */
	u32 length; /* of all parts */
	bool error; /* the device says so, or says what cannot be: not to be looked at */
	bool ended; /* else it has more descriptors than any frame: xnic_rx_rest() passes them */
	u16 part[XNIC_RX_PARTS]; /* bytes in each buffer, and no more than fit */
};

/**
 * xnic_rx_look() - look at one descriptor.
 * @desc: the next one.
 * @room: bytes that a buffer holds.
 * @length: set if it is XNIC_RX_USUAL: an Ethernet header at least, @room at most.
 */
static __always_inline enum xnic_rx_look xnic_rx_look(const union xnic_rx_desc *desc, u32 room,
						      u32 *length)
{
	u32 status = le32_to_cpu(READ_ONCE(desc->wb.status));

	if (!(status & XNIC_RXD_DD))
		return XNIC_RX_NOT_YET;
	dma_rmb();
	*length = le16_to_cpu(READ_ONCE(desc->wb.length));
	if (unlikely((status & (XNIC_RXD_EOP | XNIC_RXD_FRAME_ERRORS)) != XNIC_RXD_EOP ||
		     *length - ETH_HLEN > room - ETH_HLEN))
		return XNIC_RX_OTHER;
	return XNIC_RX_USUAL;
}

/**
 * xnic_rx_read_chain() - read the descriptors of one frame.
 * @chain: what they say.
 * @ring: the ring.
 * @mask: its size less one.
 * @from: position of the frame's first descriptor.
 * @to: position behind the last descriptor that the device was given.
 * @room: bytes that a buffer holds.
 */
static inline void xnic_rx_read_chain(struct xnic_rx_chain *chain, const union xnic_rx_desc *ring,
				      u32 mask, u32 from, u32 to, u32 room)
{
	u32 status = 0, n = 0;

	*chain = (struct xnic_rx_chain){};
	while (!(status & XNIC_RXD_EOP) && n < XNIC_RX_PARTS) {
		const union xnic_rx_desc *desc = &ring[(from + n) & mask];
		u32 length;

		if (from + n == to)
			return;
		status = le32_to_cpu(READ_ONCE(desc->wb.status));
		if (!(status & XNIC_RXD_DD))
			return;
		dma_rmb();
		length = le16_to_cpu(READ_ONCE(desc->wb.length));
		if (length > room) {
			chain->error = true;
			length = 0;
		}
		chain->part[n++] = length;
		chain->length += length;
	}
	chain->n = n;
	chain->ended = status & XNIC_RXD_EOP;
	/* Errors are the last descriptor's. */
	if (status & XNIC_RXD_FRAME_ERRORS || chain->part[0] < ETH_HLEN)
		chain->error = true;
}

/**
 * xnic_rx_rest() - of a frame that was too long: how many more descriptors belong to it.
 * @ring: the ring.
 * @mask: its size less one.
 * @from: position to look at.
 * @to: position behind the last descriptor that the device was given.
 * @ended: whether the frame's last one is among them.
 */
static inline u32 xnic_rx_rest(const union xnic_rx_desc *ring, u32 mask, u32 from, u32 to,
			       bool *ended)
{
	u32 n = 0;

	*ended = false;
	while (!*ended && from + n != to) {
		u32 status = le32_to_cpu(READ_ONCE(ring[(from + n) & mask].wb.status));

		if (!(status & XNIC_RXD_DD))
			break;
		*ended = status & XNIC_RXD_EOP;
		n++;
	}
	return n;
}

#endif
