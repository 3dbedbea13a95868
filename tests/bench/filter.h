/* SPDX-License-Identifier: GPL-2.0-only */
/* filter.h - `udp dst port 4000` as one would write it in C. */
#ifndef AFXDP_BENCH_FILTER_H
#define AFXDP_BENCH_FILTER_H

#include <linux/bpf.h>
#include <bpf/bpf_endian.h>
#include <stdbool.h>

#define IP_FRAGMENT 0x1fff
#define PORT	    4000

struct ip_header {
	__u8 version_length, tos;
	__be16 length, id, fragment;
	__u8 ttl, protocol;
	__be16 checksum;
	__be32 source, destination;
};

struct ip6_header {
	__be32 version;
	__be16 length;
	__u8 next, hops;
	__be32 source[4], destination[4];
};

struct udp_header {
	__be16 source, destination, length, checksum;
};

static __always_inline bool is_wanted(void *data, void *data_end)
{
	__be16 *type = data + 12;
	struct udp_header *udp;

	if (data + 14 > data_end)
		return false;
	if (*type == bpf_htons(0x0800)) {
		struct ip_header *ip = data + 14;

		if ((void *)(ip + 1) > data_end || ip->protocol != 17 ||
		    ip->fragment & bpf_htons(IP_FRAGMENT))
			return false;
		udp = (void *)ip + (ip->version_length & 15) * 4;
	} else if (*type == bpf_htons(0x86dd)) {
		struct ip6_header *ip = data + 14;

		if ((void *)(ip + 1) > data_end || ip->next != 17)
			return false;
		udp = (void *)(ip + 1);
	} else {
		return false;
	}
	return (void *)(udp + 1) <= data_end && udp->destination == bpf_htons(PORT);
}

#endif
