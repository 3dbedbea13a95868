// SPDX-License-Identifier: GPL-2.0-only
/*
 * xsk.c - AF_XDP zero-copy: the device writes to the user's own memory.
 *
 * A pair with a pool receives into the pool's buffers instead of pages, and sends the sockets'
 * descriptors beside the stack's frames (xsk_tx.c). Who is to act next is said through need_wakeup;
 * where a flag is set because something ran out, one more poll follows: what the user did before it
 * could see the flag is found then.
 *
 * A process writes to the buffers and to the fill ring whenever it likes. Therefore nothing is read
 * back from a buffer but the bytes of the frame, not even the skb_shared_info that XDP keeps behind
 * them: which buffers a frame has, the pool's list says, how long they are, their xdp_buffs. And a
 * buffer may be in several slots of the ring, or with the pool at the same time.
 */
#include <linux/bpf_trace.h>
#include <linux/filter.h>
#include <net/xdp_sock_drv.h>

#include "rx_desc.h"
#include "xnic.h"

/* With fewer buffers than this in the device's hands, and none in the fill ring, the user must say
 * when there are more: a frame of MAX_SKB_FRAGS + 1 buffers might not fit, and so not interrupt. */
#define XNIC_XSK_LOW	  64
/* A doorbell is worth this many descriptors, as long as the device has as many left. */
#define XNIC_XSK_DOORBELL 16

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

static void xsk_free_slots(struct xnic_rx *rx, u32 pos, unsigned int n)
{
	while (n--)
		xsk_buff_free(xsk_slot(rx, pos++));
}

/* Give back a frame's buffers, whatever has become of its flags; those that the pool has stay
 * there. */
static void xsk_drop(struct xdp_buff *xdp)
{
	struct xdp_buff *frag;

	while ((frag = xsk_buff_get_frag(xdp)))
		xsk_buff_free(frag);
	xdp_buff_clear_frags_flag(xdp);
	xsk_buff_free(xdp);
}

/* Whether a buffer is in a list: the pool's, of those that are free, or of those of the frame at
 * hand. One that the device has written to is so only if the user gave it twice. */
static bool xsk_listed(const struct xdp_buff *xdp)
{
	return !list_empty(&container_of(xdp, struct xdp_buff_xsk, xdp)->list_node);
}

/* The page where @length bytes at @data begin, in the pool's mapping. If they go on in one that is
 * no neighbour in memory (behind an IOMMU it may be for the device), what leads back to @data: no
 * page, but all that the core asks of it, and what it has there itself since 6.14. */
static struct page *xsk_page(const void *data, u32 length)
{
	struct page *page = vmalloc_to_page(data);

	if (likely(offset_in_page(data) + length <= PAGE_SIZE) ||
	    vmalloc_to_pfn(data + length - 1) == page_to_pfn(page) + 1)
		return page;
#if IS_ENABLED(CONFIG_SPARSEMEM_VMEMMAP) && !IS_ENABLED(CONFIG_DEBUG_VIRTUAL)
	page = virt_to_page(data);
	if (page_address(page) + offset_in_page(data) == data)
		return page;
#endif
	return NULL;
}

/* Append @part to the frame in @xdp, which has @at bytes and @nr frags. @join: its bytes, to the
 * first buffer; else itself. Return: false if that cannot be. */
static bool xsk_append(struct xdp_buff *xdp, struct xdp_buff *part, u32 length, u32 at, u32 nr,
		       bool join)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	struct page *page;

	xsk_buff_set_size(part, length);
	xsk_buff_dma_sync_for_cpu(part);
	if (join) {
		memcpy(xdp->data + at, part->data, length);
		return true;
	}
	page = xsk_page(part->data, length);
	if (!page)
		return false;
	skb_frag_fill_page_desc(&info->frags[nr], page, offset_in_page(part->data), length);
	xnic_xsk_link_frag(part);
	return true;
}

