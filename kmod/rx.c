// SPDX-License-Identifier: GPL-2.0-only
/*
 * rx.c - the receive path: from a descriptor to an XDP verdict or an skb.
 *
 * Every buffer is a page of the ring's page pool, laid out for XDP from the start, so that
 * attaching a program changes nothing here. A frame is taken up only when its last descriptor has
 * been written back; nothing of it is kept between polls. A page that nobody took (XDP_DROP, above
 * all) stays in its slot and is given to the device again: no trip through the pool.
 */
#include <linux/bpf_trace.h>
#include <linux/filter.h>

#include "rx_desc.h"
#include "xnic.h"

static void xnic_rx_sync_for_cpu(const struct xnic_rx *rx, struct page *page, u32 length)
{
	page_pool_dma_sync_for_cpu(rx->mem->pages, page, 0, length);
}

/** xnic_rx_doorbell() - give the device what has been filled since the last time. */
void xnic_rx_doorbell(struct xnic_rx *rx, struct xnic_rx_tally *tally)
{
	if (rx->rung == rx->filled)
		return;
	rx->rung = rx->filled;
	tally->n[XNIC_RX_DOORBELLS]++;
	writel(rx->filled & (rx->mem->count - 1), rx->tail);
}

/**
 * xnic_rx_refill() - fill all free descriptors with pages, then ring the doorbell.
 * @rx: the ring.
 * @tally: the poll's counts.
 *
 * Return: false if memory ran out; the ring then has fewer buffers until the next poll.
 */
bool xnic_rx_refill(struct xnic_rx *rx, struct xnic_rx_tally *tally)
{
	struct xnic_rx_mem *mem = rx->mem;
	u32 mask = mem->count - 1;
	u32 room = xnic_rx_room(rx);
	bool whole = true;

	for (; room; room--, rx->filled++) {
		u32 slot = rx->filled & mask;
		struct page *page = mem->page[slot];
		dma_addr_t dma;

		if (page) {
			dma = page_pool_get_dma_addr(page) + XNIC_HEADROOM;
			dma_sync_single_for_device(&rx->ad->pdev->dev, dma, XNIC_PAGE_ROOM,
						   DMA_BIDIRECTIONAL);
		} else {
			page = xnic_fault(rx->ad, XNIC_FAULT_PAGE)
				       ? NULL
				       : page_pool_dev_alloc_pages(mem->pages);
			if (unlikely(!page)) {
				tally->n[XNIC_RX_ALLOC_FAILED]++;
				whole = false;
				break;
			}
			mem->page[slot] = page;
			dma = page_pool_get_dma_addr(page) + XNIC_HEADROOM;
		}
		mem->desc[slot].read.addr = cpu_to_le64(dma);
		mem->desc[slot].read.zero = 0;
	}
	xnic_rx_doorbell(rx, tally);
	return whole;
}

/** xnic_rx_count() - add a poll's counts to its ring's. */
void xnic_rx_count(struct xnic_rx *rx, const struct xnic_rx_tally *tally)
{
	unsigned int i;

	u64_stats_update_begin(&rx->sync);
	for (i = 0; i < XNIC_RX_COUNTERS; i++)
		if (tally->n[i])
			u64_stats_add(&rx->n[i], tally->n[i]);
	u64_stats_update_end(&rx->sync);
}

/* Append @length bytes from the page of slot @pos to the linear part. The page stays there. */
static void rx_join(struct xnic_rx *rx, struct xdp_buff *xdp, u32 pos, u32 length)
{
	struct page *page = rx->mem->page[pos & (rx->mem->count - 1)];

	xnic_rx_sync_for_cpu(rx, page, length);
	memcpy(xdp->data_end, page_address(page) + XNIC_HEADROOM, length);
	xdp->data_end += length;
}

