// SPDX-License-Identifier: GPL-2.0-only
/*
 * xsk.c - AF_XDP zero-copy: the device writes to the user's own memory; the pools and their wake-up.
 *
 * A pair with a pool receives into the pool's buffers instead of pages, and sends the sockets'
 * descriptors beside the stack's frames (xsk_tx.c). Who is to act next is said through need_wakeup;
 * where a flag is set because something ran out, one more poll follows: what the user did before it
 * could see the flag is found then.
 */
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <net/xdp_sock_drv.h>

#include "xnic.h"

/* With fewer buffers than this in the device's hands, and none in the fill ring, the user must say
 * when there are more: a frame of MAX_SKB_FRAGS + 1 buffers might not fit, and so not interrupt. */
#define XNIC_XSK_LOW	  64
/* A doorbell is worth this many descriptors, as long as the device has as many left. */
#define XNIC_XSK_DOORBELL 16

/* ---- receive ---- */

/* Return: false if the fill ring had too little. */
bool xnic_xsk_rx_refill(struct xnic_rx *rx, struct xnic_rx_tally *tally)
{
	struct xnic_rx_mem *mem = rx->mem;
	u32 room = xnic_rx_room(rx);

	while (room) {
		u32 slot = rx->filled & (mem->count - 1);
		u32 want = min(room, mem->count - slot), got, i;

		got = xsk_buff_alloc_batch(rx->pool, &mem->xdp[slot], want);
		for (i = 0; i < got; i++) {
			union xnic_rx_desc *desc = &mem->desc[slot + i];

			desc->read.addr = cpu_to_le64(xsk_buff_xdp_get_dma(mem->xdp[slot + i]));
			desc->read.zero = 0;
		}
		rx->filled += got;
		room -= got;
		if (got < want) {
			tally->n[XNIC_RX_XSK_EMPTY]++;
			break;
		}
	}
	if (rx->filled - rx->rung >= XNIC_XSK_DOORBELL || rx->rung - rx->next < XNIC_XSK_LOW)
		xnic_rx_doorbell(rx, tally);
	return !room;
}

static struct xdp_buff *xsk_slot(const struct xnic_rx *rx, u32 pos)
{
	return rx->mem->xdp[pos & (rx->mem->count - 1)];
}

/* Append buffer @pos to the frame in @xdp: its bytes to the first buffer, or itself as a frag. */
static void xsk_append(struct xnic_rx *rx, struct xdp_buff *xdp, u32 pos, bool join)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	u32 length = le16_to_cpu(xnic_rx_desc(rx, pos)->wb.length);
	struct xdp_buff *frag = xsk_slot(rx, pos);

	xsk_buff_set_size(frag, length);
	xsk_buff_dma_sync_for_cpu(frag);
	if (join) {
		memcpy(xdp->data_end, frag->data, length);
		xdp->data_end += length;
		return;
	}
	if (!xdp_buff_has_frags(xdp)) {
		info->nr_frags = 0;
		info->xdp_frags_size = 0;
		xdp_buff_set_frags_flag(xdp);
	}
	skb_frag_fill_page_desc(&info->frags[info->nr_frags++], vmalloc_to_page(frag->data),
				offset_in_page(frag->data), length);
	info->xdp_frags_size += length;
	xnic_xsk_link_frag(frag);
}

static void xsk_free_slots(struct xnic_rx *rx, u32 pos, unsigned int n)
{
	while (n--)
		xsk_buff_free(xsk_slot(rx, pos++));
}

/*
 * The socket's RX ring was full, and the core has freed the frame (as 6.12.117 does; others leave
 * it alone): its buffers, whose addresses are still in the ring's slots, come back from the pool's
 * free list. Nobody else takes buffers while we poll.
 */
static void xsk_take_back(struct xnic_rx *rx, unsigned int n)
{
	struct xsk_buff_pool *pool = rx->pool;
	struct xdp_buff_xsk *buff = container_of(xsk_slot(rx, rx->next), struct xdp_buff_xsk, xdp);
	bool freed = !list_empty(&buff->list_node);
	unsigned int i;

	for (i = 0; i < n; i++) {
		buff = container_of(xsk_slot(rx, rx->next + i), struct xdp_buff_xsk, xdp);
		if (list_empty(&buff->list_node))
			continue;
		list_del_init(&buff->list_node);
		if (freed)
			pool->free_list_cnt--;
	}
}

