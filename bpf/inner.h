/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * inner.h - what a frame carries behind VLAN tags, MPLS labels and PPPoE, however many: `inner` in
 * rules. As long as the frame goes on so does the search, so that nothing hides behind one more tag.
 */
#ifndef AFXDP_BPF_INNER_H
#define AFXDP_BPF_INNER_H

#include "load.h"
#include "parse.h"

#define ETH_MPLS	   0x8847
#define ETH_MPLS_MULTICAST 0x8848
#define ETH_PPPOE	   0x8864 /* session stage (RFC 2516) */

#define PPP_IPV4	   0x0021
#define PPP_IPV6	   0x0057
#define PPP_MPLS	   0x0281
#define PPP_MPLS_MULTICAST 0x0283

#define MPLS_BOTTOM 0x100 /* of a label (RFC 3032) */

/* Neither IP nor anything else that expressions ask for; nor a length, as small numbers are. */
#define ETH_UNKNOWN 0xffff

/* A step is four bytes at least, and VALUE_INNER has 16 bits for the place. */
#define INNER_STEPS (65536 / 4)

struct inner {
	struct xdp_md *ctx;
	__u32 type, at; /* what is at `at` of the frame as it is in the buffer */
};

/* Behind the last label nothing but the first bits say what comes (RFC 4928). */
static __always_inline void step_mpls(struct inner *i)
{
	__s64 label = load_there(i->ctx, i->at, 4), first;

	i->at += 4;
	if (label >= 0 && !(label & MPLS_BOTTOM))
		return;
	first = label < 0 ? -1 : load_there(i->ctx, i->at, 1);
	i->type = ETH_UNKNOWN;
	if (first >> 4 == 4)
		i->type = ETH_IPV4;
	else if (first >> 4 == 6)
		i->type = ETH_IPV6;
}

/* Six bytes, then PPP's protocol, of which the first byte may have been left out where it is 0
 * (RFC 1661, 6.5). */
static __always_inline void step_pppoe(struct inner *i)
{
	__s64 protocol = load_there(i->ctx, i->at + 6, 1);

	i->at += 7;
	if (protocol >= 0 && !(protocol & 1)) {
		protocol = load_there(i->ctx, i->at - 1, 2);
		i->at++;
	}
	i->type = ETH_UNKNOWN;
	if (protocol == PPP_IPV4)
		i->type = ETH_IPV4;
	else if (protocol == PPP_IPV6)
		i->type = ETH_IPV6;
	else if (protocol == PPP_MPLS || protocol == PPP_MPLS_MULTICAST)
		i->type = ETH_MPLS;
}

/* Return: 1 when there is nothing more to be stepped over. */
static long inner_step(__u32 turn, struct inner *i)
{
	__s64 type;

	(void)turn;
	switch (i->type) {
	case ETH_8021Q:
	case ETH_8021AD:
	case ETH_QINQ:
		type = load_there(i->ctx, i->at + 2, 2);
		i->at += 4;
		i->type = type < 0 ? ETH_UNKNOWN : type;
		return 0;
	case ETH_MPLS:
	case ETH_MPLS_MULTICAST:
		step_mpls(i);
		return 0;
	case ETH_PPPOE:
		step_pppoe(i);
		return 0;
	}
	return 1;
}

/** afxdp_inner() - Return: the inner EtherType << 16 | the place behind it in the frame as it was on
 * the wire; a frame that ends before that, or carries something else, has a type that is none. */
__weak __attribute__((noinline)) __u32 afxdp_inner(struct xdp_md *ctx, struct afxdp_parse *p)
{
	struct inner i = { .ctx = ctx, .at = ETH_HEADER };
	__s64 type;

	if (!ctx || !p)
		return 0;
	type = load_there(ctx, ETH_HEADER - 2, 2);
	i.type = type < 0 ? ETH_UNKNOWN : type;
	bpf_loop(INNER_STEPS, inner_step, &i, 0);
	if (p->flags & AFXDP_META_VLAN_STRIP)
		i.at += 4;
	return i.type << 16 | (i.at & 0xffff);
}

#endif
