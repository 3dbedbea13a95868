/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include <arpa/inet.h>
#include <endian.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "set.h"

struct prefix6 prefix6_cut(const struct prefix6 *p, uint32_t length)
{
	return (struct prefix6){ .high = p->high & afxdp_set_mask_high(length),
				 .low = p->low & afxdp_set_mask_low(length),
				 .length = length };
}

int prefix6_compare(const struct prefix6 *a, const struct prefix6 *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return a->length < b->length ? -1 : a->length > b->length;
}

bool prefix6_contains(const struct prefix6 *a, const struct prefix6 *b)
{
	struct prefix6 cut = prefix6_cut(b, a->length);

	return a->length <= b->length && !prefix6_compare(a, &cut);
}

/* Decimal, without sign or leading zeros, at most @max. */
static bool parse_length(const char *s, size_t n, uint32_t max, uint32_t *length)
{
	uint32_t x = 0;

	if (!n || n > 3 || (n > 1 && s[0] == '0'))
		return false;
	while (n--) {
		if (*s < '0' || *s > '9')
			return false;
		x = x * 10 + (*s++ - '0');
	}
	*length = x;
	return x <= max;
}

/* 255.255.240.0: ones, then zeros. */
static bool parse_netmask(const char *s, size_t n, uint32_t *length)
{
	char text[INET_ADDRSTRLEN];
	uint32_t mask;

	if (n >= sizeof(text))
		return false;
	memcpy(text, s, n);
	text[n] = 0;
	if (inet_pton(AF_INET, text, &mask) != 1)
		return false;
	mask = ntohl(mask);
	*length = __builtin_popcount(mask);
	return mask == ~prefix4_rest(*length);
}

/* ::ffff:0:0/96 holds the IPv4 addresses (RFC 4291, 2.5.5.2). */
#define MAPPED_LENGTH 96
#define MAPPED_LOW    0xffff00000000ULL

static void unmap(struct prefix *p)
{
	if (p->v6.high || p->v6.length < MAPPED_LENGTH ||
	    (p->v6.low & ~0xffffffffULL) != MAPPED_LOW)
		return;
	p->ipv6 = false;
	p->v4 = prefix4_make((uint32_t)p->v6.low, p->v6.length - MAPPED_LENGTH);
}

bool prefix_parse(const char *text, size_t len, struct prefix *p, bool *masked)
{
	const char *slash = memchr(text, '/', len);
	size_t n = slash ? (size_t)(slash - text) : len, rest = slash ? len - n - 1 : 0;
	char address[INET6_ADDRSTRLEN + 1];
	uint64_t bytes[2];
	uint32_t v4, length;

	if (!n || n >= sizeof(address) || memchr(text, 0, len))
		return false;
	memcpy(address, text, n);
	address[n] = 0;
	p->ipv6 = memchr(address, ':', n);
	length = p->ipv6 ? 128 : 32;
	if (slash && !parse_length(slash + 1, rest, length, &length) &&
	    (p->ipv6 || !parse_netmask(slash + 1, rest, &length)))
		return false;
	if (!p->ipv6) {
		if (inet_pton(AF_INET, address, &v4) != 1)
			return false;
		v4 = ntohl(v4);
		*masked = v4 & prefix4_rest(length);
		p->v4 = prefix4_make(v4 & ~prefix4_rest(length), length);
		return true;
	}
	if (inet_pton(AF_INET6, address, bytes) != 1)
		return false;
	p->v6 = (struct prefix6){ be64toh(bytes[0]), be64toh(bytes[1]), 128 };
	*masked = (p->v6.high & ~afxdp_set_mask_high(length)) ||
		  (p->v6.low & ~afxdp_set_mask_low(length));
	p->v6 = prefix6_cut(&p->v6, length);
	unmap(p);
	return true;
}

static unsigned __int128 address_of(const struct prefix *p)
{
	return p->ipv6 ? (unsigned __int128)p->v6.high << 64 | p->v6.low : prefix4_address(p->v4);
}

int prefix_range(const struct prefix *first, const struct prefix *last,
		 int (*each)(void *arg, const struct prefix *p), void *arg)
{
	unsigned __int128 at = address_of(first), end = address_of(last);
	uint32_t bits = first->ipv6 ? 128 : 32;

	if (first->ipv6 != last->ipv6 || end < at)
		return -EINVAL;
	for (;;) {
		struct prefix p = { .ipv6 = first->ipv6 };
		unsigned __int128 rest = 0;
		uint32_t length = bits;
		int err;

		/* As wide as it may begin here, and not beyond the end. */
		while (length && !(at & (rest << 1 | 1)) && (rest << 1 | 1) <= end - at) {
			rest = rest << 1 | 1;
			length--;
		}
		if (p.ipv6)
			p.v6 = (struct prefix6){ at >> 64, (uint64_t)at, length };
		else
			p.v4 = prefix4_make((uint32_t)at, length);
		err = each(arg, &p);
		if (err || end - at == rest)
			return err;
		at += rest + 1;
	}
}

void prefix_print(const struct prefix *p, char text[PREFIX_TEXT])
{
	uint64_t bytes[2] = { htobe64(p->v6.high), htobe64(p->v6.low) };
	uint32_t v4 = htonl(prefix4_address(p->v4));
	uint32_t length = p->ipv6 ? p->v6.length : prefix4_length(p->v4);

	if (p->ipv6)
		inet_ntop(AF_INET6, bytes, text, PREFIX_TEXT);
	else
		inet_ntop(AF_INET, &v4, text, PREFIX_TEXT);
	if (length < (p->ipv6 ? 128 : 32))
		snprintf(text + strlen(text), PREFIX_TEXT - strlen(text), "/%u", length);
}
