/* SPDX-License-Identifier: GPL-2.0-only */
#include "frames.h"

#include <arpa/inet.h>
#include <string.h>

const uint16_t test_ports[8] = { 22, 53, 80, 123, 443, 4000, 8080, 65535 };
const uint32_t test_addresses[8] = { 0x0a000001, 0x0a000002, 0x0a010203, 0xc0a80001,
				     0xc0000201, 0xe0000001, 0xffffffff, 0x7f000001 };
const char *const test_addresses6[6] = { "2001:db8::1", "2001:db8::2",	  "2001:db8:1::3",
					 "fe80::1",	"ff02::1:ff00:1", "::1" };
const uint16_t test_vlans[5] = { 0, 1, 100, 200, 4095 };
const uint8_t test_macs[5][6] = {
	{ 0x02, 0, 0, 0, 0, 1 },
	{ 0x02, 0, 0, 0, 0, 2 },
	{ 0xff, 0xff, 0xff, 0xff, 0xff, 0xff },
	{ 0x01, 0x00, 0x5e, 0, 0, 1 },
	{ 0x33, 0x33, 0, 0, 0, 1 },
};

static void put(struct frame *f, const void *data, uint32_t n)
{
	if (f->len + n > FRAME_MAX)
		n = FRAME_MAX - f->len;
	memcpy(f->data + f->len, data, n);
	f->len += n;
}

static void put8(struct frame *f, uint8_t x)
{
	put(f, &x, 1);
}

static void put16(struct frame *f, uint16_t x)
{
	x = htons(x);
	put(f, &x, 2);
}

static void put32(struct frame *f, uint32_t x)
{
	x = htonl(x);
	put(f, &x, 4);
}

static void put_random(struct frame *f, struct rng *r, uint32_t n)
{
	while (n--)
		put8(f, rng_next(r));
}

static uint16_t port(struct rng *r)
{
	return rng_chance(r, 80) ? rng_pick(r, test_ports) : rng_next(r);
}

static uint32_t address(struct rng *r)
{
	return rng_chance(r, 85) ? rng_pick(r, test_addresses) : rng_next(r);
}

static void put_address6(struct frame *f, struct rng *r)
{
	struct in6_addr a;

	inet_pton(AF_INET6, rng_pick(r, test_addresses6), &a);
	put(f, &a, 16);
}

static void put_payload(struct frame *f, struct rng *r)
{
	static const char *const starts[] = { "GET / HTTP/1.1\r\n", "\1\2\3\4", "M", "" };
	const char *s = rng_pick(r, starts);
	/* One in sixteen is long, and half of these longer than a page: more than one buffer. */
	uint32_t n = rng_below(r, 16) ? rng_below(r, 64) : rng_below(r, 2 * 4500);

	put(f, s, strlen(s));
	for (uint32_t i = 0; i < n; i++)
		put8(f, i);
}

static void put_udp(struct frame *f, struct rng *r)
{
	static const uint16_t special[] = { 4789, 6081, 4791 };

	put16(f, port(r));
	put16(f, rng_chance(r, 15) ? rng_pick(r, special) : port(r));
	put16(f, rng_below(r, 100) + 8);
	put16(f, rng_next(r));
	if (rng_chance(r, 20)) { /* what looks like Geneve or VXLAN with a frame inside */
		put8(f, rng_below(r, 3));
		put8(f, rng_next(r) & 0x80);
		put16(f, 0x6558);
		put32(f, rng_below(r, 3) << 8);
		put(f, test_macs, 12);
		put16(f, 0x0800);
		put8(f, 0x45);
		put_random(f, r, 19);
	}
	put_payload(f, r);
}

static void put_tcp(struct frame *f, struct rng *r)
{
	uint32_t options = rng_chance(r, 30) ? rng_below(r, 11) : 0;

	put16(f, port(r));
	put16(f, port(r));
	put32(f, rng_next(r));
	put32(f, rng_next(r));
	put8(f, (5 + options) << 4);
	put8(f, rng_chance(r, 70) ? 1u << rng_below(r, 8) : rng_next(r));
	put16(f, rng_next(r));
	put32(f, rng_next(r));
	put_random(f, r, options * 4);
	put_payload(f, r);
}

