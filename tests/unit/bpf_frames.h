/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf_frames.h - frames of every kind, put together header by header. Lengths are filled in by
 * frame_end(), so that whatever is in a frame is right unless a test makes it wrong.
 */
#ifndef AFXDP_TEST_BPF_FRAMES_H
#define AFXDP_TEST_BPF_FRAMES_H

#include <stdint.h>
#include <string.h>

#define FRAME_ROOM 9018

enum {
	ETHER_IPV4 = 0x0800,
	ETHER_ARP = 0x0806,
	ETHER_VLAN = 0x8100,
	ETHER_IPV6 = 0x86dd,
	ETHER_LLDP = 0x88cc,
	ETHER_QINQ = 0x88a8,
	ETHER_OLD_QINQ = 0x9100,
};

enum {
	IP_HOPOPTS = 0,
	IP_ICMP = 1,
	IP_TCP = 6,
	IP_UDP = 17,
	IP_ROUTING = 43,
	IP_FRAGMENT = 44,
	IP_ESP = 50,
	IP_AH = 51,
	IP_ICMPV6 = 58,
	IP_NONE = 59,
	IP_DSTOPTS = 60,
	IP_SCTP = 132,
	IP_MOBILITY = 135,
};

struct frame {
	uint8_t data[FRAME_ROOM];
	uint32_t len;
	uint32_t l3, l4; /* offsets; 0: there is none */
	uint32_t next;	 /* offset of the byte that names what follows */
	uint32_t next_size;
};

static inline uint8_t *frame_add(struct frame *f, uint32_t n)
{
	uint8_t *at = f->data + f->len;

	memset(at, 0, n);
	f->len += n;
	return at;
}

static inline void put16(uint8_t *at, uint32_t value)
{
	at[0] = value >> 8;
	at[1] = value;
}

/* What comes next is of type @type: an ethertype or an IP protocol. */
static inline void frame_next(struct frame *f, uint32_t type)
{
	if (f->next_size == 2)
		put16(f->data + f->next, type);
	else if (f->next_size)
		f->data[f->next] = type;
}

static inline void frame_ether(struct frame *f)
{
	static const uint8_t mac[12] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1 };

	memset(f, 0, sizeof(*f));
	memcpy(frame_add(f, 14), mac, sizeof(mac));
	f->next = 12;
	f->next_size = 2;
}

static inline void frame_vlan(struct frame *f, uint32_t tpid, uint32_t tci)
{
	frame_next(f, tpid);
	put16(frame_add(f, 4), tci);
	f->next = f->len - 2;
}

/* @options: bytes, a multiple of 4. @fragment: flags and offset as in the header. */
static inline void frame_ipv4(struct frame *f, uint32_t options, uint32_t fragment)
{
	static const uint8_t addresses[8] = { 198, 18, 0, 1, 198, 19, 0, 1 };
	uint8_t *ip;

	frame_next(f, ETHER_IPV4);
	f->l3 = f->len;
	ip = frame_add(f, 20 + options);
	ip[0] = 0x40 | (5 + options / 4);
	put16(ip + 6, fragment);
	ip[8] = 64;
	memcpy(ip + 12, addresses, 8);
	memset(ip + 20, 1, options); /* no operation */
	f->next = f->l3 + 9;
	f->next_size = 1;
}

static inline void frame_ipv6(struct frame *f)
{
	uint8_t *ip;

	frame_next(f, ETHER_IPV6);
	f->l3 = f->len;
	ip = frame_add(f, 40);
	ip[0] = 0x60;
	ip[7] = 64;
	ip[8] = ip[24] = 0x20;
	ip[23] = 1;
	ip[39] = 2;
	ip[6] = IP_NONE;
	f->next = f->l3 + 6;
	f->next_size = 1;
}

/* An IPv6 extension header of @type and @bytes (8 at least, a multiple of 8; of 4 for AH). */
static inline uint8_t *frame_ext(struct frame *f, uint32_t type, uint32_t bytes)
{
	uint8_t *h;

	frame_next(f, type);
	f->next = f->len;
	h = frame_add(f, bytes);
	h[0] = IP_NONE;
	h[1] = type == IP_AH ? bytes / 4 - 2 : type == IP_FRAGMENT ? 0 : bytes / 8 - 1;
	return h;
}