static void rx_add_frag(struct xnic_rx *rx, struct xdp_buff *xdp, u32 pos, u32 length)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	u32 slot = pos & (rx->mem->count - 1);
	struct page *page = rx->mem->page[slot];

	if (!xdp_buff_has_frags(xdp)) {
		info->nr_frags = 0;
		info->xdp_frags_size = 0;
		xdp_buff_set_frags_flag(xdp);
	}
	xnic_rx_sync_for_cpu(rx, page, length);
	skb_frag_fill_page_desc(&info->frags[info->nr_frags++], page, XNIC_HEADROOM, length);
	info->xdp_frags_size += length;
	if (page_is_pfmemalloc(page))
		xdp_buff_set_frag_pfmemalloc(xdp);
	rx->mem->page[slot] = NULL;
}

/*
 * Add the parts behind the first to @xdp, which holds that. A frame that fits into one page as a
 * whole is put there: a program without frags may see it then, and a few bytes behind a buffer's
 * end are no reason for a second page.
 *
 * Return: false if no XDP buffer can hold the frame, or @single demands one buffer.
 */
static bool rx_gather(struct xnic_rx *rx, struct xdp_buff *xdp, const struct xnic_rx_chain *chain,
		      bool single)
{
	bool join = chain->length <= XNIC_PAGE_ROOM;
	unsigned int i;

	if (!join && single)
		return false;
	for (i = 1; i < chain->n; i++) {
		if (!chain->part[i])
			continue;
		if (join)
			rx_join(rx, xdp, rx->next + i, chain->part[i]);
		else
			rx_add_frag(rx, xdp, rx->next + i, chain->part[i]);
	}
	return true;
}

static void rx_csum(struct xnic_rx *rx, struct sk_buff *skb, u32 status,
		    struct xnic_rx_tally *tally)
{
	if (!(rx->ad->netdev->features & NETIF_F_RXCSUM))
		return;
	if (status & (XNIC_RXD_TCPE | XNIC_RXD_IPE)) {
		tally->n[XNIC_RX_CSUM_BAD]++;
	} else if (!(status & XNIC_RXD_IXSM) && status & (XNIC_RXD_TCPCS | XNIC_RXD_UDPCS)) {
		skb->ip_summed = CHECKSUM_UNNECESSARY;
		tally->n[XNIC_RX_CSUM_GOOD]++;
	} else {
		tally->n[XNIC_RX_CSUM_NONE]++;
	}
}

/**
 * xnic_rx_receive() - give the stack a frame with what the device said about it.
 * @rx: the ring.
 * @skb: the frame.
 * @tally: the poll's counts.
 * @desc: its last descriptor.
 */
void xnic_rx_receive(struct xnic_rx *rx, struct sk_buff *skb, const union xnic_rx_desc *desc,
		     struct xnic_rx_tally *tally)
{
	struct net_device *netdev = rx->ad->netdev;
	u32 status = le32_to_cpu(desc->wb.status);
	u32 type = FIELD_GET(XNIC_RXD_RSS_TYPE, le32_to_cpu(desc->wb.mrq));

	skb_record_rx_queue(skb, rx->index);
	skb->protocol = eth_type_trans(skb, netdev);
	rx_csum(rx, skb, status, tally);
	if (type && netdev->features & NETIF_F_RXHASH)
		skb_set_hash(skb, le32_to_cpu(desc->wb.rss_hash),
			     type == XNIC_RSS_TCP_IPV4 || type == XNIC_RSS_TCP_IPV6
				     ? PKT_HASH_TYPE_L4
				     : PKT_HASH_TYPE_L3);
	if (status & XNIC_RXD_VP)
		__vlan_hwaccel_put_tag(skb, htons(ETH_P_8021Q), le16_to_cpu(desc->wb.vlan));
	napi_gro_receive(&rx->ad->queue[rx->index].napi, skb);
}