static void put_l4(struct frame *f, struct rng *r, uint8_t protocol)
{
	switch (protocol) {
	case 6:
		put_tcp(f, r);
		break;
	case 17:
		put_udp(f, r);
		break;
	case 132:
		put16(f, port(r));
		put16(f, port(r));
		put_random(f, r, 8);
		put_payload(f, r);
		break;
	default: /* ICMP, IGMP, GRE, ESP and others: type and code first, where they have them */
		put8(f, rng_below(r, 20));
		put8(f, rng_below(r, 5));
		put_random(f, r, 6);
		put_payload(f, r);
	}
}

static const uint8_t protocols[] = { 6,	 6,  17,  17,  17, 1,  58, 132, 2,   47,
				     50, 89, 103, 112, 4,  41, 9,  115, 108, 0 };

/* AH: next header, its length in words minus two. */
static void put_ah(struct frame *f, struct rng *r, uint8_t next)
{
	uint32_t words = rng_below(r, 6);

	put8(f, next);
	put8(f, words);
	put_random(f, r, (words + 2) * 4 - 2);
}

static void put_ipv4(struct frame *f, struct rng *r)
{
	uint32_t ihl = rng_chance(r, 25) ? 5 + rng_below(r, 11) : 5, start = f->len;
	uint8_t protocol = rng_pick(r, protocols), last = protocol;
	uint32_t ahs = rng_chance(r, 10) ? 1 + rng_below(r, 3) : 0;
	uint16_t fragment = rng_chance(r, 15) ? rng_next(r) & 0x3fff : rng_next(r) & 0x4000;

	if (rng_chance(r, 5))
		fragment = 0x2000;
	put8(f, 0x40 | ihl);
	put8(f, rng_next(r));
	put16(f, 0);
	put16(f, rng_next(r));
	put16(f, fragment);
	put8(f, 1 + rng_below(r, 255));
	put8(f, ahs ? 51 : last);
	put16(f, rng_next(r));
	put32(f, address(r));
	put32(f, address(r));
	put_random(f, r, (ihl - 5) * 4);
	for (uint32_t i = ahs; i > 0; i--)
		put_ah(f, r, i > 1 ? 51 : last);
	put_l4(f, r, last);
	f->data[start + 2] = (f->len - start) >> 8;
	f->data[start + 3] = f->len - start;
}

static void put_ipv6(struct frame *f, struct rng *r)
{
	static const uint8_t extensions[] = { 0, 43, 44, 60, 51, 135, 59 };
	uint32_t chain = rng_chance(r, 40) ? 1 + rng_below(r, 5) : 0, start = f->len;
	uint8_t next = chain ? rng_pick(r, extensions) : rng_pick(r, protocols);

	put32(f, 0x60000000 | (rng_next(r) & 0xfffffff));
	put16(f, 0);
	put8(f, next);
	put8(f, rng_next(r));
	put_address6(f, r);
	put_address6(f, r);
	while (chain--) {
		uint8_t this = next;

		next = chain ? rng_pick(r, extensions) : rng_pick(r, protocols);
		if (this == 51) {
			put_ah(f, r, next);
		} else {
			uint32_t words = this == 44 ? 0 : rng_below(r, 4);

			put8(f, next);
			put8(f, words);
			put16(f, this == 44 && rng_chance(r, 60) ? 0 : rng_next(r));
			put_random(f, r, 4 + words * 8);
		}
	}
	put_l4(f, r, next);
	f->data[start + 4] = (f->len - start - 40) >> 8;
	f->data[start + 5] = f->len - start - 40;
}

static void put_arp(struct frame *f, struct rng *r)
{
	put16(f, 1);
	put16(f, 0x0800);
	put16(f, 0x0604);
	put16(f, 1 + rng_below(r, 4));
	put(f, rng_pick(r, test_macs), 6);
	put32(f, address(r));
	put(f, rng_pick(r, test_macs), 6);
	put32(f, address(r));
	if (rng_chance(r, 50))
		put_random(f, r, 18);
}

static void put_network(struct frame *f, struct rng *r, uint16_t type);

static void put_mpls(struct frame *f, struct rng *r)
{
	uint32_t labels = 1 + rng_below(r, 3);

	while (labels--)
		put32(f, rng_pick(r, test_vlans) << 12 | !labels << 8 | rng_below(r, 256));
	put_network(f, r, rng_chance(r, 50) ? 0x0800 : 0x86dd);
}

