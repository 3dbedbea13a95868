// SPDX-License-Identifier: GPL-2.0-only
/*
 * xdp.c - native XDP beside the receive loop: programs, frames sent by XDP, metadata.
 */
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <linux/if_vlan.h>
#include <net/xdp.h>

#include "tx.h"

/* ---- sending ---- */

/* One frame of XDP into descriptors, of which @reserve stay free. @ours: it came from one of our
 * page pools, so its pages are mapped. Return: 0, -ENOSPC, or -ENOMEM if it cannot be mapped.
 * Transmit lock held. */
static int xdp_put(struct xnic_tx *tx, struct xdp_frame *frame, bool ours, u32 reserve)
{
	struct device *dev = &tx->ad->pdev->dev;
	struct skb_shared_info *info = xdp_get_shared_info_from_frame(frame);
	unsigned int frags = xdp_frame_has_frags(frame) ? info->nr_frags : 0;
	u32 start = tx->prod.head, length = frame->len, offset, i;
	void *data = frame->data;
	struct page *page = virt_to_page(data);
	u32 whole = xdp_get_frame_len(frame);
	dma_addr_t dma;

	if (unlikely(!xnic_tx_room(tx, 1 + frags + 1 + reserve))) /* one to pad with */
		return -ENOSPC;
	for (i = 0;; i++) {
		if (ours) {
			offset = i ? skb_frag_off(&info->frags[i - 1]) : offset_in_page(data);
			dma = page_pool_get_dma_addr(page) + offset;
			dma_sync_single_for_device(dev, dma, length, DMA_BIDIRECTIONAL);
		} else {
			if (xnic_fault(tx->ad, XNIC_FAULT_DMA))
				goto unwind;
			dma = dma_map_single(dev, data, length, DMA_TO_DEVICE);
			if (dma_mapping_error(dev, dma))
				goto unwind;
		}
		xnic_tx_data(tx, dma, length, 0, 0, ours ? XNIC_MAP_NONE : XNIC_MAP_SINGLE);
		if (i == frags)
			break;
		page = skb_frag_page(&info->frags[i]);
		data = skb_frag_address(&info->frags[i]);
		length = skb_frag_size(&info->frags[i]);
	}
	xnic_tx_end(tx, XNIC_TX_XDPF, frame, xnic_tx_pad(tx, whole, 0), 1);
	return 0;

unwind:
	xnic_tx_unwind(tx, start);
	return -ENOMEM;
}

/* Return: how many of @frames were taken: all up to the first one that was not. */
static int xdp_put_all(struct xnic_tx *tx, struct xdp_frame **frames, int n, bool doorbell)
{
	u32 reserve = xnic_tx_reserve(tx);
	int sent;

	u64_stats_update_begin(&tx->send_sync);
	for (sent = 0; sent < n; sent++) {
		struct xdp_frame *frame = frames[sent];
		/* XDP_TX of our own pages; of what comes from elsewhere, a zero-copy frame's clone
		 * included, the pages are not ours to have mapped. */
		bool ours = frame->XNIC_FRAME_MEM == MEM_TYPE_PAGE_POOL &&
			    virt_to_head_page(frame->data)->pp == tx->ad->rx[tx->index].mem->pages;

		if (xdp_put(tx, frame, ours, reserve)) {
			u64_stats_inc(&tx->n[XNIC_TX_XDP_FULL]);
			break;
		}
	}
	xnic_tx_report(tx);
	if (doorbell) {
		u64_stats_inc(&tx->n[XNIC_TX_DOORBELLS]);
		xnic_tx_ring_doorbell(tx);
	}
	u64_stats_update_end(&tx->send_sync);
	/* The queue is the stack's too: it must not be taken for stuck while XDP uses it. */
	txq_trans_cond_update(tx->nq);
	return sent;
}

/**
 * xnic_xdp_xmit() - ndo_xdp_xmit: frames redirected to this port. Softirq, any CPU.
 * @netdev: the port.
 * @n: how many.
 * @frames: the frames.
 * @flags: XDP_XMIT_FLUSH.
 *
 * Return: how many were taken, from the first on; the rest stay the caller's. -ENETDOWN if the
 * port is down or has no link (frames would pile up), -EINVAL for unknown flags.
 */
int xnic_xdp_xmit(struct net_device *netdev, int n, struct xdp_frame **frames, u32 flags)
{
	struct xnic_adapter *ad = netdev_priv(netdev);
	unsigned int cpu = smp_processor_id();
	struct xnic_tx *tx = &ad->tx[cpu % netdev->real_num_tx_queues];
	int sent = -ENETDOWN;

	if (unlikely(flags & ~XDP_XMIT_FLAGS_MASK))
		return -EINVAL;
	if (unlikely(!netif_carrier_ok(netdev)))
		return -ENETDOWN;
	__netif_tx_lock(tx->nq, cpu);
	if (likely(tx->up))
		sent = xdp_put_all(tx, frames, n, flags & XDP_XMIT_FLUSH);
	__netif_tx_unlock(tx->nq);
	return sent;
}

/**
 * xnic_xdp_tx_flush() - send the frames that xnic_xdp_tx_frame() collected. NAPI only.
 * @rx: the ring.
 * @tally: the poll's counts.
 *
 * They are collected because the transmit lock cannot be held while a program runs (a redirect of
 * its may end in xnic_xdp_xmit() on the same queue), and because a batch costs one lock and one
 * doorbell.
 */
