// SPDX-License-Identifier: GPL-2.0-only
/*
 * ring.c - the memory of descriptor rings, and starting and stopping one queue pair.
 */
#include "xnic.h"

/* How long a pair's transmitter may take to finish what it has: 4095 full frames at 1 Gbit/s are
 * 50 ms, but with a lost link it never ends, so that waiting longer than for a few frames buys
 * nothing: what is left is discarded. */
#define XNIC_TX_DRAIN_US 10000

/* ---- receive ---- */

static void rx_mem_free(struct xnic_adapter *ad, struct xnic_rx_mem *mem)
{
	u32 i;

	if (!mem)
		return;
	if (mem->page) {
		for (i = 0; i < mem->count; i++)
			if (mem->page[i])
				page_pool_put_full_page(mem->pages, mem->page[i], false);
	}
	if (xdp_rxq_info_is_reg(&mem->rxq_pages))
		xdp_rxq_info_unreg(&mem->rxq_pages);
	page_pool_destroy(mem->pages);
	kvfree(mem->xdp);
	kvfree(mem->page);
	if (mem->desc)
		dma_free_coherent(&ad->pdev->dev, mem->count * sizeof(*mem->desc), mem->desc,
				  mem->dma);
	kfree(mem);
}

static int rx_mem_register(struct xnic_adapter *ad, struct xnic_rx_mem *mem, unsigned int i)
{
	unsigned int napi_id = ad->queue[i].napi.napi_id;
	int err;

	err = __xdp_rxq_info_reg(&mem->rxq_pages, ad->netdev, i, napi_id, PAGE_SIZE);
	if (err)
		return err;
	return xdp_rxq_info_reg_mem_model(&mem->rxq_pages, MEM_TYPE_PAGE_POOL, mem->pages);
}

static int rx_mem_pages(struct xnic_adapter *ad, struct xnic_rx_mem *mem, unsigned int i)
{
	struct page_pool_params params = {
		.flags = PP_FLAG_DMA_MAP | PP_FLAG_DMA_SYNC_DEV,
		.pool_size = mem->count,
		.nid = dev_to_node(&ad->pdev->dev),
		.dev = &ad->pdev->dev,
		.netdev = ad->netdev,
		.queue_idx = i,
		.dma_dir = DMA_BIDIRECTIONAL, /* XDP_TX sends the page it came in */
		.offset = XNIC_HEADROOM,
		.max_len = XNIC_PAGE_ROOM,
	};
	struct page_pool *pages = page_pool_create(&params);
	u32 n;

	if (IS_ERR(pages))
		return PTR_ERR(pages);
	mem->pages = pages;
	/* Not GFP_KERNEL: if the pool's index of mapped pages needs memory that is not there at
	 * once, 6.12 would wait for it with bottom halves off. */
	for (n = 0; n < mem->count - 1; n++) {
		if (!xnic_fault(ad, XNIC_FAULT_PAGE))
			mem->page[n] = page_pool_dev_alloc_pages(pages);
		if (!mem->page[n])
			return -ENOMEM;
	}
	return 0;
}

static struct xnic_rx_mem *rx_mem_alloc(struct xnic_adapter *ad, u32 count, unsigned int i)
{
	struct xnic_rx_mem *mem = kzalloc(sizeof(*mem), GFP_KERNEL);
	int err = -ENOMEM;

	if (!mem)
		return ERR_PTR(err);
	mem->count = count;
	mem->page = kvcalloc(count, sizeof(*mem->page), GFP_KERNEL);
	mem->xdp = kvcalloc(count, sizeof(*mem->xdp), GFP_KERNEL);
	mem->desc = dma_alloc_coherent(&ad->pdev->dev, count * sizeof(*mem->desc), &mem->dma,
				       GFP_KERNEL);
	if (mem->page && mem->xdp && mem->desc)
		err = rx_mem_pages(ad, mem, i);
	if (!err)
		err = rx_mem_register(ad, mem, i);
	if (!err)
		return mem;
	rx_mem_free(ad, mem);
	return ERR_PTR(err);
}

/* ---- transmit ---- */

static void tx_mem_free(struct xnic_adapter *ad, struct xnic_tx_mem *mem)
{
	if (!mem)
		return;
	kvfree(mem->entry);
	if (mem->desc)
		dma_free_coherent(&ad->pdev->dev, mem->count * sizeof(*mem->desc), mem->desc,
				  mem->dma);
	if (!dma_mapping_error(&ad->pdev->dev, mem->zeros))
		dma_unmap_page(&ad->pdev->dev, mem->zeros, XNIC_TX_MINIMUM, DMA_TO_DEVICE);
	kfree(mem);
}

static struct xnic_tx_mem *tx_mem_alloc(struct xnic_adapter *ad, u32 count)
{
	struct xnic_tx_mem *mem = kzalloc(sizeof(*mem), GFP_KERNEL);