/* Add the parts behind the first to @xdp, which holds that. Return: false if that cannot be. */
static bool xsk_gather(struct xnic_rx *rx, struct xdp_buff *xdp, const struct xnic_rx_chain *chain,
		       bool join)
{
	struct skb_shared_info *info = xdp_get_shared_info_from_buff(xdp);
	u32 at = chain->part[0], nr = 0, i;

	for (i = 1; i < chain->n; i++) {
		struct xdp_buff *part = xsk_slot(rx, rx->next + i);

		if (part == xdp || xsk_listed(part))
			return false;
		if (!chain->part[i] && !join)
			xsk_buff_free(part);
		if (!chain->part[i])
			continue;
		if (!xsk_append(xdp, part, chain->part[i], at, nr, join))
			return false;
		at += chain->part[i];
		nr++;
	}
	if (join) {
		xdp->data_end = xdp->data + at;
		return true;
	}
	info->nr_frags = nr;
	info->xdp_frags_size = at - chain->part[0];
	xdp_buff_set_frags_flag(xdp);
	return true;
}

/* A frame's buffers behind the first, taken off the pool's list. */
struct xsk_parts {
	struct xdp_buff *part[MAX_SKB_FRAGS];
	unsigned int n;
	u32 length; /* of the whole frame, from @from on */
};

/* Whether the frame in @xdp, from @from on, is one that can be copied: what a program cuts off a
 * frame of several buffers the kernel reckons from shared info, and may come out of any length. */
static bool xsk_take_parts(struct xdp_buff *xdp, const void *from, struct xsk_parts *parts)
{
	struct xdp_buff *part;

	parts->n = 0;
	parts->length = xdp->data_end - from;
	if (unlikely(parts->length - ETH_HLEN > xdp->frame_sz))
		return false;
	if (likely(!xdp_buff_has_frags(xdp)))
		return true;
	while (parts->n < MAX_SKB_FRAGS && (part = xsk_buff_get_frag(xdp))) {
		u32 length = part->data_end - part->data;

		parts->part[parts->n++] = part;
		if (length > part->frame_sz)
			return false;
		parts->length += length;
	}
	return true;
}

static void xsk_free_parts(struct xdp_buff *xdp, struct xsk_parts *parts)
{
	while (parts->n)
		xsk_buff_free(parts->part[--parts->n]);
	xsk_drop(xdp);
}

/* Copy the frame to @to, and give its buffers back. */
static void xsk_copy_parts(struct xdp_buff *xdp, const void *from, struct xsk_parts *parts,
			   void *to)
{
	u32 length = xdp->data_end - from;
	unsigned int i;

	memcpy(to, from, length);
	for (i = 0; i < parts->n; i++) {
		const struct xdp_buff *part = parts->part[i];

		to += length;
		length = part->data_end - part->data;
		memcpy(to, part->data, length);
	}
	xsk_free_parts(xdp, parts);
}

/* The whole frame in pages of our own; NULL: the first buffer is still to be freed. The core's
 * conversion would leave frags out. */
static struct xdp_frame *xsk_to_frame(struct xdp_buff *xdp)
{
	u32 offset = XNIC_HEADROOM;
	struct xsk_parts parts;
	struct xdp_frame *frame;
	struct page *page = NULL;
	unsigned int order;

	if (xsk_take_parts(xdp, xdp->data, &parts)) {
		if (!parts.n)
			return xdp_convert_buff_to_frame(xdp);
		order = get_order(offset + SKB_DATA_ALIGN(parts.length) +
				  SKB_DATA_ALIGN(sizeof(struct skb_shared_info)));
		page = dev_alloc_pages(order);
	}
	if (!page) {
		while (parts.n)
			xsk_buff_free(parts.part[--parts.n]);
		return NULL;
	}
	frame = page_address(page);
	*frame = (struct xdp_frame){
		.data = page_address(page) + offset,
		.len = parts.length,
		.headroom = offset - sizeof(*frame),
		.XNIC_FRAME_MEM = MEM_TYPE_PAGE_ORDER0,
		.frame_sz = PAGE_SIZE << order,
	};
	xsk_copy_parts(xdp, xdp->data, &parts, frame->data);
	return frame;
}

