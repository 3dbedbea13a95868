/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * checksum.h - TCP and UDP checksums that a sender has left to its device.
 *
 * On a virtual wire (veth) a local sender's frames come as it gave them to its device: where the
 * checksum belongs is the sum of the pseudo-header, and the rest was for the device to do. Whoever
 * hands such a frame to anybody who checks it completes it first; afxdpd's own sinks and the action
 * `tx` do. Header-only, for plugins and for users of libafxdp.
 *
 * Nothing marks such a frame: a right checksum may look like that once in 65,536 times. It comes
 * out the same when it is completed. SCTP's checksum, which is another, is not looked at, nor what
 * is inside of tunnels.
 */
#ifndef AFXDP_CHECKSUM_H
#define AFXDP_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

/* Where things are, bytes from the frame's first. */
struct afxdp_covered {
	uint32_t l4;	 /* layer 4's header */
	uint32_t bytes;	 /* that the checksum covers from there on */
	uint32_t check;	 /* the two of the checksum itself */
	uint16_t pseudo; /* sum of the pseudo-header */
};

static inline uint16_t afxdp_get16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline void afxdp_put16(uint8_t *p, uint16_t value)
{
	p[0] = (uint8_t)(value >> 8);
	p[1] = (uint8_t)value;
}

/** afxdp_sum() - of @bytes as 16-bit words, an odd last byte being the upper half of one. */
static inline uint64_t afxdp_sum(const uint8_t *p, uint32_t bytes)
{
	uint64_t total = 0;
	uint32_t i;

	for (i = 0; i + 1 < bytes; i += 2)
		total += afxdp_get16(p + i);
	return i < bytes ? total + ((uint32_t)p[i] << 8) : total;
}

static inline uint16_t afxdp_fold(uint64_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return (uint16_t)total;
}

/* Behind VLAN tags, MPLS labels and PPPoE, however many. @at: set to where the packet begins.
 * Return: its EtherType, or 0 if it is not among the first @len bytes. */
static inline uint16_t afxdp_find_packet(const uint8_t *frame, uint32_t len, uint32_t *at)
{
	uint16_t type;
	uint32_t i = 14;

	for (type = len < i ? 0 : afxdp_get16(frame + 12); i + 8 <= len;) {
		switch (type) {
		case 0x8100: /* 802.1Q */
		case 0x88a8: /* 802.1ad */
		case 0x9100: /* QinQ before that */
			type = afxdp_get16(frame + i + 2);
			i += 4;
			continue;
		case 0x8847: /* MPLS; behind the last label there is no EtherType (RFC 4928) */
		case 0x8848:
			if (frame[i + 2] & 1)
				type = frame[i + 4] >> 4 == 4	? 0x0800
				       : frame[i + 4] >> 4 == 6 ? 0x86dd
								: 0;
			i += 4;
			continue;
		case 0x8864: /* PPPoE, then PPP's protocol */
			type = afxdp_get16(frame + i + 6);
			type = type == 0x0021	? 0x0800
			       : type == 0x0057 ? 0x86dd
			       : type == 0x0281 ? 0x8847
						: 0;
			i += 8;
			continue;
		}
		*at = i;
		return type;
	}
	return 0;
}

/* Of an IPv6 packet of @len bytes at @ip. @l4: set to where layer 4 begins. Return: its protocol,
 * or -1: not there, or only a piece of it. */
static inline int afxdp_find_l4(const uint8_t *ip, uint32_t len, uint32_t *l4)
{
	uint8_t next = ip[6];
	uint32_t at = 40;

	/* Hop-by-hop, destination options; a routing header changes the address that is summed. */
	while ((next == 0 || next == 60) && at + 8 <= len) {
		next = ip[at];
		at += (ip[at + 1] + 1U) * 8;
	}
	*l4 = at;
	return at < len ? next : -1;
}

/**
 * afxdp_checksum_left() - has the sender left this frame's checksum to its device?
 * @len: bytes at @frame; the headers must be among them, the payload need not.
 * @c: filled if so.
 */
static inline bool afxdp_checksum_left(const uint8_t *frame, uint32_t len, struct afxdp_covered *c)
{
	uint32_t at = 0, header = 0, whole, sum_at;
	uint16_t type = afxdp_find_packet(frame, len, &at);
	const uint8_t *ip = frame + at;
	int protocol;

	len -= at;
	if (type == 0x0800 && len >= 20 && !(afxdp_get16(ip + 6) & 0x3fff)) {
		header = (ip[0] & 0xfU) * 4;
		whole = afxdp_get16(ip + 2);
		protocol = ip[9];
		c->pseudo = afxdp_fold(afxdp_sum(ip + 12, 8) + protocol + whole - header);
	} else if (type == 0x86dd && len >= 40) {
		whole = afxdp_get16(ip + 4) + 40U;
		protocol = afxdp_find_l4(ip, len, &header);
		c->pseudo = afxdp_fold(afxdp_sum(ip + 8, 32) + protocol + whole - header);
	} else {
		return false;
	}
	sum_at = header + (protocol == 17 ? 6 : 16);
	if ((protocol != 17 && protocol != 6) || sum_at + 2 > whole || sum_at + 2 > len)
		return false;
	c->l4 = at + header;
	c->bytes = whole - header;
	c->check = at + sum_at;
	return afxdp_get16(ip + sum_at) == c->pseudo;
}

/**
 * afxdp_checksum_complete() - complete the checksum of a frame that lies in one piece, if its
 * sender has left it.
 *
 * Return: whether that was so.
 */
static inline bool afxdp_checksum_complete(uint8_t *frame, uint32_t len)
{
	struct afxdp_covered c;
	uint16_t sum;

	if (!afxdp_checksum_left(frame, len, &c) || c.l4 + c.bytes > len)
		return false;
	/* The checksum's place holds the pseudo-header's sum, which belongs to it. */
	sum = (uint16_t)~afxdp_fold(afxdp_sum(frame + c.l4, c.bytes));
	if (!sum) /* says that a UDP datagram has none (RFC 768); TCP knows both forms of it */
		sum = 0xffff;
	afxdp_put16(frame + c.check, sum);
	return true;
}

#endif
