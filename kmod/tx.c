// SPDX-License-Identifier: GPL-2.0-only
/*
 * tx.c - the transmit path: skbs into descriptors, and the cleaning of what the device reports.
 *
 * A span is a run of descriptors of which the last one asks for a report (RS): one frame of the
 * stack, or a batch of XDP or AF_XDP frames. Its first entry says where that last one is, so that
 * cleaning looks at one descriptor a span.
 */
#include <linux/bitfield.h>
#include <linux/ip.h>
#include <linux/tcp.h>
#include <net/ip6_checksum.h>
#include <net/tcp.h>

#include "tx.h"

/* ---- descriptors: shared by the stack's, XDP's and AF_XDP's frames; transmit lock held ---- */

/** xnic_tx_lengthen() - xnic_tx_pad()'s: by zeros of our own, as its memory may be another's. */
u32 xnic_tx_lengthen(struct xnic_tx *tx, u32 bytes, u32 options)
{
	xnic_tx_data(tx, tx->mem->zeros, XNIC_TX_MINIMUM - bytes, 0, options, XNIC_MAP_NONE);
	u64_stats_inc(&tx->n[XNIC_TX_PADDED]);
	return XNIC_TX_MINIMUM;
}

/** xnic_tx_report() - close the span: its last descriptor is to report, the cleaning side may look
 * at it. */
void xnic_tx_report(struct xnic_tx *tx)
{
	u32 last = tx->prod.head - 1;

	if (tx->span == tx->prod.head)
		return;
	xnic_tx_desc(tx, last)->data.cmd |= cpu_to_le32(XNIC_TXD_RS);
	xnic_tx_entry(tx, tx->span)->watch = last;
	tx->span = tx->prod.head;
	afxdp_prod_submit(&tx->prod);
}

/** xnic_tx_ring_doorbell() - let the device send all spans that are closed. */
void xnic_tx_ring_doorbell(struct xnic_tx *tx)
{
	writel(tx->prod.head & tx->prod.mask, tx->tail);
}

static void tx_unmap(struct xnic_tx *tx, struct xnic_tx_entry *entry)
{
	struct device *dev = &tx->ad->pdev->dev;

	if (entry->map == XNIC_MAP_SINGLE)
		dma_unmap_single(dev, entry->dma, entry->length, DMA_TO_DEVICE);
	else if (entry->map == XNIC_MAP_PAGE)
		dma_unmap_page(dev, entry->dma, entry->length, DMA_TO_DEVICE);
	entry->map = XNIC_MAP_NONE;
}

/** xnic_tx_unwind() - take back the descriptors from position @start on: the frame's mapping
 * failed. */
void xnic_tx_unwind(struct xnic_tx *tx, u32 start)
{
	while (tx->prod.head != start)
		tx_unmap(tx, xnic_tx_entry(tx, --tx->prod.head));
}

static union xnic_tx_desc *tx_context(struct xnic_tx *tx)
{
	u32 pos = tx->prod.head++;
	struct xnic_tx_entry *entry = xnic_tx_entry(tx, pos);

	entry->map = XNIC_MAP_NONE;
	entry->what = XNIC_TX_NOTHING;
	return xnic_tx_desc(tx, pos);
}

/**
 * xnic_tx_csum_context() - write the context descriptor for a checksum.
 * @tx: the ring.
 * @start: first byte of the frame that it covers, to the frame's end.
 * @offset: from there to where it is stored.
 * @tcp: for TCP, not UDP.
 */
void xnic_tx_csum_context(struct xnic_tx *tx, u32 start, u32 offset, bool tcp)
{
	union xnic_tx_desc *desc = tx_context(tx);

	*desc = (union xnic_tx_desc){
		.context.l4_start = start,
		.context.l4_csum = start + offset,
		.context.cmd = cpu_to_le32(XNIC_TXD_DEXT | (tcp ? XNIC_TXC_TCP : 0)),
	};
}

/* ---- the stack's frames ---- */

/* What a frame asks of the device. */
struct tx_offload {
	u32 cmd;
	u32 options;
	u32 bytes;
	u32 frames;
};