/* The page becomes the skb: no copy. */
static struct sk_buff *rx_build_skb(struct xdp_buff *xdp)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	u32 frags_size = 0, meta = xdp->data - xdp->data_meta;
	u8 frags = 0;
	struct sk_buff *skb;

	if (unlikely(xdp_buff_has_frags(xdp))) {
		frags = info->nr_frags;
		frags_size = info->xdp_frags_size;
	}
	skb = napi_build_skb(xdp->data_hard_start, xdp->frame_sz);
	if (unlikely(!skb))
		return NULL;
	skb_reserve(skb, xdp->data - xdp->data_hard_start);
	__skb_put(skb, xdp->data_end - xdp->data);
	if (meta)
		skb_metadata_set(skb, meta);
	skb_mark_for_recycle(skb);
	if (unlikely(frags))
		xnic_skb_add_xdp_frags(skb, frags, frags_size, frags * PAGE_SIZE, xdp);
	return skb;
}

/**
 * xnic_rx_abort() - an XDP verdict that is none, or XDP_ABORTED: say so. Return: XDP_DROP.
 * @rx: the ring.
 * @prog: the program that said it.
 * @verdict: what it said.
 * @tally: the poll's counts.
 */
int xnic_rx_abort(struct xnic_rx *rx, struct bpf_prog *prog, u32 verdict,
		  struct xnic_rx_tally *tally)
{
	if (verdict != XDP_ABORTED)
		bpf_warn_invalid_xdp_action(rx->ad->netdev, prog, verdict);
	trace_xdp_exception(rx->ad->netdev, prog, verdict);
	tally->n[XNIC_RX_XDP_ABORTED]++;
	return XDP_DROP;
}

/* Return: XDP_PASS: the frame is the stack's; XDP_DROP: still ours; XDP_TX, XDP_REDIRECT: gone. */
static __always_inline u32 rx_run(struct xnic_rx *rx, struct bpf_prog *prog, struct xdp_buff *xdp,
				  struct xnic_rx_tally *tally)
{
	u32 verdict = bpf_prog_run_xdp(prog, xdp);

	switch (verdict) {
	case XDP_DROP:
		tally->n[XNIC_RX_XDP_DROP]++;
		return XDP_DROP;
	case XDP_PASS:
		tally->n[XNIC_RX_XDP_PASS]++;
		return XDP_PASS;
	case XDP_TX:
		if (unlikely(!xnic_xdp_tx_frame(rx, xdp_convert_buff_to_frame(xdp), tally))) {
			trace_xdp_exception(rx->ad->netdev, prog, verdict);
			return XDP_DROP;
		}
		return XDP_TX;
	case XDP_REDIRECT:
		if (unlikely(xdp_do_redirect(rx->ad->netdev, xdp, prog))) {
			tally->n[XNIC_RX_XDP_REDIRECT_FAILED]++;
			return XDP_DROP;
		}
		tally->n[XNIC_RX_XDP_REDIRECT]++;
		return XDP_REDIRECT;
	default:
		return xnic_rx_abort(rx, prog, verdict, tally);
	}
}

/*
 * Take the frame at rx->next to its verdict: one of @length bytes in one buffer, or @chain. On
 * return a page is in the first slot if it can be used again.
 */
static __always_inline void rx_frame(struct xnic_rx *rx, struct bpf_prog *prog,
				     struct xnic_xdp *ctx, u32 length,
				     const struct xnic_rx_chain *chain, struct xnic_rx_tally *tally)
{
	struct xdp_buff *xdp = &ctx->xdp;
	struct page **slot = &rx->mem->page[rx->next & (rx->mem->count - 1)];
	struct page *page = *slot;
	u32 first = chain ? chain->part[0] : length;
	u32 verdict = XDP_PASS;
	struct sk_buff *skb;

	ctx->desc = xnic_rx_desc(rx, chain ? rx->next + chain->n - 1 : rx->next);
	xnic_rx_sync_for_cpu(rx, page, first);
	xdp_prepare_buff(xdp, page_address(page), XNIC_HEADROOM, first, true);
	xdp->flags = 0; /* frags, and whether their pages are of the emergency reserve */
	if (chain && !rx_gather(rx, xdp, chain, prog && !prog->aux->xdp_has_frags)) {
		tally->n[XNIC_RX_LENGTH]++;
		return;
	}
	tally->n[XNIC_RX_PACKETS]++;
	tally->n[XNIC_RX_BYTES] += length;
	if (prog)
		verdict = rx_run(rx, prog, xdp, tally);
	if (verdict == XDP_DROP) {
		if (unlikely(xdp_buff_has_frags(xdp))) {
			xdp_return_buff(xdp);
			*slot = NULL;
		}
		return;
	}
	*slot = NULL;
	if (verdict != XDP_PASS)
		return;
	skb = rx_build_skb(xdp);
	if (unlikely(!skb)) {
		tally->n[XNIC_RX_DROPPED]++;
		xdp_return_buff(xdp);
		return;
	}
	xnic_rx_receive(rx, skb, ctx->desc, tally);
}