void xnic_xdp_tx_flush(struct xnic_rx *rx, struct xnic_rx_tally *tally)
{
	struct xnic_tx *tx = &rx->ad->tx[rx->index];
	int i, sent = 0, n = rx->xdp_tx_n;

	__netif_tx_lock(tx->nq, smp_processor_id());
	if (likely(tx->up))
		sent = xdp_put_all(tx, rx->xdp_tx, n, true);
	__netif_tx_unlock(tx->nq);
	for (i = sent; i < n; i++)
		xdp_return_frame_rx_napi(rx->xdp_tx[i]);
	tally->n[XNIC_RX_XDP_TX] += sent;
	tally->n[XNIC_RX_XDP_TX_FULL] += n - sent;
	rx->xdp_tx_n = 0;
}

/**
 * xnic_xdp_tx_frame() - verdict XDP_TX: send the frame back out, soon. NAPI only.
 * @rx: the ring.
 * @tally: the poll's counts.
 * @frame: NULL if the buffer could not be made one.
 *
 * Return: false if it cannot be sent; the buffer is still the caller's then.
 */
bool xnic_xdp_tx_frame(struct xnic_rx *rx, struct xdp_frame *frame, struct xnic_rx_tally *tally)
{
	if (unlikely(!frame)) {
		tally->n[XNIC_RX_XDP_TX_FULL]++;
		return false;
	}
	rx->xdp_tx[rx->xdp_tx_n++] = frame;
	if (rx->xdp_tx_n == ARRAY_SIZE(rx->xdp_tx))
		xnic_xdp_tx_flush(rx, tally);
	return true;
}

/* ---- programs ---- */

/** xnic_xdp_mtu_max() - the largest MTU at which @prog can be given every frame. */
unsigned int xnic_xdp_mtu_max(const struct bpf_prog *prog)
{
	if (!prog || prog->aux->xdp_has_frags)
		return XNIC_MTU_MAX;
	return XNIC_PAGE_ROOM - XNIC_L2_OVERHEAD;
}

/**
 * xnic_xdp_set_prog() - use @prog, or none, from the next poll on. The control thread's.
 * @ad: the port.
 * @prog: the program that said it.
 * @extack: where a reason goes.
 *
 * Nothing stops: buffers are laid out for XDP whether there is a program or not.
 *
 * Return: 0: the reference to @prog is ours, the old one's was put; -EINVAL.
 */
int xnic_xdp_set_prog(struct xnic_adapter *ad, struct bpf_prog *prog,
		      struct netlink_ext_ack *extack)
{
	struct bpf_prog *old;

	if (ad->mtu > xnic_xdp_mtu_max(prog)) {
		NL_SET_ERR_MSG_FMT_MOD(extack, "MTU %u is above %u: load the program as xdp.frags",
				       ad->mtu, xnic_xdp_mtu_max(prog));
		return -EINVAL;
	}
	/* Polls that still run the old one are waited for by its RCU-deferred release. */
	old = xchg(&ad->prog, prog);
	if (old)
		bpf_prog_put(old);
	return 0;
}

/** xnic_bpf() - ndo_bpf. */
int xnic_bpf(struct net_device *netdev, struct netdev_bpf *bpf)
{
	struct xnic_adapter *ad = netdev_priv(netdev);
	struct xnic_call call;

	switch (bpf->command) {
	case XDP_SETUP_PROG:
		call.prog = bpf->prog;
		call.extack = bpf->extack;
		return xnic_call(ad, &call, XNIC_MSG_SET_PROG);
	case XDP_SETUP_XSK_POOL:
		call.pool = bpf->xsk.pool;
		call.queue = bpf->xsk.queue_id;
		return xnic_call(ad, &call, XNIC_MSG_SET_POOL);
	default:
		return -EINVAL;
	}
}

/* ---- metadata ---- */

static const enum xdp_rss_hash_type xnic_rss_types[16] = {
	[XNIC_RSS_TCP_IPV4] = XDP_RSS_TYPE_L4_IPV4_TCP,
	[XNIC_RSS_IPV4] = XDP_RSS_TYPE_L3_IPV4,
	[XNIC_RSS_TCP_IPV6] = XDP_RSS_TYPE_L4_IPV6_TCP,
	[XNIC_RSS_IPV6_EX] = XDP_RSS_TYPE_L3_IPV6_EX,
	[XNIC_RSS_IPV6] = XDP_RSS_TYPE_L3_IPV6,
};

static int xnic_xdp_rx_hash(const struct xdp_md *md, u32 *hash, enum xdp_rss_hash_type *type)
{
	const struct xnic_xdp *ctx = (const void *)md;
	enum xdp_rss_hash_type t =
		xnic_rss_types[FIELD_GET(XNIC_RXD_RSS_TYPE, le32_to_cpu(ctx->desc->wb.mrq))];

	if (!t || !(ctx->xdp.rxq->dev->features & NETIF_F_RXHASH))
		return -ENODATA;
	*hash = le32_to_cpu(ctx->desc->wb.rss_hash);
	*type = t;
	return 0;
}

static int xnic_xdp_rx_vlan_tag(const struct xdp_md *md, __be16 *proto, u16 *tci)
{
	const struct xnic_xdp *ctx = (const void *)md;

	if (!(le32_to_cpu(ctx->desc->wb.status) & XNIC_RXD_VP))
		return -ENODATA;
	*proto = htons(ETH_P_8021Q);
	*tci = le16_to_cpu(ctx->desc->wb.vlan);
	return 0;
}

/* No timestamp: the part's clock is not taken into use (IEEE 1588 mode stamps few frames only). */
const struct xdp_metadata_ops xnic_xdp_metadata_ops = {
	.xmo_rx_hash = xnic_xdp_rx_hash,
	.xmo_rx_vlan_tag = xnic_xdp_rx_vlan_tag,
};