static int tx_tso(struct xnic_tx *tx, struct sk_buff *skb, struct tx_offload *offload)
{
	u32 l4 = skb_transport_offset(skb), header, cmd;
	union xnic_tx_desc *desc;
	bool ipv4;
	int err;

	err = skb_cow_head(skb, 0);
	if (err)
		return err;
	ipv4 = vlan_get_protocol(skb) == htons(ETH_P_IP);
	header = skb_tcp_all_headers(skb);
	if (ipv4) {
		struct iphdr *ip = ip_hdr(skb);

		/* The device fills both in, for every segment. */
		ip->tot_len = 0;
		ip->check = 0;
		tcp_hdr(skb)->check = ~csum_tcpudp_magic(ip->saddr, ip->daddr, 0, IPPROTO_TCP, 0);
	} else {
		tcp_v6_gso_csum_prep(skb);
	}
	desc = tx_context(tx);
	cmd = XNIC_TXD_DEXT | XNIC_TXC_TSE | XNIC_TXC_TCP | (ipv4 ? XNIC_TXC_IPV4 : 0) |
	      FIELD_PREP(XNIC_TXC_LENGTH, skb->len - header);
	*desc = (union xnic_tx_desc){
		.context.ip_start = skb_network_offset(skb),
		.context.l4_start = l4,
		.context.l4_csum = l4 + offsetof(struct tcphdr, check),
		.context.cmd = cpu_to_le32(cmd),
		.context.header = header,
		.context.mss = cpu_to_le16(skb_shinfo(skb)->gso_size),
	};
	if (ipv4) {
		desc->context.ip_csum = skb_network_offset(skb) + offsetof(struct iphdr, check);
		desc->context.ip_end = cpu_to_le16(l4 - 1);
	}
	offload->cmd |= XNIC_TXD_TSE;
	offload->options |= XNIC_TXD_TXSM | (ipv4 ? XNIC_TXD_IXSM : 0);
	offload->frames = skb_shinfo(skb)->gso_segs;
	offload->bytes = skb->len + (offload->frames - 1) * header;
	return 0;
}

/**
 * xnic_features_check() - ndo_features_check: what a context descriptor cannot say, which has eight
 * bits for a position in the frame, is left to the stack; and segmentation below 1000 Mbit/s, which
 * the part does not do reliably (e1000e leaves it there, too).
 * @skb: the frame.
 * @netdev: the port.
 * @features: what it could do for the frame otherwise.
 */
netdev_features_t xnic_features_check(struct sk_buff *skb, struct net_device *netdev,
				      netdev_features_t features)
{
	if (skb->ip_summed == CHECKSUM_PARTIAL &&
	    skb_checksum_start_offset(skb) + skb->csum_offset > XNIC_TXC_PLACE_MAX)
		features &= ~(NETIF_F_CSUM_MASK | NETIF_F_GSO_MASK);
	if (skb_is_gso(skb) && (skb_tcp_all_headers(skb) > XNIC_TXC_PLACE_MAX ||
				READ_ONCE(((struct xnic_adapter *)netdev_priv(netdev))->slow)))
		features &= ~NETIF_F_GSO_MASK;
	return vlan_features_check(skb, features);
}

static int tx_offload(struct xnic_tx *tx, struct sk_buff *skb, struct tx_offload *offload)
{
	u32 start;
	int err;

	if (skb_vlan_tag_present(skb)) {
		offload->cmd |= XNIC_TXD_VLE;
		offload->options |= FIELD_PREP(XNIC_TXD_VLAN, skb_vlan_tag_get(skb));
	}
	if (skb_is_gso(skb)) {
		err = tx_tso(tx, skb, offload);
		if (err)
			return err;
		u64_stats_inc(&tx->n[XNIC_TX_TSO]);
		u64_stats_add(&tx->n[XNIC_TX_TSO_SEGMENTS], offload->frames);
	} else if (skb->ip_summed == CHECKSUM_PARTIAL) {
		start = skb_checksum_start_offset(skb);
		xnic_tx_csum_context(tx, start, skb->csum_offset,
				     skb->csum_offset == offsetof(struct tcphdr, check));
		offload->options |= XNIC_TXD_TXSM;
		u64_stats_inc(&tx->n[XNIC_TX_CSUM]);
	}
	return 0;
}