/* The IPv6 fragment header: @fragment is offset (a multiple of 8) and the M bit. */
static inline void frame_fragment6(struct frame *f, uint32_t fragment)
{
	put16(frame_ext(f, IP_FRAGMENT, 8) + 2, fragment);
}

/* A layer 4 header of @protocol with @payload bytes behind it. */
static inline void frame_l4(struct frame *f, uint32_t protocol, uint32_t payload)
{
	uint32_t size = protocol == IP_TCP ? 20 : protocol == IP_SCTP ? 12 : 8;
	uint8_t *h;

	frame_next(f, protocol);
	f->next_size = 0;
	f->l4 = f->len;
	h = frame_add(f, size);
	put16(h, 1024);
	put16(h + 2, 9);
	if (protocol == IP_TCP)
		h[12] = 5 << 4;
	if (protocol == IP_UDP)
		put16(h + 4, size + payload);
	memset(frame_add(f, payload), 0xa5, payload);
}

static inline void frame_end(struct frame *f)
{
	if (f->l3 && f->data[f->l3] >> 4 == 4)
		put16(f->data + f->l3 + 2, f->len - f->l3);
	else if (f->l3)
		put16(f->data + f->l3 + 4, f->len - f->l3 - 40);
}

/* Bytes behind the IP packet, as Ethernet needs them to be 60 long: not part of it. */
static inline void frame_pad(struct frame *f, uint32_t n)
{
	memset(frame_add(f, n), 0x5a, n);
}

/* ---- whole frames, by number ---- */

static inline void frame_tags(struct frame *f, uint32_t tags)
{
	frame_ether(f);
	if (tags == 2)
		frame_vlan(f, ETHER_QINQ, 0x2064);
	if (tags)
		frame_vlan(f, ETHER_VLAN, 0x6123);
}

static const uint32_t l4_protocols[] = { IP_UDP, IP_TCP, IP_SCTP, IP_ICMP, IP_ICMPV6, IP_ESP };
static const uint32_t ext_types[] = { IP_HOPOPTS, IP_ROUTING, IP_FRAGMENT,
				      IP_AH,	  IP_DSTOPTS, IP_MOBILITY };

#define L4_PROTOCOLS 6
#define EXT_TYPES    6

/* Bodies of valid frames: IPv4 plain, with options, first and later fragment; IPv6 plain, with each
 * extension header, with several, fragments; each with every layer 4 protocol; then what is not IP.
 */
#define IP_BODIES    (5 + 1 + EXT_TYPES + 3)
#define OTHER_BODIES 3
#define VALID_FRAMES (3 * (IP_BODIES * L4_PROTOCOLS + OTHER_BODIES))

static inline void body_ipv6(struct frame *f, uint32_t body)
{
	frame_ipv6(f);
	if (!body)
		return;
	body--;
	if (body < EXT_TYPES)
		frame_ext(f, ext_types[body], ext_types[body] == IP_FRAGMENT ? 8 : 24);
	else if (body == EXT_TYPES)
		frame_fragment6(f, 1);
	else if (body == EXT_TYPES + 1)
		frame_fragment6(f, 185 << 3);
	else
		for (uint32_t i = 0; i < EXT_TYPES; i++)
			frame_ext(f, ext_types[i], 8);
}

static inline void body_ip(struct frame *f, uint32_t body)
{
	static const uint32_t fragment[] = { 0x4000, 0, 0, 0x2000, 0x00b9 };

	if (body < 5)
		frame_ipv4(f, body == 1 ? 4 : body == 2 ? 40 : 0, fragment[body]);
	else
		body_ipv6(f, body - 5);
}

static inline void body_other(struct frame *f, uint32_t body)
{
	static const uint32_t type[OTHER_BODIES] = { ETHER_ARP, ETHER_LLDP, 46 };

	frame_next(f, type[body]);
	memset(frame_add(f, 46), 0x33, 46);
}

/** frame_valid() - frame number @i of VALID_FRAMES. */
static inline void frame_valid(struct frame *f, uint32_t i)
{
	uint32_t rest = i / 3;

	frame_tags(f, i % 3);
	if (rest >= IP_BODIES * L4_PROTOCOLS) {
		body_other(f, rest - IP_BODIES * L4_PROTOCOLS);
		return;
	}
	body_ip(f, rest / L4_PROTOCOLS);
	frame_l4(f, l4_protocols[rest % L4_PROTOCOLS], 4);
	frame_end(f);
	if (rest % 4 == 1)
		frame_pad(f, 6);
}

#endif