/* The whole frame in pages of our own. The core's conversion would leave the frags out. */
static struct xdp_frame *xsk_to_frame(struct xdp_buff *xdp)
{
	u32 length = xdp_get_buff_len(xdp), offset = XNIC_HEADROOM;
	struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	unsigned int order, i;
	struct xdp_frame *frame;
	struct page *page;

	if (!xdp_buff_has_frags(xdp))
		return xdp_convert_buff_to_frame(xdp);
	order = get_order(offset + SKB_DATA_ALIGN(length) +
			  SKB_DATA_ALIGN(sizeof(struct skb_shared_info)));
	page = dev_alloc_pages(order);
	if (!page)
		return NULL;
	frame = page_address(page);
	*frame = (struct xdp_frame){
		.data = page_address(page) + offset,
		.len = length,
		.headroom = offset - sizeof(*frame),
		.XNIC_FRAME_MEM = MEM_TYPE_PAGE_ORDER0,
		.frame_sz = PAGE_SIZE << order,
	};
	length = xdp->data_end - xdp->data;
	memcpy(frame->data, xdp->data, length);
	for (i = 0; i < info->nr_frags; i++) {
		memcpy(frame->data + length, skb_frag_address(&info->frags[i]),
		       skb_frag_size(&info->frags[i]));
		length += skb_frag_size(&info->frags[i]);
	}
	xsk_buff_free(xdp);
	return frame;
}

static void xsk_pass(struct xnic_rx *rx, struct xnic_xdp *ctx, struct xnic_rx_tally *tally)
{
	struct xdp_buff *xdp = &ctx->xdp;
	struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	u32 meta = xdp->data - xdp->data_meta, linear = xdp->data_end - xdp->data_meta, i;
	struct sk_buff *skb;

	skb = napi_alloc_skb(&rx->ad->queue[rx->index].napi, xdp_get_buff_len(xdp) + meta);
	if (unlikely(!skb)) {
		tally->n[XNIC_RX_DROPPED]++;
		xsk_buff_free(xdp);
		return;
	}
	skb_put_data(skb, xdp->data_meta, linear);
	if (meta) {
		__skb_pull(skb, meta);
		skb_metadata_set(skb, meta);
	}
	for (i = 0; xdp_buff_has_frags(xdp) && i < info->nr_frags; i++)
		skb_put_data(skb, skb_frag_address(&info->frags[i]),
			     skb_frag_size(&info->frags[i]));
	xsk_buff_free(xdp);
	xnic_rx_receive(rx, skb, ctx->desc, tally);
}

/* Return: false if the frame is to be kept for a later poll. */
static bool xsk_redirect(struct xnic_rx *rx, struct bpf_prog *prog, struct xdp_buff *xdp,
			 unsigned int n, struct xnic_rx_tally *tally)
{
	struct net_device *netdev = rx->ad->netdev;
	struct xdp_frame *frame;
	int err;

	if (likely(bpf_net_ctx_get_ri()->map_type == BPF_MAP_TYPE_XSKMAP)) {
		err = xdp_do_redirect(netdev, xdp, prog);
	} else {
		frame = xsk_to_frame(xdp);
		err = frame ? xdp_do_redirect_frame(netdev, xdp, frame, prog) : -ENOMEM;
		if (frame && err)
			xdp_return_frame_rx_napi(frame);
	}
	if (likely(!err)) {
		tally->n[XNIC_RX_XDP_REDIRECT]++;
		return true;
	}
	if (err == -ENOBUFS && xsk_uses_need_wakeup(rx->pool)) {
		xsk_take_back(rx, n);
		tally->n[XNIC_RX_XSK_FULL]++;
		return false;
	}
	tally->n[XNIC_RX_XDP_REDIRECT_FAILED]++;
	xsk_buff_free(xdp); /* does nothing if the core has */
	return true;
}