static int tx_map_part(struct xnic_tx *tx, struct sk_buff *skb, const skb_frag_t *frag,
		       const struct tx_offload *offload)
{
	struct device *dev = &tx->ad->pdev->dev;
	u32 size = frag ? skb_frag_size(frag) : skb_headlen(skb);
	u32 offset, length;

	for (offset = 0; offset < size; offset += length) {
		dma_addr_t dma;

		if (xnic_fault(tx->ad, XNIC_FAULT_DMA))
			return -ENOMEM;
		length = min_t(u32, size - offset, XNIC_TXD_MAX);
		if (frag)
			dma = skb_frag_dma_map(dev, frag, offset, length, DMA_TO_DEVICE);
		else
			dma = dma_map_single(dev, skb->data + offset, length, DMA_TO_DEVICE);
		if (dma_mapping_error(dev, dma))
			return -ENOMEM;
		xnic_tx_data(tx, dma, length, offload->cmd, offload->options,
			     frag ? XNIC_MAP_PAGE : XNIC_MAP_SINGLE);
	}
	return 0;
}

static int tx_map(struct xnic_tx *tx, struct sk_buff *skb, const struct tx_offload *offload)
{
	int err = tx_map_part(tx, skb, NULL, offload);
	unsigned int i;

	for (i = 0; !err && i < skb_shinfo(skb)->nr_frags; i++)
		err = tx_map_part(tx, skb, &skb_shinfo(skb)->frags[i], offload);
	return err;
}

static u32 tx_needed(const struct sk_buff *skb)
{
	u32 n = 1 + DIV_ROUND_UP(skb_headlen(skb), XNIC_TXD_MAX);
	unsigned int i;

	for (i = 0; i < skb_shinfo(skb)->nr_frags; i++)
		n += DIV_ROUND_UP(skb_frag_size(&skb_shinfo(skb)->frags[i]), XNIC_TXD_MAX);
	return n;
}

/* Stop the stack's queue until there is room for xnic_tx_wake_at(). Transmit lock and send_sync
 * held.
 *
 * Not netif_txq_try_stop(): the cleaner that sees the stop and the room may wake the queue while
 * the sender, seeing the room as well, starts it. It is woken twice then, the second time perhaps
 * after the ring has filled again. Here a stop has a number, and only who takes it back wakes the
 * queue.
 *
 * Return: whether the queue is stopped, or is about to be woken by the cleaner. */
static bool tx_stop(struct xnic_tx *tx)
{
	u32 stop = tx->stops += 2; /* odd: 0 is none */

	netif_tx_stop_queue(tx->nq);
	/* Fully ordered: the stop is seen by whoever sees its number, and before we look again.
	 * Pairs with the barrier in tx_wake(). */
	xchg(&tx->stopped, stop);
	if (afxdp_prod_free(&tx->prod, xnic_tx_wake_at(tx)) >= xnic_tx_wake_at(tx) &&
	    cmpxchg(&tx->stopped, stop, 0) == stop) {
		netif_tx_start_queue(tx->nq);
		return false;
	}
	u64_stats_inc(&tx->n[XNIC_TX_STOP]);
	return true;
}

/* The ring is full although the queue runs: who wakes all queues (netif_device_attach()) does not
 * look at rings. Return: false if there is room meanwhile, and the queue runs. */
static bool tx_busy(struct xnic_tx *tx)
{
	bool stopped;

	u64_stats_update_begin(&tx->send_sync);
	stopped = tx_stop(tx);
	if (stopped)
		u64_stats_inc(&tx->n[XNIC_TX_BUSY]);
	u64_stats_update_end(&tx->send_sync);
	/* The frames before it in this burst may rely on its doorbell. */
	if (stopped)
		xnic_tx_ring_doorbell(tx);
	return stopped;
}

