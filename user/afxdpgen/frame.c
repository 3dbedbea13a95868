/* SPDX-License-Identifier: GPL-2.0-only */
/* frame.c - building one frame. Pure: bytes in, bytes out. */
#include <errno.h>
#include <string.h>

#include <linux/if_ether.h>
#include <netinet/in.h>

#include "frame.h"

enum {
	IPV4_HEADER = 20,
	IPV6_HEADER = 40,
	ARP_BODY = 28,
	VLAN_TAG = 4
};

/* ICMP(v6) echo request types: RFC 792, RFC 4443. */
enum {
	ICMP_ECHO_REQUEST = 8,
	ICMPV6_ECHO_REQUEST = 128
};

static void put16(uint8_t *p, uint16_t v)
{
	gen_put16(p, v);
}

static uint64_t sum16(const uint8_t *p, size_t n)
{
	uint64_t sum = 0;
	size_t i;

	for (i = 0; i + 1 < n; i += 2)
		sum += p[i] << 8 | p[i + 1];
	if (n & 1)
		sum += p[n - 1] << 8;
	return sum;
}

static size_t l4_header(enum gen_proto proto)
{
	switch (proto) {
	case GEN_TCP:
		return 20;
	case GEN_UDP:
	case GEN_ICMP:
		return 8;
	case GEN_ARP:
		break;
	}
	return 0;
}

static size_t headers(const struct gen_spec *s)
{
	size_t l2 = ETH_HLEN + (s->vlan ? VLAN_TAG : 0);

	if (s->proto == GEN_ARP)
		return l2 + ARP_BODY;
	return l2 + (s->ipv6 ? IPV6_HEADER : IPV4_HEADER) + l4_header(s->proto);
}

uint16_t gen_frame_min(const struct gen_spec *s)
{
	size_t n = headers(s) + 2;

	return n < GEN_SIZE_MIN ? GEN_SIZE_MIN : n;
}

static uint8_t *put_ethernet(const struct gen_spec *s, uint8_t *p)
{
	uint16_t type = s->proto == GEN_ARP ? ETH_P_ARP : s->ipv6 ? ETH_P_IPV6 : ETH_P_IP;

	memcpy(p, s->dst_mac, ETH_ALEN);
	memcpy(p + ETH_ALEN, s->src_mac, ETH_ALEN);
	if (s->proto == GEN_ARP)
		memset(p, 0xff, ETH_ALEN);
	p += 2 * ETH_ALEN;
	if (s->vlan) {
		put16(p, ETH_P_8021Q);
		put16(p + 2, s->vlan);
		p += VLAN_TAG;
	}
	put16(p, type);
	return p + 2;
}

/* RFC 826: who has dst? tell src. */
static void put_arp(const struct gen_spec *s, uint8_t *frame, uint8_t *p, struct gen_template *t)
{
	put16(p, 1);
	put16(p + 2, ETH_P_IP);
	p[4] = ETH_ALEN;
	p[5] = 4;
	put16(p + 6, 1);
	memcpy(p + 8, s->src_mac, ETH_ALEN);
	memcpy(p + 14, s->src, 4);
	memset(p + 18, 0, ETH_ALEN);
	memcpy(p + 24, s->dst, 4);
	t->address = p + 14 - frame;
}

static uint8_t ip_protocol(const struct gen_spec *s)
{
	switch (s->proto) {
	case GEN_TCP:
		return IPPROTO_TCP;
	case GEN_ICMP:
		return s->ipv6 ? IPPROTO_ICMPV6 : IPPROTO_ICMP;
	default:
		return IPPROTO_UDP;
	}
}