static void put_pppoe(struct frame *f, struct rng *r)
{
	put8(f, 0x11);
	put8(f, 0);
	put16(f, rng_pick(r, test_vlans));
	put16(f, rng_next(r) & 0x3ff);
	put16(f, rng_chance(r, 60) ? 0x0021 : rng_chance(r, 70) ? 0x0057 : 0xc021);
	put_network(f, r, rng_chance(r, 60) ? 0x0800 : 0x86dd);
}

static void put_network(struct frame *f, struct rng *r, uint16_t type)
{
	switch (type) {
	case 0x0800:
		put_ipv4(f, r);
		break;
	case 0x86dd:
		put_ipv6(f, r);
		break;
	case 0x0806:
	case 0x8035:
		put_arp(f, r);
		break;
	case 0x8847:
	case 0x8848:
		put_mpls(f, r);
		break;
	case 0x8864:
		put_pppoe(f, r);
		break;
	default:
		put_random(f, r, 46);
	}
}

/* 802.3 with LLC instead of a type: spanning tree, NetBEUI, IPX, SNAP. */
static void put_llc(struct frame *f, struct rng *r)
{
	static const uint8_t saps[] = { 0x42, 0xf0, 0xe0, 0xaa, 0xfe, 0xff };
	uint8_t sap = rng_pick(r, saps);

	put16(f, 3 + rng_below(r, 60));
	put8(f, sap);
	put8(f, sap);
	put8(f, 3);
	if (sap == 0xaa) {
		put_random(f, r, 1);
		put16(f, 0);
		put16(f, rng_chance(r, 50) ? 0x809b : 0x8137);
	}
	put_random(f, r, 50);
}

void frame_make(struct frame *f, struct rng *r)
{
	static const uint16_t types[] = { 0x0800, 0x0800, 0x0800, 0x0800, 0x86dd, 0x86dd,
					  0x86dd, 0x0806, 0x8035, 0x8847, 0x8848, 0x8863,
					  0x8864, 0x809b, 0x80f3, 0x6004, 0x88cc, 0x8137 };
	static const uint16_t tags[] = { 0x8100, 0x8100, 0x88a8, 0x9100 };
	uint32_t vlans = rng_chance(r, 40) ? 1 + rng_below(r, 3) : 0;
	uint16_t type = rng_pick(r, types);

	f->len = 0;
	put(f, rng_pick(r, test_macs), 6);
	put(f, rng_pick(r, test_macs), 6);
	while (vlans--) {
		put16(f, rng_pick(r, tags));
		put16(f, rng_pick(r, test_vlans) | (rng_next(r) & 0xf000));
	}
	if (rng_chance(r, 6)) {
		put_llc(f, r);
		return;
	}
	put16(f, type);
	put_network(f, r, type);
	if (f->len < 60 && rng_chance(r, 50)) { /* padded by a NIC; veth sends as is */
		memset(f->data + f->len, 0, 60 - f->len);
		f->len = 60;
	}
}

static uint32_t place(const struct frame *f, struct rng *r)
{
	/* Headers are what filters look at. */
	uint32_t n = f->len > 80 && rng_chance(r, 80) ? 80 : f->len;

	return rng_below(r, n);
}

void frame_mutate(struct frame *f, struct rng *r)
{
	uint32_t times = 1 + rng_below(r, 4);

	while (times--) {
		switch (rng_below(r, 5)) {
		case 0:
			f->len = FRAME_MIN + rng_below(r, f->len - FRAME_MIN + 1);
			break;
		case 1:
			f->len -= rng_below(r, f->len - FRAME_MIN + 1 < 8 ? f->len - FRAME_MIN + 1
									  : 8);
			break;
		case 2:
			f->data[place(f, r)] = rng_next(r);
			break;
		case 3:
			f->data[place(f, r)] ^= 1u << rng_below(r, 8);
			break;
		case 4:
			put_random(f, r, rng_below(r, 8));
			break;
		}
	}
}

bool frame_strip(const struct frame *f, struct frame *stripped, uint16_t *tci, bool *ad)
{
	uint16_t type = f->data[12] << 8 | f->data[13];

	if (f->len < FRAME_MIN + 4 || (type != 0x8100 && type != 0x88a8))
		return false;
	*ad = type == 0x88a8;
	*tci = f->data[14] << 8 | f->data[15];
	stripped->len = f->len - 4;
	memcpy(stripped->data, f->data, 12);
	memcpy(stripped->data + 12, f->data + 16, f->len - 16);
	return true;
}