/**
 * xnic_xmit() - ndo_start_xmit: send an skb of the stack.
 * @skb: the frame.
 * @netdev: the port.
 *
 * Return: NETDEV_TX_OK (sent, or counted as dropped), or NETDEV_TX_BUSY if the ring is full, or is
 * being restarted: only a queue that somebody else has woken can see either.
 */
netdev_tx_t xnic_xmit(struct sk_buff *skb, struct net_device *netdev)
{
	struct xnic_adapter *ad = netdev_priv(netdev);
	struct xnic_tx *tx = &ad->tx[skb_get_queue_mapping(skb)];
	struct tx_offload offload = { .frames = 1 };
	u32 start = tx->prod.head;

	if (unlikely(!tx->up)) {
		if (!READ_ONCE(tx->mem))
			goto drop;	     /* the queue is not in use */
		netif_tx_stop_queue(tx->nq); /* until xnic_pair_start() */
		return NETDEV_TX_BUSY;
	}
	if (skb_put_padto(skb, XNIC_TX_MINIMUM))
		goto dropped; /* and freed */
	if (unlikely(!xnic_tx_room(tx, tx_needed(skb))) && tx_busy(tx))
		return NETDEV_TX_BUSY;
	offload.bytes = skb->len;
	u64_stats_update_begin(&tx->send_sync);
	if (tx_offload(tx, skb, &offload) || tx_map(tx, skb, &offload)) {
		xnic_tx_unwind(tx, start);
		u64_stats_update_end(&tx->send_sync);
		goto drop;
	}
	xnic_tx_end(tx, XNIC_TX_SKB, skb, offload.bytes, offload.frames);
	skb_tx_timestamp(skb);
	xnic_tx_report(tx);
	if (afxdp_prod_free(&tx->prod, XNIC_TX_STOP_AT) < XNIC_TX_STOP_AT)
		tx_stop(tx);
	if (__netdev_tx_sent_queue(tx->nq, offload.bytes, netdev_xmit_more())) {
		u64_stats_inc(&tx->n[XNIC_TX_DOORBELLS]);
		xnic_tx_ring_doorbell(tx);
	}
	u64_stats_update_end(&tx->send_sync);
	return NETDEV_TX_OK;

drop:
	dev_kfree_skb_any(skb);
dropped:
	u64_stats_update_begin(&tx->send_sync);
	u64_stats_inc(&tx->n[XNIC_TX_DROPPED]);
	u64_stats_update_end(&tx->send_sync);
	/* The frames before it in this burst may rely on its doorbell. */
	if (tx->up && !netdev_xmit_more())
		xnic_tx_ring_doorbell(tx);
	return NETDEV_TX_OK;
}

/* ---- cleaning: the pair's NAPI, or the control thread when it is disabled ---- */

struct tx_cleaned {
	u32 frames;
	u32 bytes;
	u32 skbs; /* for BQL */
	u32 skb_bytes;
	u32 xdp;
	u32 xsk;
};

static void tx_release(struct xnic_tx *tx, struct xnic_tx_entry *entry, int budget,
		       struct xdp_frame_bulk *bulk, struct tx_cleaned *done)
{
	tx_unmap(tx, entry);
	switch (entry->what) {
	case XNIC_TX_SKB:
		done->skbs++;
		done->skb_bytes += entry->bytes;
		napi_consume_skb(entry->skb, budget);
		break;
	case XNIC_TX_XDPF:
		done->xdp++;
		xdp_return_frame_bulk(entry->xdpf, bulk);
		break;
	case XNIC_TX_XSK_FRAME:
		done->xsk += entry->completions;
		break;
	default:
		return;
	}
	done->frames += entry->frames;
	done->bytes += entry->bytes;
	entry->what = XNIC_TX_NOTHING;
}

static void tx_count(struct xnic_tx *tx, const struct tx_cleaned *done, bool woken)
{
	u64_stats_update_begin(&tx->clean_sync);
	u64_stats_add(&tx->n[XNIC_TX_PACKETS], done->frames);
	u64_stats_add(&tx->n[XNIC_TX_BYTES], done->bytes);
	u64_stats_add(&tx->n[XNIC_TX_XDP], done->xdp);
	u64_stats_add(&tx->n[XNIC_TX_XSK], done->xsk);
	if (woken)
		u64_stats_inc(&tx->n[XNIC_TX_WAKE]);
	u64_stats_update_end(&tx->clean_sync);
}

