/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * echo_frame.h - what the echo sink answers to a frame: a pure function, in place.
 *
 *   ARP request for one of our addresses      ARP reply (RFC 826)
 *   ICMP echo request to us                   echo reply (RFC 792)
 *   ICMPv6 echo request to us                 echo reply (RFC 4443)
 *   neighbour solicitation for us             neighbour advertisement (RFC 4861, 7.2.4)
 *   UDP datagram to us                        the same datagram, ends swapped (RFC 862)
 *
 * VLAN tags, IPv4 options and payload stay as they are. Never answered: fragments, IPv6 extension
 * headers, source routes, broadcasts, multicasts (neighbour discovery apart), other stations'
 * frames, wrong IPv4 header checksums, truncated headers.
 *
 * Two reflectors could send one datagram to and fro for ever: a reflected datagram's TTL (hop
 * limit) is that of the request less one, as if it had been forwarded, and one that has used its
 * up is not answered.
 */
#ifndef AFXDP_SINK_ECHO_FRAME_H
#define AFXDP_SINK_ECHO_FRAME_H

#include <net/ethernet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#define ECHO_ADDRS 64 /* of each family that a sink answers for */

/* Who we are. */
struct echo_self {
	uint8_t mac[ETHER_ADDR_LEN];
	/* Answer for every unicast address: nobody said which are ours. Never for a sender that
	 * only asks whether an address is free. */
	bool any;
	uint32_t v4_count, v6_count;
	struct in_addr v4[ECHO_ADDRS];
	struct in6_addr v6[ECHO_ADDRS];
};

enum echo_answer {
	ECHO_IGNORED,
	ECHO_ARP,
	ECHO_ICMP,
	ECHO_ICMPV6,
	ECHO_NEIGHBOUR,
	ECHO_UDP,
	ECHO_ANSWERS
};

/**
 * echo_frame() - turn a frame into its answer.
 * @frame: the bytes of its first descriptor.
 * @len: how many; on return those of the answer's first descriptor, which may be 8 more.
 * @room: bytes that may be written at @frame.
 * @rest: bytes of the frame in further descriptors; they are never touched.
 *
 * Return: what was answered; after ECHO_IGNORED the frame is as it was.
 */
enum echo_answer echo_frame(const struct echo_self *self, uint8_t *frame, uint32_t *len,
			    uint32_t room, uint32_t rest);

#endif