/* Everything but what is stamped: total length, don't-fragment, TTL 64. */
static uint8_t *put_ipv4(const struct gen_spec *s, uint8_t *frame, uint8_t *p,
			 struct gen_template *t)
{
	memset(p, 0, IPV4_HEADER);
	p[0] = 0x45;
	put16(p + 2, s->length - (p - frame));
	p[6] = 0x40;
	p[8] = 64;
	p[9] = ip_protocol(s);
	memcpy(p + 16, s->dst, 4);
	t->ip_sum = sum16(p, IPV4_HEADER);
	memcpy(p + 12, s->src, 4);
	t->ip_check = p + 10 - frame;
	t->address = p + 12 - frame;
	return p + IPV4_HEADER;
}

static uint8_t *put_ipv6(const struct gen_spec *s, uint8_t *frame, uint8_t *p,
			 struct gen_template *t)
{
	memset(p, 0, IPV6_HEADER);
	p[0] = 0x60;
	put16(p + 4, s->length - (p + IPV6_HEADER - frame));
	p[6] = ip_protocol(s);
	p[7] = 64;
	memcpy(p + 8, s->src, 16);
	memcpy(p + 24, s->dst, 16);
	t->address = p + 20 - frame;
	return p + IPV6_HEADER;
}

/* The layer 4 header, and the sum of what its checksum covers apart from what is stamped. */
static uint8_t *put_l4(const struct gen_spec *s, uint8_t *frame, uint8_t *p, struct gen_template *t)
{
	size_t header = l4_header(s->proto), length = frame + s->length - p;

	memset(p, 0, header);
	if (s->proto == GEN_ICMP) {
		p[0] = s->ipv6 ? ICMPV6_ECHO_REQUEST : ICMP_ECHO_REQUEST;
		put16(p + 4, s->sport);
		t->l4_check = p + 2 - frame;
	} else {
		t->port = p - frame;
		t->port0 = s->sport;
		put16(p + 2, s->dport);
	}
	if (s->proto == GEN_UDP) {
		put16(p + 4, length);
		t->l4_check = p + 6 - frame;
		t->flags |= GEN_L4_UDP;
	} else if (s->proto == GEN_TCP) {
		p[12] = header / 4 << 4;
		p[13] = 0x10; /* ACK: a frame in the middle of a connection */
		put16(p + 14, 65535);
		t->l4_check = p + 16 - frame;
	}
	if (s->proto == GEN_ICMP && !s->ipv6)
		return p + header;
	t->flags |= GEN_L4_PSEUDO;
	t->l4_sum = ip_protocol(s) + length;
	if (s->ipv6)
		t->l4_sum += sum16(s->src, 12) + sum16(s->dst, 16);
	else
		t->l4_sum += sum16(s->dst, 4);
	return p + header;
}

int gen_frame_build(const struct gen_spec *s, uint8_t *frame, struct gen_template *t)
{
	uint8_t *end = frame + s->length, *l4 = NULL, *p;
	const uint8_t *low = s->ipv6 ? s->src + 12 : s->src;
	size_t room, i;

	if (s->length < gen_frame_min(s))
		return -EMSGSIZE;
	memset(t, 0, sizeof(*t));
	t->length = s->length;
	t->flags = s->scatter ? GEN_SCATTER : 0;
	t->address0 = (uint32_t)low[0] << 24 | low[1] << 16 | low[2] << 8 | low[3];

	p = put_ethernet(s, frame);
	if (s->proto == GEN_ARP) {
		put_arp(s, frame, p, t);
		p += ARP_BODY;
	} else {
		p = s->ipv6 ? put_ipv6(s, frame, p, t) : put_ipv4(s, frame, p, t);
		l4 = p;
		p = put_l4(s, frame, p, t);
	}

	room = (end - p) & ~1U;
	t->sequence = p - frame;
	t->sequence_bytes = room < 8 ? room : 8;
	memset(p, 0, t->sequence_bytes);
	for (i = t->sequence_bytes, p += i; p < end; p++, i++)
		*p = s->seed ? (i * 2654435761U ^ s->seed * 0x9e3779b97f4a7c15ULL) >> 13 : i;
	if (l4)
		t->l4_sum += sum16(l4, end - l4);
	return 0;
}