/* Not netif_txq_completed_wake(): frames of XDP, which BQL does not count, fill and clear the ring
 * as well. Return: true if the queue was woken. */
static bool tx_wake(struct xnic_tx *tx)
{
	u32 stop, room;

	/* Either the sender that stops the queue sees the room that we made, or we see the stop:
	 * pairs with the barrier in tx_stop(). */
	smp_mb();
	stop = READ_ONCE(tx->stopped);
	if (likely(!stop))
		return false;
	room = tx->mem->count - (READ_ONCE(tx->ix.producer) - tx->cons.tail);
	if (room < xnic_tx_wake_at(tx) || !READ_ONCE(tx->up) ||
	    !netif_device_present(tx->ad->netdev) || cmpxchg(&tx->stopped, stop, 0) != stop)
		return false;
	netif_tx_wake_queue(tx->nq);
	return true;
}

/**
 * xnic_tx_clean() - release what the device reports as sent. NAPI only.
 * @tx: the ring.
 * @budget: the poll's; 0 from netpoll, which may come in any context: only frames of the stack may
 * be released then, and so none behind one of XDP.
 *
 * Return: true if nothing reported is left.
 */
bool xnic_tx_clean(struct xnic_tx *tx, int budget)
{
	struct tx_cleaned done = {};
	struct xdp_frame_bulk bulk;
	u32 pos, n, left = tx->mem->count;

	if (!afxdp_cons_peek(&tx->cons, 1, &pos))
		return true;
	xdp_frame_bulk_init(&bulk);
	rcu_read_lock(); /* of the bulk */
	while (left && afxdp_cons_peek(&tx->cons, 1, &pos)) {
		u32 watch = xnic_tx_entry(tx, pos)->watch;

		if (!(READ_ONCE(xnic_tx_desc(tx, watch)->data.options) & cpu_to_le32(XNIC_TXD_DD)))
			break;
		dma_rmb();
		/* A span has frames of one kind. */
		if (unlikely(!budget) && xnic_tx_entry(tx, watch)->what != XNIC_TX_SKB)
			break;
		for (n = 0; n <= watch - pos; n++)
			tx_release(tx, xnic_tx_entry(tx, pos + n), budget, &bulk, &done);
		afxdp_cons_release(&tx->cons, n);
		left -= min(left, n);
	}
	xdp_flush_frame_bulk(&bulk);
	rcu_read_unlock();
	if (left == tx->mem->count)
		return true;
	if (done.xsk)
		xsk_tx_completed(tx->pool, done.xsk);
	netdev_tx_completed_queue(tx->nq, done.skbs, done.skb_bytes);
	tx_count(tx, &done, tx_wake(tx));
	return left;
}

/** xnic_tx_discard() - release everything, sent or not. The pair is stopped. */
void xnic_tx_discard(struct xnic_tx *tx)
{
	struct tx_cleaned done = {};
	struct xdp_frame_bulk bulk;
	u32 pos, n, i;

	local_bh_disable();
	xnic_tx_clean(tx, NAPI_POLL_WEIGHT);
	xdp_frame_bulk_init(&bulk);
	rcu_read_lock();
	n = afxdp_cons_peek(&tx->cons, tx->mem->count, &pos);
	for (i = 0; i < n; i++)
		tx_release(tx, xnic_tx_entry(tx, pos + i), 0, &bulk, &done);
	afxdp_cons_release(&tx->cons, n);
	xdp_flush_frame_bulk(&bulk);
	rcu_read_unlock();
	if (tx->pool)
		done.xsk += xnic_xsk_tx_discard(tx, &done.frames);
	if (done.xsk)
		xsk_tx_completed(tx->pool, done.xsk);
	u64_stats_update_begin(&tx->clean_sync);
	u64_stats_add(&tx->n[XNIC_TX_DISCARDED], done.frames);
	u64_stats_update_end(&tx->clean_sync);
	netdev_tx_reset_queue(tx->nq);
	local_bh_enable();
}