static void xsk_pass(struct xnic_rx *rx, struct xnic_xdp *ctx, struct xnic_rx_tally *tally)
{
	struct xdp_buff *xdp = &ctx->xdp;
	u32 meta = xdp->data - xdp->data_meta;
	struct sk_buff *skb = NULL;
	struct xsk_parts parts;

	if (likely(xsk_take_parts(xdp, xdp->data_meta, &parts)))
		skb = napi_alloc_skb(&rx->ad->queue[rx->index].napi, parts.length);
	if (unlikely(!skb)) {
		tally->n[XNIC_RX_DROPPED]++;
		xsk_free_parts(xdp, &parts);
		return;
	}
	xsk_copy_parts(xdp, xdp->data_meta, &parts, skb_put(skb, parts.length));
	if (meta) {
		__skb_pull(skb, meta);
		skb_metadata_set(skb, meta);
	}
	xnic_rx_receive(rx, skb, ctx->desc, tally);
}

/*
 * Return: false if the socket's RX ring is full and its user will say when it no longer is: to go
 * on would be to throw frames away. This one is lost: whether the core has freed it depends on the
 * core (6.12.117 does), and a later poll could not take it up without running the program again.
 */
static bool xsk_redirect(struct xnic_rx *rx, struct bpf_prog *prog, struct xdp_buff *xdp,
			 struct xnic_rx_tally *tally)
{
	bool to_socket = bpf_net_ctx_get_ri()->map_type == BPF_MAP_TYPE_XSKMAP, full;
	struct net_device *netdev = rx->ad->netdev;
	struct xdp_frame *frame;
	int err;

	if (likely(to_socket)) {
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
	xsk_drop(xdp); /* which does nothing where that has been done */
	full = to_socket && err == -ENOBUFS && xsk_uses_need_wakeup(rx->pool);
	tally->n[full ? XNIC_RX_XSK_FULL : XNIC_RX_XDP_REDIRECT_FAILED]++;
	return !full;
}

/* Take a frame to its verdict. Return: false: no more for now. */
static __always_inline bool xsk_run(struct xnic_rx *rx, struct bpf_prog *prog, struct xnic_xdp *ctx,
				    struct xnic_rx_tally *tally)
{
	struct xdp_buff *xdp = &ctx->xdp;
	u32 verdict = prog ? bpf_prog_run_xdp(prog, xdp) : XDP_PASS;

	if (likely(verdict == XDP_REDIRECT))
		return xsk_redirect(rx, prog, xdp, tally);
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
	xsk_drop(xdp);
	return true;
}

/* Take the frame at rx->next, of @length bytes in one buffer, to its verdict. Return: false: no
 * more for now. */
static __always_inline bool xsk_frame(struct xnic_rx *rx, struct bpf_prog *prog, u32 length,
				      struct xnic_rx_tally *tally)
{
	struct xnic_xdp *ctx = (struct xnic_xdp *)xsk_slot(rx, rx->next);

	ctx->desc = xnic_rx_desc(rx, rx->next);
	rx->next++;
	xsk_buff_set_size(&ctx->xdp, length);
	xsk_buff_dma_sync_for_cpu(&ctx->xdp);
	tally->n[XNIC_RX_PACKETS]++;
	tally->n[XNIC_RX_BYTES] += length;
	return xsk_run(rx, prog, ctx, tally);
}

/* The same for a frame of several. */
static bool xsk_frame_of_parts(struct xnic_rx *rx, struct bpf_prog *prog,
			       const struct xnic_rx_chain *chain, struct xnic_rx_tally *tally)
{
	struct xnic_xdp *ctx = (struct xnic_xdp *)xsk_slot(rx, rx->next);
	struct xdp_buff *xdp = &ctx->xdp, *left;
	bool join = chain->length <= rx->xsk_room, go_on;

	ctx->desc = xnic_rx_desc(rx, rx->next + chain->n - 1);
	xsk_buff_set_size(xdp, chain->part[0]);
	xsk_buff_dma_sync_for_cpu(xdp);
	if (!join && (!rx->xsk_frags || (prog && !prog->aux->xdp_has_frags))) {
		tally->n[XNIC_RX_LENGTH]++;
		xsk_free_slots(rx, rx->next, chain->n);
		return true;
	}
	if (!xsk_gather(rx, xdp, chain, join)) {
		tally->n[XNIC_RX_XSK_INVALID]++;
		xsk_drop(xdp);
		xsk_free_slots(rx, rx->next, chain->n);
		return true;
	}
	tally->n[XNIC_RX_PACKETS]++;
	tally->n[XNIC_RX_BYTES] += chain->length;
	go_on = xsk_run(rx, prog, ctx, tally);
	if (join)
		xsk_free_slots(rx, rx->next + 1, chain->n - 1);
	/* The core believes shared info when a program cuts frags off: some may have been
	 * forgotten. */
	while (unlikely((left = xsk_buff_get_frag(xdp))))
		xsk_buff_free(left);
	return go_on;
}

/* Pass what is left of a frame that was too long. Return: false: it has not come to its end. */
static bool xsk_skip(struct xnic_rx *rx)
{
	bool ended;
	u32 n;

	n = xnic_rx_rest(rx->mem->desc, rx->mem->count - 1, rx->next, rx->filled, &ended);
	xsk_free_slots(rx, rx->next, n);
	rx->next += n;
	rx->skip = !ended;
	return ended;
}

/* The frame at rx->next is not a usual one. @full: set if no more are to be taken for now. Return:
 * false: it has not come to its end. */
static noinline bool xsk_chain(struct xnic_rx *rx, struct bpf_prog *prog, bool *full,
			       struct xnic_rx_tally *tally)
{
	struct xnic_rx_chain chain;