/* Return: false if the frame is to be kept for a later poll. */
static __always_inline bool xsk_run(struct xnic_rx *rx, struct bpf_prog *prog, struct xnic_xdp *ctx,
				    unsigned int n, struct xnic_rx_tally *tally)
{
	struct xdp_buff *xdp = &ctx->xdp;
	u32 verdict = prog ? bpf_prog_run_xdp(prog, xdp) : XDP_PASS;

	if (likely(verdict == XDP_REDIRECT))
		return xsk_redirect(rx, prog, xdp, n, tally);
	switch (verdict) {
	case XDP_DROP:
		tally->n[XNIC_RX_XDP_DROP]++;
		break;
	case XDP_PASS:
		tally->n[XNIC_RX_XDP_PASS] += !!prog;
		xsk_pass(rx, ctx, tally);
		return true;
	case XDP_TX:
		if (likely(xnic_xdp_tx_frame(rx, xsk_to_frame(xdp), tally)))
			return true;
		trace_xdp_exception(rx->ad->netdev, prog, verdict);
		break;
	default:
		xnic_rx_abort(rx, prog, verdict, tally);
		break;
	}
	xsk_buff_free(xdp);
	return true;
}

/* Take the frame of @n descriptors at rx->next to its verdict. Return: false to keep it. */
static __always_inline bool xsk_frame(struct xnic_rx *rx, struct bpf_prog *prog, unsigned int n,
				      u32 length, struct xnic_rx_tally *tally)
{
	struct xnic_xdp *ctx = (struct xnic_xdp *)xsk_slot(rx, rx->next);
	struct xdp_buff *xdp = &ctx->xdp;
	bool join = false;
	unsigned int i;

	ctx->desc = xnic_rx_desc(rx, rx->next + n - 1);
	xsk_buff_set_size(xdp, le16_to_cpu(xnic_rx_desc(rx, rx->next)->wb.length));
	if (unlikely(le32_to_cpu(ctx->desc->wb.status) & XNIC_RXD_FRAME_ERRORS)) {
		tally->n[XNIC_RX_ERRORS]++;
		xsk_free_slots(rx, rx->next, n);
		return true;
	}
	xsk_buff_dma_sync_for_cpu(xdp);
	if (unlikely(n > 1)) {
		join = length <= xsk_pool_get_rx_frame_size(rx->pool);
		if (!join && ((prog && !prog->aux->xdp_has_frags) || n > MAX_SKB_FRAGS + 1 ||
			      !(rx->pool->umem->flags & XDP_UMEM_SG_FLAG))) {
			tally->n[XNIC_RX_LENGTH]++;
			xsk_free_slots(rx, rx->next, n);
			return true;
		}
		for (i = 1; i < n; i++)
			xsk_append(rx, xdp, rx->next + i, join);
	}
	if (unlikely(!xsk_run(rx, prog, ctx, n, tally)))
		return false;
	if (unlikely(join))
		xsk_free_slots(rx, rx->next + 1, n - 1);
	tally->n[XNIC_RX_PACKETS]++;
	tally->n[XNIC_RX_BYTES] += length;
	return true;
}

/*
 * What the poll says to user space and to NAPI. @dry: a buffer or room in an RX ring was wanted and
 * not to be had, so that only the user can get things going again.
 *
 * Return: whether to poll again at once.
 */
static bool xsk_rx_verdict(struct xsk_buff_pool *pool, bool dry)
{
	if (!xsk_uses_need_wakeup(pool))
		return dry;
	if (!dry) {
		xsk_clear_rx_need_wakeup(pool);
		return false;
	}
	if (pool->cached_need_wakeup & XDP_WAKEUP_RX)
		return false;
	xsk_set_rx_need_wakeup(pool);
	smp_mb(); /* the flag first, then the look that follows */
	return true;
}

/**
 * xnic_xsk_rx_poll() - receive up to @budget frames into the pair's pool. NAPI only.
 * @rx: the ring.
 * @budget: frames that may be received.
 *
 * Return: how many there were; @budget if the poll is to be repeated.
 */
