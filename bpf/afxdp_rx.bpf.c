/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * afxdp_rx - the XDP program: parse, classify, verdict, count.
 *
 * Steps, one header each: config.h (what user space sets), parse.h, classify.h, complete.h,
 * meta.h. Every way out of the program goes through one of the seven verdicts of enum afxdp_verdict
 * and is counted there.
 */
#include "config.h"
#include "parse.h"
#include "classify.h"
#include "complete.h"
#include "hw.h"
#include "meta.h"

static __always_inline void swap_addresses(void *data)
{
	__u16 *h = data, t[3];

	__builtin_memcpy(t, h, 6);
	__builtin_memcpy(h, h + 3, 6);
	__builtin_memcpy(h + 3, t, 6);
}

static __always_inline int receive(struct xdp_md *ctx, bool with_meta)
{
	void *data = (void *)(long)ctx->data, *data_end = (void *)(long)ctx->data_end;
	struct afxdp_parse p = { .length = data_end - data };
	__u32 queue = ctx->rx_queue_index, slot = queue, class, rule, route = 0;
	bool stamp;
	struct afxdp_ledger *l;

	/* The library makes the map as long as the device has queues; a stray index is counted in
	 * the last slot. */
	if (slot >= ledger_queues)
		slot = ledger_queues - 1;
	l = bpf_map_lookup_elem(&ledger, &slot);
	if (!l)
		return XDP_ABORTED; /* an array of that length has every slot: the verifier wants to
				       hear it */

	if (p.length >= whole_below) {
		p.length = bpf_xdp_get_buff_len(ctx);
		if (longest_frame && p.length > longest_frame)
			l->super_frames++;
	}
	l->received++;
	l->bytes += p.length;
	if (asked(AFXDP_NEED_HEADERS | AFXDP_NEED_ODDITIES))
		parse_frame(&p, l, data, data_end);
	if (asked(AFXDP_NEED_TAG))
		hw_vlan(ctx, &p);

	class = classify(ctx, &p);
	rule = AFXDP_CLASS_RULE(class);

	switch (AFXDP_CLASS_VERDICT(class)) {
	case AFXDP_CAPTURE:
		route = route_to(class);
		/* Without a socket the low bits of the flags are returned: whoever has no consumer
		 * keeps its traffic. */
		if (bpf_redirect_map(&xsks, socket_of(queue, class), XDP_PASS) != XDP_REDIRECT) {
			l->unclaimed++;
			return XDP_PASS;
		}
		stamp = to_stamp(l, slot);
		if (!config.sparse || stamp) {
			if (with_meta)
				put_meta(ctx, l, &p, rule, stamp);
			else
				l->no_meta++;
		}
		l->captured++;
		if (route)
			l->routed[route - 1]++;
		return XDP_REDIRECT;
	case AFXDP_PASS:
		l->passed++;
		return XDP_PASS;
	case AFXDP_DROP:
		l->dropped++;
		return XDP_DROP;
	case AFXDP_LIMIT:
		l->limited++;
		return XDP_DROP;
	case AFXDP_TX:
		if (!asked(AFXDP_NEED_TAG))
			hw_vlan(ctx, &p);
		if (!config.generic)
			afxdp_complete(ctx, &p);
		if (!hw_restore_vlan(ctx, &p))
			break;
		data = (void *)(long)ctx->data;
		data_end = (void *)(long)ctx->data_end;
		if (data + ETH_HEADER > data_end)
			break;
		swap_addresses(data);
		l->tx++;
		return XDP_TX;
	}
	l->aborted++;
	return XDP_ABORTED;
}

/* What afxdpd loads: takes frames of several buffers (jumbo) where the driver has them. */
SEC("xdp.frags")
int afxdp_rx(struct xdp_md *ctx)
{
	return receive(ctx, true);
}

#ifndef AFXDP_HW
/* What `ip link set dev X xdp object afxdp_rx.bpf.o section xdp` loads: every driver takes it. */
SEC("xdp")
int afxdp_rx_plain(struct xdp_md *ctx)
{
	return receive(ctx, true);
}

/*
 * What afxdpd puts into libxdp's dispatcher. libxdp makes it a program of another type; from 1.5 on
 * libbpf forgets a section's handler then, and with it our rules (see rules/hook.c), unless the
 * section is of no kind that libbpf knows. `?`: nobody else loads these unasked.
 */
SEC("?afxdp")
int afxdp_rx_joined(struct xdp_md *ctx)
{
	return receive(ctx, true);
}

/*
 * Instead of the one above where it is refused: from Linux 6.13 on (and 6.12.5) only a function
 * that moves packet pointers may be replaced by one that does, and the dispatcher's slots do not
 * before libxdp 1.5.5. Metadata move them, so there are none.
 */
SEC("?afxdp")
int afxdp_rx_bare(struct xdp_md *ctx)
{
	return receive(ctx, false);
}
#endif

char _license[] SEC("license") = "GPL";
