/* SPDX-License-Identifier: GPL-2.0-only */
/* transmit.h - how sinks put frames into a socket's TX ring. */
#ifndef AFXDP_SINK_TRANSMIT_H
#define AFXDP_SINK_TRANSMIT_H

#include "../sink.h"

/** transmit_waiting() - descriptors in the TX ring that the kernel has not taken yet. */
static inline uint32_t transmit_waiting(struct afxdp_xsk *xsk)
{
	return xsk->tx.size - afxdp_prod_free(&xsk->tx, xsk->tx.size);
}

/**
 * transmit_kick() - submit what was queued, and make the kernel send it if it wants to be told.
 *
 * In copy mode one call sends 32 descriptors at most (the socket's budget, net/xdp/xsk.c), so as
 * long as a call gets some out there may be need of another.
 */
static inline void transmit_kick(struct afxdp_xsk *xsk)
{
	uint32_t left, before;

	afxdp_prod_submit(&xsk->tx);
	left = transmit_waiting(xsk);
	do {
		if (!left || !afxdp_xsk_tx_wants_wakeup(xsk) || afxdp_xsk_wake_tx(xsk))
			return;
		before = left;
		left = transmit_waiting(xsk);
	} while (left < before);
}

/**
 * transmit_take_back() - what the kernel never took from the TX ring was not delivered, though
 * @port has counted it so. When nobody else touches either.
 */
static inline void transmit_take_back(struct afxdp_xsk *xsk, struct sink_port *port)
{
	uint32_t n = transmit_waiting(xsk), frames = 0;

	for (uint32_t i = 0; i < n; i++)
		frames += !(xsk->tx_desc[(xsk->tx.head - n + i) & xsk->tx.mask].options &
			    XDP_PKT_CONTD);
	sink_add(&port->here.delivered, -(uint64_t)frames);
	sink_add(&port->here.dropped, frames);
}

/**
 * transmit_queue() - put one frame into the TX ring: @first, then the @n - 1 descriptors behind
 * @desc.
 *
 * Return: false if the ring has no room for all of it.
 */
static inline bool transmit_queue(struct afxdp_xsk *xsk, struct xdp_desc first,
				  const struct xdp_desc *desc, uint32_t n)
{
	uint32_t pos;

	if (afxdp_prod_free(&xsk->tx, n) < n)
		return false;
	afxdp_prod_reserve(&xsk->tx, n, &pos);
	for (uint32_t i = 0; i < n; i++) {
		struct xdp_desc *to = &xsk->tx_desc[(pos + i) & xsk->tx.mask];

		*to = i ? desc[i] : first;
		to->options &= XDP_PKT_CONTD;
	}
	return true;
}

#endif
