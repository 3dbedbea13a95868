// SPDX-License-Identifier: GPL-2.0-only
/* xsk_pool.c - AF_XDP pools: how a queue pair comes to one and gets rid of it; who wakes it. */
#include <net/xdp_sock_drv.h>

#include "xnic.h"

/**
 * xnic_xsk_wakeup() - ndo_xsk_wakeup: poll the pair soon. Under RCU, any context.
 * @netdev: the port.
 * @queue: which pair.
 * @flags: XDP_WAKEUP_RX, XDP_WAKEUP_TX: one poll serves both.
 *
 * A pair that is being reconfigured polls once when it starts again, so nothing asked for
 * meanwhile is lost.
 */
int xnic_xsk_wakeup(struct net_device *netdev, u32 queue, u32 flags)
{
	struct xnic_adapter *ad = netdev_priv(netdev);
	struct xnic_queue *q;

	if (queue >= XNIC_HW_QUEUES || !READ_ONCE(ad->rx[queue].pool))
		return -EINVAL;
	if (!netif_running(netdev) || !netif_carrier_ok(netdev))
		return -ENETDOWN;
	q = &ad->queue[queue];
	WRITE_ONCE(ad->rx[queue].xsk_woken, true);
	if (!READ_ONCE(q->running) || napi_if_scheduled_mark_missed(&q->napi))
		return 0;
	local_bh_disable();
	napi_schedule(&q->napi);
	local_bh_enable();
	return 0;
}

static void xsk_assign(struct xnic_adapter *ad, struct xsk_buff_pool *pool, u16 queue)
{
	struct xnic_rx *rx = &ad->rx[queue];

	if (pool) {
		rx->xsk_room = xsk_pool_get_rx_frame_size(pool);
		/* Behind the frame the core leaves room for shared info where frames may have
		 * several buffers. */
		rx->xsk_frags = xsk_pool_get_chunk_size(pool) - xsk_pool_get_headroom(pool) -
					rx->xsk_room >=
				SKB_DATA_ALIGN(sizeof(struct skb_shared_info));
		rx->xsk_asked = false;
		rx->xsk_stuck = false;
		ad->tx[queue].taken.skip = false; /* of a frame that another pool began */
	}
	WRITE_ONCE(rx->pool, pool);
	WRITE_ONCE(ad->tx[queue].pool, pool);
}

/* The part cannot forget one ring of two: a change of one pair's buffers takes a reset. */
static void xsk_replace(struct xnic_adapter *ad, struct xsk_buff_pool *pool, u16 queue)
{
	if (ad->state != XNIC_OPENED) {
		xsk_assign(ad, pool, queue);
		return;
	}
	xnic_port_down(ad);
	xsk_assign(ad, pool, queue);
	xnic_port_up_again(ad);
}

/*
 * What XDP learns of the pool's frames. A pool's buffers point there as long as it is the port's,
 * and a socket that polls looks through them whenever it likes: so it is part of the port, and not
 * of the rings' memory, which comes and goes.
 */
static int xsk_register(struct xnic_adapter *ad, struct xsk_buff_pool *pool, u16 queue)
{
	struct xdp_rxq_info *rxq = &ad->rx[queue].rxq_xsk;
	int err;

	err = __xdp_rxq_info_reg(rxq, ad->netdev, queue, ad->queue[queue].napi.napi_id,
				 xsk_pool_get_rx_frag_step(pool));
	if (err)
		return err;
	err = xdp_rxq_info_reg_mem_model(rxq, MEM_TYPE_XSK_BUFF_POOL, NULL);
	if (err) {
		xdp_rxq_info_unreg(rxq);
		return err;
	}
	xsk_pool_set_rxq_info(pool, rxq);
	return 0;
}

/**
 * xnic_xsk_set_pool() - give a queue pair an AF_XDP pool, or take it away. The control thread's.
 * @ad: the port.
 * @pool: NULL to take away.
 * @queue: which pair.
 *
 * The device is reset, which takes some 40 ms and leaves the PHY alone. Taking away cannot fail:
 * the pages are still there.
 *
 * Return: 0; -EINVAL: no such pair, or the pool's buffers are too small for the device; -EBUSY: has
 * one; -ENOMEM.
 */
int xnic_xsk_set_pool(struct xnic_adapter *ad, struct xsk_buff_pool *pool, u16 queue)
{
	struct xdp_rxq_info *rxq;
	struct xsk_buff_pool *old;
	int err;

	XSK_CHECK_PRIV_TYPE(struct xnic_xdp);
	if (queue >= ad->shape.pairs)
		return -EINVAL;
	rxq = &ad->rx[queue].rxq_xsk;
	old = ad->rx[queue].pool;
	if (!pool) {
		if (!old)
			return -EINVAL;
		xsk_replace(ad, NULL, queue);
		xdp_rxq_info_unreg(rxq);
		xsk_pool_dma_unmap(old, DMA_ATTR_SKIP_CPU_SYNC);
		return 0;
	}
	if (old)
		return -EBUSY;
	err = xsk_pool_dma_map(pool, &ad->pdev->dev, DMA_ATTR_SKIP_CPU_SYNC);
	if (err)
		return err;
	err = -EINVAL;
	if (xsk_pool_get_rx_frame_size(pool) < XNIC_RX_BUFFER_MIN)
		goto unmap;
	err = xsk_register(ad, pool, queue);
	if (err)
		goto unmap;
	xsk_replace(ad, pool, queue);
	return 0;

unmap:
	xsk_pool_dma_unmap(pool, DMA_ATTR_SKIP_CPU_SYNC);
	return err;
}