/* Pass what is left of a frame that was too long. Return: false: it has not come to its end. */
static bool rx_skip(struct xnic_rx *rx)
{
	bool ended;

	rx->next += xnic_rx_rest(rx->mem->desc, rx->mem->count - 1, rx->next, rx->filled, &ended);
	rx->skip = !ended;
	return ended;
}

/* The frame at rx->next is not a usual one. Return: false: it has not come to its end. */
static noinline bool rx_chain(struct xnic_rx *rx, struct bpf_prog *prog, struct xnic_xdp *ctx,
			      struct xnic_rx_tally *tally)
{
	struct xnic_rx_chain chain;

	xnic_rx_read_chain(&chain, rx->mem->desc, rx->mem->count - 1, rx->next, rx->filled,
			   XNIC_PAGE_ROOM);
	if (!chain.n)
		return false;
	if (!chain.ended)
		tally->n[XNIC_RX_LENGTH]++;
	else if (chain.error)
		tally->n[XNIC_RX_ERRORS]++;
	else
		rx_frame(rx, prog, ctx, chain.length, &chain, tally);
	rx->next += chain.n;
	return chain.ended || rx_skip(rx);
}

/**
 * xnic_rx_poll() - receive up to @budget frames. NAPI only.
 * @rx: the ring.
 * @budget: frames that may be received.
 *
 * Return: how many there were; @budget if there may be more, or buffers are missing.
 */
int xnic_rx_poll(struct xnic_rx *rx, int budget)
{
	struct bpf_prog *prog = READ_ONCE(rx->ad->prog);
	bool whole = true, more = !rx->skip || rx_skip(rx);
	struct xnic_rx_tally tally = {};
	struct xnic_xdp ctx;
	int done = 0;

	xdp_init_buff(&ctx.xdp, PAGE_SIZE, &rx->mem->rxq_pages);
	while (more && done < budget && rx->next != rx->filled) {
		enum xnic_rx_look look;
		u32 length;

		look = xnic_rx_look(xnic_rx_desc(rx, rx->next), XNIC_PAGE_ROOM, &length);
		if (likely(look == XNIC_RX_USUAL)) {
			rx_frame(rx, prog, &ctx, length, NULL, &tally);
			rx->next++;
		} else if (look == XNIC_RX_NOT_YET || !rx_chain(rx, prog, &ctx, &tally)) {
			break;
		}
		done++;
		if (xnic_rx_room(rx) >= XNIC_RX_BATCH)
			whole = xnic_rx_refill(rx, &tally);
	}
	if (rx->xdp_tx_n)
		xnic_xdp_tx_flush(rx, &tally);
	if (tally.n[XNIC_RX_XDP_REDIRECT] || tally.n[XNIC_RX_XDP_REDIRECT_FAILED])
		xdp_do_flush();
	if (xnic_rx_room(rx) >= XNIC_RX_BATCH)
		whole = xnic_rx_refill(rx, &tally);
	tally.n[XNIC_RX_POLLS] = 1;
	xnic_rx_count(rx, &tally);
	return whole ? done : budget;
}