	if (!mem)
		return ERR_PTR(-ENOMEM);
	mem->count = count;
	mem->entry = kvcalloc(count, sizeof(*mem->entry), GFP_KERNEL);
	mem->desc = dma_alloc_coherent(&ad->pdev->dev, count * sizeof(*mem->desc), &mem->dma,
				       GFP_KERNEL);
	mem->zeros = dma_map_page(&ad->pdev->dev, ZERO_PAGE(0), 0, XNIC_TX_MINIMUM, DMA_TO_DEVICE);
	if (mem->entry && mem->desc && !dma_mapping_error(&ad->pdev->dev, mem->zeros))
		return mem;
	tx_mem_free(ad, mem);
	return ERR_PTR(-ENOMEM);
}

/* ---- both ---- */

/**
 * xnic_mem_alloc() - the memory for all rings of a shape, receive buffers included. May sleep.
 * @ad: the port.
 * @shape: the new one.
 * @mem: the memory.
 *
 * Return: 0, or -ENOMEM (or what the page pool says); nothing is kept then.
 */
int xnic_mem_alloc(struct xnic_adapter *ad, const struct xnic_shape *shape, struct xnic_mem *mem)
{
	unsigned int i;
	int err;

	*mem = (struct xnic_mem){ .shape = *shape };
	for (i = 0; i < shape->pairs; i++) {
		struct xnic_rx_mem *rx = rx_mem_alloc(ad, shape->rx_count, i);
		struct xnic_tx_mem *tx;

		if (IS_ERR(rx)) {
			err = PTR_ERR(rx);
			goto free;
		}
		mem->rx[i] = rx;
		tx = tx_mem_alloc(ad, shape->tx_count);
		if (IS_ERR(tx)) {
			err = PTR_ERR(tx);
			goto free;
		}
		mem->tx[i] = tx;
	}
	return 0;

free:
	xnic_mem_free(ad, mem);
	return err;
}

/** xnic_mem_free() - give back what xnic_mem_alloc() or xnic_mem_swap() gave. */
void xnic_mem_free(struct xnic_adapter *ad, struct xnic_mem *mem)
{
	unsigned int i;

	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		rx_mem_free(ad, mem->rx[i]);
		tx_mem_free(ad, mem->tx[i]);
	}
	*mem = (struct xnic_mem){};
}

/**
 * xnic_mem_swap() - put other memory in use, and hand out what was. All pairs are stopped.
 * @ad: the port.
 * @mem: what is to be used; what was. That no longer belongs to a NAPI: it can be freed while
 * pairs run.
 */
void xnic_mem_swap(struct xnic_adapter *ad, struct xnic_mem *mem)
{
	unsigned int i;

	swap(ad->shape, mem->shape);
	for (i = 0; i < XNIC_HW_QUEUES; i++) {
		swap(ad->rx[i].mem, mem->rx[i]);
		swap(ad->tx[i].mem, mem->tx[i]);
		if (mem->rx[i])
			page_pool_disable_direct_recycling(mem->rx[i]->pages);
	}
}

/* ---- one queue pair ---- */

static void rx_start(struct xnic_adapter *ad, struct xnic_rx *rx)
{
	struct xnic_rx_mem *mem = rx->mem;
	unsigned int i = rx->index;
	u32 start = rx->rung & (mem->count - 1);

	/* From where the tail register stands: it is not written while the receiver is off. Under
	 * QEMU that would throw away frames that wait. */
	rx->next = start;
	rx->filled = start;
	rx->rung = start;
	rx->skip = false;
	xnic_wr(ad, XNIC_RDBAL(i), lower_32_bits(mem->dma));
	xnic_wr(ad, XNIC_RDBAH(i), upper_32_bits(mem->dma));
	xnic_wr(ad, XNIC_RDLEN(i), mem->count * sizeof(*mem->desc));
	xnic_wr(ad, XNIC_RDH(i), start);
	rx->tail = ad->mapped + XNIC_RDT(i);
	/* Only now: a pool that is given up unused must not belong to a NAPI that runs. */
	WRITE_ONCE(mem->pages->p.napi, &ad->queue[i].napi);
}

static void tx_start(struct xnic_adapter *ad, struct xnic_tx *tx)
{
	struct xnic_tx_mem *mem = tx->mem;
	unsigned int i = tx->index;
	u32 tarc = xnic_rd(ad, XNIC_TARC(i)) | XNIC_TARC_ENABLE;

	tx->ix.producer = 0;
	tx->ix.consumer = 0;
	afxdp_prod_init(&tx->prod, &tx->ix.producer, &tx->ix.consumer, mem->count);
	afxdp_cons_init(&tx->cons, &tx->ix.producer, &tx->ix.consumer, mem->count);
	tx->span = 0;
	tx->xsk_last = ~0U; /* none */
	tx->xsk_asked = false;
	/* A queue that stopped is woken by this restart. */
	tx->stops = 1;
	tx->stopped = 0;
	u64_stats_set(&tx->n[XNIC_TX_WAKE], max(u64_stats_read(&tx->n[XNIC_TX_WAKE]),
						u64_stats_read(&tx->n[XNIC_TX_STOP])));
	xnic_wr(ad, XNIC_TDBAL(i), lower_32_bits(mem->dma));
	xnic_wr(ad, XNIC_TDBAH(i), upper_32_bits(mem->dma));
	xnic_wr(ad, XNIC_TDLEN(i), mem->count * sizeof(*mem->desc));
	xnic_wr(ad, XNIC_TDH(i), 0);
	xnic_wr(ad, XNIC_TDT(i), 0);
	xnic_wr(ad, XNIC_TARC(i), tarc);
	tx->tail = ad->mapped + XNIC_TDT(i);
	netdev_tx_reset_queue(tx->nq);
}

