// SPDX-License-Identifier: GPL-2.0-only
/* xsk_tx.c - AF_XDP zero-copy: the device reads what sockets send from their own memory. */
#include <linux/tcp.h>
#include <net/xdp_sock_drv.h>

#include "xnic.h"

/* Descriptors taken from the sockets a poll: as many frames as a poll receives. */
#define XNIC_XSK_TX_POLL 64

/* Where a descriptor's metadata request ends up. */
struct xsk_tx_request {
	struct xnic_tx *tx;
	u32 options;
};

static void xsk_request_checksum(u16 start, u16 offset, void *priv)
{
	struct xsk_tx_request *request = priv;

	xnic_tx_csum_context(request->tx, start, offset, offset == offsetof(struct tcphdr, check));
	request->options = XNIC_TXD_TXSM;
}

const struct xsk_tx_metadata_ops xnic_xsk_tx_metadata_ops = {
	.tmo_request_checksum = xsk_request_checksum,
};

static void xsk_put(struct xnic_tx *tx, struct xdp_desc *desc, u32 options)
{
	bool end = xsk_is_eop_desc(desc);
	dma_addr_t dma = xsk_buff_raw_get_dma(tx->pool, desc->addr);

	xsk_buff_raw_dma_sync_for_device(tx->pool, dma, desc->len);
	xnic_tx_data(tx, dma, desc->len, end ? XNIC_TXD_EOP : 0, options, XNIC_MAP_NONE);
	xnic_tx_own(tx, XNIC_TX_XSK_FRAME, NULL, desc->len, end);
}

/* Return: how many descriptors of the sockets were taken, up to @max. Transmit lock held. */
static u32 xsk_put_all(struct xnic_tx *tx, u32 max)
{
	struct xsk_tx_request request = { .tx = tx };
	struct xsk_buff_pool *pool = tx->pool;
	bool first = true;
	u32 i, n;

	n = xsk_tx_peek_release_desc_batch(pool, max);
	if (!n)
		return 0;
	u64_stats_update_begin(&tx->send_sync);
	for (i = 0; i < n; i++) {
		struct xdp_desc *desc = &pool->tx_descs[i];

		if (first && pool->tx_metadata_len) {
			request.options = 0;
			xnic_xsk_tx_request(pool, desc, &xnic_xsk_tx_metadata_ops, &request);
		}
		xsk_put(tx, desc, request.options);
		first = xsk_is_eop_desc(desc);
	}
	xnic_tx_report(tx);
	u64_stats_inc(&tx->n[XNIC_TX_DOORBELLS]);
	xnic_tx_ring_doorbell(tx);
	u64_stats_update_end(&tx->send_sync);
	txq_trans_cond_update(tx->nq);
	return n;
}

/*
 * What the poll says to user space and to NAPI. @n: descriptors that it has taken. @full: there was
 * no room for any.
 *
 * The flag is cleared only where somebody is certain to come, by another poll or an interrupt. Who
 * polls in a system call is not: busy_poll_stop() leaves what remains to a timer, and if that goes
 * off during the poll nobody comes.
 *
 * Return: whether there is nothing to do until a wake-up or an interrupt.
 */
static bool xsk_tx_verdict(struct xsk_buff_pool *pool, u32 n, bool full)
{
	if (!xsk_uses_need_wakeup(pool))
		return !n;
	if ((n || full) && in_serving_softirq()) {
		if (n)
			xsk_clear_tx_need_wakeup(pool);
		return !n;
	}
	if (pool->cached_need_wakeup & XDP_WAKEUP_TX)
		return !n;
	xsk_set_tx_need_wakeup(pool);
	smp_mb(); /* the flag first, then the look that follows */
	return false;
}

/**
 * xnic_xsk_tx_poll() - send what the pair's sockets have queued. NAPI only, after cleaning.
 * @tx: the ring.
 *
 * Return: true if there is nothing to do until a wake-up or an interrupt.
 */
bool xnic_xsk_tx_poll(struct xnic_tx *tx)
{
	struct xsk_buff_pool *pool = tx->pool;
	u32 room, n = 0;
	bool full;

	__netif_tx_lock(tx->nq, smp_processor_id());
	/* A frame may need a context descriptor besides. The stack's share stays free: its queue
	 * could not be stopped from here in time. */
	room = afxdp_prod_free(&tx->prod, 2 * XNIC_XSK_TX_POLL);
	room -= min(room, XNIC_TX_GAP + (u32)XNIC_TX_WORST);
	if (pool->tx_metadata_len)
		room /= 2;
	full = !room;
	if (likely(tx->up && room))
		n = xsk_put_all(tx, min_t(u32, room, XNIC_XSK_TX_POLL));
	__netif_tx_unlock(tx->nq);

	return xsk_tx_verdict(pool, n, full);
}
