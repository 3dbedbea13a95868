// SPDX-License-Identifier: GPL-2.0-only
/* xsk_tx.c - AF_XDP zero-copy: the device reads what sockets send from their own memory. */
#include <linux/tcp.h>
#include <net/xdp_sock_drv.h>

#include "tx.h"

/* Descriptors taken from the sockets a poll: as many frames as a poll receives. */
#define XNIC_XSK_TX_POLL 64
/* Descriptors of the largest frame: its buffers, a context and padding. */
#define XNIC_XSK_WORST	 (XNIC_XDP_WORST + 2)
/* Bytes of the longest: what the part takes. It would not come to the end of one that does not fit
 * into its transmit FIFO; and several buffers can hold one eight times as long. */
#define XNIC_XSK_LONGEST (XNIC_MTU_MAX + XNIC_L2_OVERHEAD)

/* What a frame's metadata asks for. */
struct xsk_tx_request {
	struct xnic_tx *tx;
	u32 length; /* the frame's */
	u32 options;
	bool invalid;
};

/* Not inline: the values, which user space can change at any time, are read once for the call. */
static noinline void xsk_request_checksum(u16 start, u16 offset, void *priv)
{
	struct xsk_tx_request *request = priv;
	u32 place = start + offset;

	if (place + sizeof(__sum16) > request->length || place > XNIC_TXC_PLACE_MAX) {
		request->invalid = true;
		return;
	}
	xnic_tx_csum_context(request->tx, start, offset, offset == offsetof(struct tcphdr, check));
	request->options = XNIC_TXD_TXSM;
}

const struct xsk_tx_metadata_ops xnic_xsk_tx_metadata_ops = {
	.tmo_request_checksum = xsk_request_checksum,
};

/*
 * Complete @n descriptors that are not sent. User space gets descriptors back in the order in which
 * it gave them, so these wait for the last one before them.
 */
static void xsk_complete_unsent(struct xnic_tx *tx, u32 n)
{
	struct xnic_tx_entry *last = xnic_tx_entry(tx, tx->xsk_last);

	if (tx->xsk_last - tx->cons.tail < tx->prod.head - tx->cons.tail &&
	    last->what == XNIC_TX_XSK_FRAME)
		last->completions += n;
	else
		xsk_tx_completed(tx->pool, n);
}

/* A frame of @n descriptors that cannot be sent. */
static noinline void xsk_refuse(struct xnic_tx *tx, u32 n)
{
	u64_stats_inc(&tx->n[XNIC_TX_XSK_INVALID]);
	xsk_complete_unsent(tx, n);
}

/* Return: false if the metadata of the frame that begins with @desc asks for what cannot be. */
static noinline bool xsk_request(struct xnic_tx *tx, const struct xdp_desc *desc, u32 length,
				 u32 *options)
{
	struct xsk_tx_request request = { .tx = tx, .length = length };

	xnic_xsk_tx_request(tx->pool, desc, &xnic_xsk_tx_metadata_ops, &request);
	*options = request.options;
	return !request.invalid;
}

/* The frame of @n descriptors and @length bytes into the ring, where it has room. */
static __always_inline void xsk_put(struct xnic_tx *tx, const struct xdp_desc *desc, u32 n,
				    u32 length)
{
	struct xsk_buff_pool *pool = tx->pool;
	u32 i, options = 0;

	if (unlikely(pool->tx_metadata_len && desc->options & XDP_TX_METADATA) &&
	    !xsk_request(tx, desc, length, &options)) {
		xsk_refuse(tx, n);
		return;
	}
	for (i = 0; i < n; i++) {
		dma_addr_t dma = xsk_buff_raw_get_dma(pool, desc[i].addr);

		xsk_buff_raw_dma_sync_for_device(pool, dma, desc[i].len);
		xnic_tx_data(tx, dma, desc[i].len, 0, options, XNIC_MAP_NONE);
	}
	length = xnic_tx_pad(tx, length, options);
	xnic_tx_end(tx, XNIC_TX_XSK_FRAME, (void *)(unsigned long)n, length, 1);
	tx->xsk_last = tx->prod.head - 1;
}

/* ---- what was taken from the sockets, frame by frame ---- */

/*
 * Move descriptors to the frame whose end is missing, until it is there. A frame that is too long
 * is completed unsent; of what user space never ends, so much is held.
 *
 * Return: whether there is a whole frame.
 */
static noinline bool xsk_take_long(struct xnic_tx *tx)
{
	struct xnic_xsk_taken *t = &tx->taken;

	while (t->at < t->end) {
		const struct xdp_desc *desc = &tx->pool->tx_descs[t->at++];
		bool end = xsk_is_eop_desc(desc);

		if (t->n == ARRAY_SIZE(t->desc) || t->skip) {
			if (!t->skip)
				u64_stats_inc(&tx->n[XNIC_TX_XSK_INVALID]);
			xsk_complete_unsent(tx, t->n + 1);
			t->n = 0;
			t->skip = !end;
			continue;
		}
		t->desc[t->n++] = *desc;
		if (end)
			return true;
	}
	return false;
}

/* Send what was taken, as long as descriptors up to @limit suffice for any frame. Return: how many
 * descriptors of the sockets were dealt with: sent, kept for their frame's rest, or given back. */