int xnic_xsk_rx_poll(struct xnic_rx *rx, int budget)
{
	struct bpf_prog *prog = READ_ONCE(rx->ad->prog);
	struct xnic_rx_tally tally = {};
	bool whole = true, full = false;
	int done = 0;

	while (done < budget && rx->next != rx->filled) {
		const union xnic_rx_desc *desc = xnic_rx_desc(rx, rx->next);
		u32 status = le32_to_cpu(READ_ONCE(desc->wb.status));
		unsigned int n = 1;
		u32 length;

		if (!(status & XNIC_RXD_DD))
			break;
		dma_rmb();
		length = le16_to_cpu(desc->wb.length);
		if (unlikely(!(status & XNIC_RXD_EOP))) {
			n = xnic_rx_whole_frame(rx, &length);
			if (!n)
				break;
		}
		full = !xsk_frame(rx, prog, n, length, &tally);
		if (unlikely(full))
			break;
		rx->next += n;
		if (!(++done % XNIC_RX_BATCH))
			whole = xnic_xsk_rx_refill(rx, &tally);
	}
	if (rx->xdp_tx_n)
		xnic_xdp_tx_flush(rx, &tally);
	if (tally.n[XNIC_RX_XDP_REDIRECT] || tally.n[XNIC_RX_XDP_REDIRECT_FAILED])
		xdp_do_flush();
	if (xnic_rx_room(rx) >= XNIC_RX_BATCH || rx->filled - rx->next < XNIC_XSK_LOW)
		whole = xnic_xsk_rx_refill(rx, &tally);
	tally.n[XNIC_RX_POLLS] = 1;
	xnic_rx_count(rx, &tally);
	if (xsk_rx_verdict(rx->pool, full || (!whole && rx->filled - rx->next < XNIC_XSK_LOW)))
		return budget;
	return done;
}

/** xnic_xsk_rx_clean() - give all buffers of a stopped ring back to their pool. */
void xnic_xsk_rx_clean(struct xnic_rx *rx)
{
	xsk_free_slots(rx, rx->next, rx->filled - rx->next);
	rx->next = rx->filled;
}

/* ---- pools, and who wakes them ---- */

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
	if (!READ_ONCE(q->running) || napi_if_scheduled_mark_missed(&q->napi))
		return 0;
	local_bh_disable();
	napi_schedule(&q->napi);
	local_bh_enable();
	return 0;
}

static void xsk_assign(struct xnic_adapter *ad, struct xsk_buff_pool *pool, u16 queue)
{
	WRITE_ONCE(ad->rx[queue].pool, pool);
	WRITE_ONCE(ad->tx[queue].pool, pool);
}

/* Stops and starts the pair alone, unless the buffer size, which is the port's, changes. */
static void xsk_replace(struct xnic_adapter *ad, struct xsk_buff_pool *pool, u16 queue)
{
	if (ad->state != XNIC_OPENED) {
		xsk_assign(ad, pool, queue);
		return;
	}
	xnic_pair_stop(ad, queue);
	xsk_assign(ad, pool, queue);
	xnic_pair_start(ad, queue);
	xnic_port_rx_on(ad);
	xnic_pair_kick(ad, queue);
}

/**
 * xnic_xsk_set_pool() - give a queue pair an AF_XDP pool, or take it away. The control thread's.
 * @ad: the port.
 * @pool: NULL to take away.
 * @queue: which pair.
 *
 * The link stays, and so does the other pair; the receiver stands still for some 100 us. Taking
 * away cannot fail: the pages are still there.
 *
 * Return: 0; -EINVAL: no such pair, or the pool's buffers are too small for the device; -EBUSY: has
 * one; -ENOMEM.
 */
int xnic_xsk_set_pool(struct xnic_adapter *ad, struct xsk_buff_pool *pool, u16 queue)
{
	struct xsk_buff_pool *old;
	int err;

	XSK_CHECK_PRIV_TYPE(struct xnic_xdp);
	if (queue >= ad->shape.pairs)
		return -EINVAL;
	old = ad->rx[queue].pool;
	if (!pool) {
		if (!old)
			return -EINVAL;
		xsk_replace(ad, NULL, queue);
		xsk_pool_dma_unmap(old, DMA_ATTR_SKIP_CPU_SYNC);
		return 0;
	}
	if (old)
		return -EBUSY;
	err = xsk_pool_dma_map(pool, &ad->pdev->dev, DMA_ATTR_SKIP_CPU_SYNC);
	if (err)
		return err;
	if (xsk_pool_get_rx_frame_size(pool) < XNIC_RX_BUFFER_MIN) {
		xsk_pool_dma_unmap(pool, DMA_ATTR_SKIP_CPU_SYNC);
		return -EINVAL;
	}
	xsk_replace(ad, pool, queue);
	return 0;
}
