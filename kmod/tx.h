/* SPDX-License-Identifier: GPL-2.0-only */
/* tx.h - writing transmit descriptors: for the stack's, XDP's and AF_XDP's frames. Transmit lock
 * held. */
#ifndef XNIC_TX_H
#define XNIC_TX_H

#include "xnic.h"

/**
 * xnic_tx_data() - write one data descriptor.
 * @tx: the ring.
 * @dma: where the bytes are.
 * @length: how many.
 * @cmd: XNIC_TXD_TSE, XNIC_TXD_VLE, XNIC_TXD_EOP.
 * @options: checksums and tag; alike in all of a frame's descriptors.
 * @map: how it is to be unmapped.
 */
static inline void xnic_tx_data(struct xnic_tx *tx, dma_addr_t dma, u32 length, u32 cmd,
				u32 options, enum xnic_tx_map map)
{
	u32 pos = tx->prod.head++;
	union xnic_tx_desc *desc = xnic_tx_desc(tx, pos);
	struct xnic_tx_entry *entry = xnic_tx_entry(tx, pos);

	desc->data.addr = cpu_to_le64(dma);
	desc->data.cmd = cpu_to_le32(cmd | length | XNIC_TXD_DATA | XNIC_TXD_DEXT | XNIC_TXD_IFCS);
	desc->data.options = cpu_to_le32(options);
	entry->dma = dma;
	entry->length = length;
	entry->map = map;
	entry->what = XNIC_TX_NOTHING;
}

/**
 * xnic_tx_end() - the descriptor just written ends its frame: what is to be released then.
 * @tx: the ring.
 * @what: what @object is.
 * @object: skb, xdp_frame, or how many of AF_XDP's descriptors are to be completed.
 * @bytes: what the frame is on the wire, and
 * @frames: in how many frames (segments).
 */
static inline void xnic_tx_end(struct xnic_tx *tx, enum xnic_tx_what what, void *object, u32 bytes,
			       u32 frames)
{
	struct xnic_tx_entry *entry = xnic_tx_entry(tx, tx->prod.head - 1);

	entry->what = what;
	entry->skb = object;
	entry->bytes = bytes;
	entry->frames = frames;
	xnic_tx_desc(tx, tx->prod.head - 1)->data.cmd |= cpu_to_le32(XNIC_TXD_EOP);
}

u32 xnic_tx_lengthen(struct xnic_tx *tx, u32 bytes, u32 options);

/**
 * xnic_tx_pad() - lengthen the frame whose descriptors were just written, if it is shorter than
 * what the transmitter takes. That may take a descriptor.
 * @tx: the ring.
 * @bytes: its length.
 * @options: as its other descriptors.
 *
 * Return: its length now.
 */
static inline u32 xnic_tx_pad(struct xnic_tx *tx, u32 bytes, u32 options)
{
	return likely(bytes >= XNIC_TX_MINIMUM) ? bytes : xnic_tx_lengthen(tx, bytes, options);
}

#endif