	xnic_rx_read_chain(&chain, rx->mem->desc, rx->mem->count - 1, rx->next, rx->filled,
			   rx->xsk_room);
	if (!chain.n)
		return false;
	if (chain.ended && !chain.error) {
		*full = !xsk_frame_of_parts(rx, prog, &chain, tally);
	} else {
		tally->n[chain.ended ? XNIC_RX_ERRORS : XNIC_RX_LENGTH]++;
		xsk_free_slots(rx, rx->next, chain.n);
	}
	rx->next += chain.n;
	return chain.ended || xsk_skip(rx);
}

/*
 * Whether to take frames although an RX ring was full at the last look, and each one more would be
 * lost if it still is: when the user has said so, is polling himself, or did not for a jiffy.
 */
static bool xsk_may_receive(struct xnic_rx *rx)
{
	if (unlikely(rx->xsk_stuck) && !xchg(&rx->xsk_woken, false) && in_serving_softirq() &&
	    time_before_eq(jiffies, rx->xsk_stuck_at))
		return false;
	rx->xsk_stuck = false;
	return true;
}

/*
 * What the poll says to user space and to NAPI. @full: room in an RX ring was wanted and not to be
 * had, @dry: a buffer: only the user can get things going again.
 *
 * Return: whether to poll again at once.
 */
static bool xsk_rx_verdict(struct xnic_rx *rx, bool full, bool dry)
{
	dry |= full;
	if (!xsk_uses_need_wakeup(rx->pool))
		return dry;
	if (!dry) {
		rx->xsk_asked = false;
		xsk_clear_rx_need_wakeup(rx->pool);
		return false;
	}
	if (rx->xsk_asked) {
		if (full && !rx->xsk_stuck)
			rx->xsk_stuck_at = jiffies;
		rx->xsk_stuck = full;
		return false;
	}
	rx->xsk_asked = true;
	xsk_set_rx_need_wakeup(rx->pool);
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
	bool more = xsk_may_receive(rx) && (!rx->skip || xsk_skip(rx));
	struct bpf_prog *prog = READ_ONCE(rx->ad->prog);
	struct xnic_rx_tally tally = {};
	u32 room = rx->xsk_room, length;
	bool whole = true, full = rx->xsk_stuck;
	int done = 0;

	while (more && !full && done < budget && rx->next != rx->filled) {
		enum xnic_rx_look look;

		look = xnic_rx_look(xnic_rx_desc(rx, rx->next), room, &length);
		if (likely(look == XNIC_RX_USUAL))
			full = !xsk_frame(rx, prog, length, &tally);
		else if (look == XNIC_RX_NOT_YET || !xsk_chain(rx, prog, &full, &tally))
			break;
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
	if (xsk_rx_verdict(rx, full, !whole && rx->filled - rx->next < XNIC_XSK_LOW))
		return budget;
	return done;
}

/** xnic_xsk_rx_clean() - give all buffers of a stopped ring back to their pool. */
void xnic_xsk_rx_clean(struct xnic_rx *rx)
{
	xsk_free_slots(rx, rx->next, rx->filled - rx->next);
	rx->next = rx->filled;
}