/**
 * xnic_pair_start() - let a stopped pair's rings and NAPI run. Since the device was reset neither
 * receiver nor transmitter have been on: only then may it be told of rings. Once they are,
 * xnic_pair_kick() hands the buffers out.
 * @ad: the port.
 * @i: the pair.
 *
 * Cannot fail: what it needs is in the rings' memory.
 */
void xnic_pair_start(struct xnic_adapter *ad, unsigned int i)
{
	struct xnic_queue *q = &ad->queue[i];
	struct xnic_tx *tx = &ad->tx[i];

	rx_start(ad, &ad->rx[i]);
	tx_start(ad, tx);
	xnic_napi_enable(ad->netdev, &q->napi, xnic_poll, i, xnic_irq_of_pair(ad, i));
	__netif_tx_lock_bh(tx->nq);
	WRITE_ONCE(tx->up, true);
	txq_trans_cond_update(tx->nq);
	/* Not only started: what waits in the qdisc would stay there until the next frame. */
	netif_tx_wake_queue(tx->nq);
	__netif_tx_unlock_bh(tx->nq);
	WRITE_ONCE(q->running, true);
}

/**
 * xnic_pair_kick() - let a started pair fill its rings and unmask its interrupt, by polling it
 * once: so whatever was asked of it while it stood (a wake-up, a frame in the socket) is seen too.
 * @ad: the port.
 * @i: the pair.
 */
void xnic_pair_kick(struct xnic_adapter *ad, unsigned int i)
{
	local_bh_disable();
	napi_schedule(&ad->queue[i].napi);
	local_bh_enable();
}

/* Count the frames in the ring of a receiver that is off: nobody will look at them. */
static void rx_discard(struct xnic_rx *rx)
{
	struct xnic_rx_tally tally = {};
	u32 pos;

	for (pos = rx->next; pos != rx->filled; pos++) {
		u32 status = le32_to_cpu(READ_ONCE(xnic_rx_desc(rx, pos)->wb.status));

		if (!(status & XNIC_RXD_DD))
			break;
		tally.n[XNIC_RX_DISCARDED] += !!(status & XNIC_RXD_EOP);
	}
	xnic_rx_count(rx, &tally);
}

/**
 * xnic_pair_stop() - take a pair out of the data plane.
 * @ad: the port.
 * @i: the pair.
 *
 * When it returns, nobody sends on the pair, no poll runs or will. The device still works on the
 * rings.
 *
 * In this order: senders, interrupt, NAPI. An interrupt after NAPI was disabled would be swallowed.
 */
void xnic_pair_stop(struct xnic_adapter *ad, unsigned int i)
{
	struct xnic_queue *q = &ad->queue[i];
	struct xnic_tx *tx = &ad->tx[i];

	WRITE_ONCE(q->running, false);
	__netif_tx_lock_bh(tx->nq);
	WRITE_ONCE(tx->up, false);
	txq_trans_cond_update(tx->nq); /* or the watchdog takes an idle queue for stuck meanwhile */
	netif_tx_stop_queue(tx->nq);
	__netif_tx_unlock_bh(tx->nq);
	xnic_irq_disable_pair(q);
	xnic_napi_disable(&q->napi);
	xnic_irq_cancel_dim(q);
}

/** xnic_pair_drain() - give a stopped pair's transmitter time to send what it has. */
void xnic_pair_drain(struct xnic_adapter *ad, unsigned int i)
{
	unsigned int us;

	for (us = 0; us < XNIC_TX_DRAIN_US; us += 100) {
		if (xnic_rd(ad, XNIC_TDH(i)) == xnic_rd(ad, XNIC_TDT(i)))
			return;
		usleep_range(100, 200);
	}
}

/**
 * xnic_pair_clear() - empty a stopped pair's rings, which the device, having been reset, knows no
 * more: it may have fetched descriptors long before it used them.
 * @ad: the port.
 * @i: the pair.
 *
 * AF_XDP frames that were sent are completed, AF_XDP buffers are back in their pool. The page
 * buffers stay in their ring.
 */
void xnic_pair_clear(struct xnic_adapter *ad, unsigned int i)
{
	xnic_tx_discard(&ad->tx[i]);
	rx_discard(&ad->rx[i]);
	if (ad->rx[i].pool)
		xnic_xsk_rx_clean(&ad->rx[i]);
}
