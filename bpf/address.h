/* SPDX-License-Identifier: GPL-2.0-only */
/* address.h - a frame's IP addresses, for sets and for limits per source. */
#ifndef AFXDP_BPF_ADDRESS_H
#define AFXDP_BPF_ADDRESS_H

#include <stdbool.h>
#include "load.h"
#include "parse.h"

/* Where the IP header begins, also if parse.h found something wrong with it: a list of addresses to
 * be dropped must not be got around by a wrong length field. 0: no IP. */
static __always_inline __u32 ip_offset(struct xdp_md *ctx, const struct afxdp_parse *p)
{
	__u32 off = ETH_HEADER;
	int i;

	if (p->flags & AFXDP_META_L3)
		return p->l3_offset;
	if (p->ethertype != ETH_IPV4 && p->ethertype != ETH_IPV6)
		return 0;
	for (i = 0; i < 3; i++, off += 4)
		if (load_there(ctx, off - 2, 2) == p->ethertype)
			return off;
	return 0;
}

/* Fill @address, in network order, an IPv4 address mapped into IPv6 (RFC 4291, 2.5.5.2). */
static __always_inline bool frame_address(struct xdp_md *ctx, const struct afxdp_parse *p,
					  bool destination, __u32 address[4])
{
	__u32 off = ip_offset(ctx, p);

	if (!off)
		return false;
	if (p->ethertype == ETH_IPV6)
		return !bpf_xdp_load_bytes(ctx, off + (destination ? 24 : 8), address, 16);
	address[0] = 0;
	address[1] = 0;
	address[2] = bpf_htonl(0xffff);
	return !bpf_xdp_load_bytes(ctx, off + (destination ? 16 : 12), &address[3], 4);
}

#endif
