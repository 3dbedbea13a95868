/* SPDX-License-Identifier: GPL-2.0-only */
/* echo_build.h - frames written out field by field, checksums summed from scratch: what the echo
 * sink is asked, and what it should have answered. */
#ifndef AFXDP_ECHO_BUILD_H
#define AFXDP_ECHO_BUILD_H

#include <arpa/inet.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define BUILD_MAX 2048

struct build {
	uint8_t bytes[BUILD_MAX];
	uint32_t len;
};

static inline void put(struct build *b, const void *data, uint32_t len)
{
	memcpy(b->bytes + b->len, data, len);
	b->len += len;
}

static inline void put8(struct build *b, uint32_t value)
{
	b->bytes[b->len++] = value;
}

static inline void put_be16(struct build *b, uint32_t value)
{
	put8(b, value >> 8);
	put8(b, value & 0xff);
}

static inline void put_v4(struct build *b, const char *addr)
{
	struct in_addr a;

	inet_pton(AF_INET, addr, &a);
	put(b, &a, 4);
}

static inline void put_v6(struct build *b, const char *addr)
{
	struct in6_addr a;

	inet_pton(AF_INET6, addr, &a);
	put(b, &a, 16);
}

/* The checksum of @len bytes at @at and of @more. */
static inline uint16_t checksum(const uint8_t *at, uint32_t len, uint32_t more)
{
	uint32_t total = more;

	for (uint32_t i = 0; i < len; i++)
		total += i % 2 ? at[i] : at[i] << 8;
	while (total > 0xffff)
		total = total % 0x10000 + total / 0x10000;
	return ~total;
}

static inline void set16(uint8_t *at, uint32_t value)
{
	at[0] = value >> 8;
	at[1] = value & 0xff;
}

static inline void put_ether(struct build *b, const uint8_t *to, const uint8_t *from, int tags,
			     uint32_t type)
{
	put(b, to, 6);
	put(b, from, 6);
	if (tags == 2) {
		put_be16(b, 0x88a8);
		put_be16(b, 0x2064);
	}
	if (tags) {
		put_be16(b, 0x8100);
		put_be16(b, 100);
	}
	put_be16(b, type);
}

/* An IPv4 header with @options bytes of no-operations in front of @payload bytes to come. */
static inline void put_ipv4(struct build *b, const char *src, const char *dst, int protocol,
			    int ttl, uint32_t options, uint32_t payload)
{
	uint32_t start = b->len;

	put8(b, 0x45 + options / 4);
	put8(b, 0x10);
	put_be16(b, 20 + options + payload);
	put_be16(b, 0x1234);
	put_be16(b, 0x4000);
	put8(b, ttl);
	put8(b, protocol);
	put_be16(b, 0);
	put_v4(b, src);
	put_v4(b, dst);
	while (options--)
		put8(b, 1);
	set16(b->bytes + start + 10, checksum(b->bytes + start, b->len - start, 0));
}

static inline void put_ipv6(struct build *b, const char *src, const char *dst, int next, int hops,
			    uint32_t payload)
{
	put8(b, 0x60);
	put8(b, 0x01);
	put_be16(b, 0x2345);
	put_be16(b, payload);
	put8(b, next);
	put8(b, hops);
	put_v6(b, src);
	put_v6(b, dst);
}

/* Sum of the pseudo-header in front of layer 4 at @l4. */
static inline uint32_t pseudo(const uint8_t *l4, bool ipv6, int protocol, uint32_t payload,
			      uint32_t options)
{
	const uint8_t *addrs = ipv6 ? l4 - 32 : l4 - options - 8;

	return (uint16_t)~checksum(addrs, ipv6 ? 32 : 8, 0) + protocol + payload;
}

static inline void put_data(struct build *b, uint32_t bytes)
{
	for (uint32_t i = 0; i < bytes; i++)
		put8(b, i * 37 + 11);
}

static inline void put_udp(struct build *b, bool ipv6, uint32_t options, uint32_t from, uint32_t to,
			   uint32_t data)
{
	uint32_t start = b->len;
	uint16_t c;

	put_be16(b, from);
	put_be16(b, to);
	put_be16(b, 8 + data);
	put_be16(b, 0);
	put_data(b, data);
	c = checksum(b->bytes + start, 8 + data,
		     pseudo(b->bytes + start, ipv6, 17, 8 + data, options));
	set16(b->bytes + start + 6, c ? c : 0xffff);
}

static inline void put_ping(struct build *b, bool ipv6, uint32_t type, uint32_t data)
{
	uint32_t start = b->len;

	put_be16(b, type << 8);
	put_be16(b, 0);
	put_be16(b, 0x5678);
	put_be16(b, 7);
	put_data(b, data);
	set16(b->bytes + start + 2,
	      checksum(b->bytes + start, 8 + data,
		       ipv6 ? pseudo(b->bytes + start, true, 58, 8 + data, 0) : 0));
}

/* @option: type of the link-layer address option, 0: none. */
static inline void put_neighbour(struct build *b, uint32_t type, uint32_t flags, const char *target,
				 uint32_t option, const uint8_t *mac)
{
	uint32_t start = b->len, bytes;

	put_be16(b, type << 8);
	put_be16(b, 0);
	put_be16(b, flags << 8);
	put_be16(b, 0);
	put_v6(b, target);
	if (option) {
		put8(b, option);
		put8(b, 1);
		put(b, mac, 6);
	}
	bytes = b->len - start;
	set16(b->bytes + start + 2,
	      checksum(b->bytes + start, bytes, pseudo(b->bytes + start, true, 58, bytes, 0)));
}

static inline void put_arp(struct build *b, uint32_t op, const uint8_t *sender,
			   const char *sender_ip, const uint8_t *target, const char *target_ip)
{
	put_be16(b, 1);
	put_be16(b, 0x0800);
	put_be16(b, 0x0604);
	put_be16(b, op);
	put(b, sender, 6);
	put_v4(b, sender_ip);
	put(b, target, 6);
	put_v4(b, target_ip);
}

#endif