static u32 xsk_send_taken(struct xnic_tx *tx, u32 limit)
{
	struct xnic_xsk_taken *t = &tx->taken;
	u32 at = t->at, length, i;

	while ((s32)(limit - tx->prod.head) >= XNIC_XSK_WORST && t->at < t->end) {
		const struct xdp_desc *desc = &tx->pool->tx_descs[t->at];

		if (likely(xsk_is_eop_desc(desc) && !t->n && !t->skip)) {
			xsk_put(tx, desc, 1, desc->len);
			t->at++;
			continue;
		}
		if (!xsk_take_long(tx))
			break;
		for (i = 0, length = 0; i < t->n; i++)
			length += t->desc[i].len;
		if (likely(length <= XNIC_XSK_LONGEST))
			xsk_put(tx, t->desc, t->n, length);
		else
			xsk_refuse(tx, t->n);
		t->n = 0;
	}
	return t->at - at;
}

/* Return: how many descriptors of the sockets were dealt with, with @room in the ring, no more than
 * XNIC_XSK_TX_POLL. Transmit lock held. */
static u32 xsk_send(struct xnic_tx *tx, u32 room)
{
	struct xnic_xsk_taken *t = &tx->taken;
	u32 start = tx->prod.head, done;

	if (t->at == t->end) {
		t->at = 0;
		t->end = xsk_tx_peek_release_desc_batch(tx->pool,
							min_t(u32, room, XNIC_XSK_TX_POLL));
		if (!t->end)
			return 0;
	}
	u64_stats_update_begin(&tx->send_sync);
	done = xsk_send_taken(tx, start + room);
	if (tx->prod.head != start) {
		xnic_tx_report(tx);
		u64_stats_inc(&tx->n[XNIC_TX_DOORBELLS]);
		xnic_tx_ring_doorbell(tx);
		txq_trans_cond_update(tx->nq);
	}
	u64_stats_update_end(&tx->send_sync);
	return done;
}

/**
 * xnic_xsk_tx_discard() - what was taken from the sockets and not sent will not be. The pair is
 * stopped.
 * @tx: the ring.
 * @frames: their number is added to it.
 *
 * Return: how many descriptors are to be completed after those in the ring.
 */
u32 xnic_xsk_tx_discard(struct xnic_tx *tx, u32 *frames)
{
	struct xnic_xsk_taken *t = &tx->taken;
	u32 n = t->n + t->end - t->at;

	t->skip |= t->n; /* its rest would look like a frame */
	*frames += !!t->n;
	for (; t->at < t->end; t->at++) {
		t->skip = !xsk_is_eop_desc(&tx->pool->tx_descs[t->at]);
		*frames += !t->skip;
	}
	t->n = 0;
	return n;
}

/*
 * What the poll says to user space and to NAPI. @n: descriptors that it has sent. @full: there was
 * no room for any.
 *
 * The flag is cleared only where somebody is certain to come, by another poll or an interrupt. Who
 * polls in a system call is not: busy_poll_stop() leaves what remains to a timer, and if that goes
 * off during the poll nobody comes. All other polls are made by the soft interrupt or by NAPI's own
 * thread.
 *
 * Return: whether there is nothing to do until a wake-up or an interrupt.
 */
static bool xsk_tx_verdict(struct xnic_tx *tx, u32 n, bool full)
{
	struct xsk_buff_pool *pool = tx->pool;

	if (!xsk_uses_need_wakeup(pool))
		return !n;
	if ((n || full) &&
	    (in_serving_softirq() || current == READ_ONCE(tx->ad->queue[tx->index].napi.thread))) {
		if (n) {
			xsk_clear_tx_need_wakeup(pool);
			tx->xsk_asked = false;
		}
		return !n;
	}
	if (tx->xsk_asked)
		return !n;
	xsk_set_tx_need_wakeup(pool);
	tx->xsk_asked = true;
	smp_mb(); /* the flag first, then the look that follows */
	return false;
}

/**
 * xnic_xsk_tx_poll() - send what the pair's sockets have queued. NAPI only, after cleaning.
 * @tx: the ring.
 *
 * Without link nothing is taken from the sockets: it would go out when it is stale. Who wakes us is
 * told -ENETDOWN meanwhile (xnic_xsk_wakeup()).
 *
 * Return: true if there is nothing to do until a wake-up or an interrupt.
 */
bool xnic_xsk_tx_poll(struct xnic_tx *tx)
{
	u32 room, reserve, n = 0;
	bool full;

	if (unlikely(!netif_carrier_ok(tx->ad->netdev)))
		return xsk_tx_verdict(tx, 0, false);
	__netif_tx_lock(tx->nq, smp_processor_id());
	reserve = xnic_tx_reserve(tx);
	room = afxdp_prod_free(&tx->prod, reserve + XNIC_XSK_TX_POLL + XNIC_XSK_WORST);
	room -= min(room, reserve);
	full = room < XNIC_XSK_WORST;
	if (likely(tx->up && !full))
		n = xsk_send(tx, room);
	__netif_tx_unlock(tx->nq);

	return xsk_tx_verdict(tx, n, full);
}
