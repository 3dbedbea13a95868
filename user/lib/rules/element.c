/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* element.c - elements of sets, as they are written. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "set.h"

const char *const set_kinds[] = {
	[SET_ADDRESSES] = "addresses",
	[SET_PORTS] = "ports",
	[SET_MACS] = "Ethernet addresses",
	[SET_SERVICES] = "addresses with ports",
};

/* Decimal, without leading zeros. */
static bool parse_port(const char *s, size_t n, uint32_t *port)
{
	*port = 0;
	if (!n || n > 5 || (n > 1 && *s == '0'))
		return false;
	while (n--) {
		if (!isdigit((unsigned char)*s))
			return false;
		*port = *port * 10 + *s++ - '0';
	}
	return *port <= 65535;
}

/* `80`, `8000-8080`. */
static bool parse_ports(const char *s, size_t n, struct element *e)
{
	const char *hyphen = memchr(s, '-', n);
	size_t first = hyphen ? (size_t)(hyphen - s) : n;
	uint32_t from, to;

	if (!parse_port(s, first, &from))
		return false;
	to = from;
	if (hyphen && !parse_port(hyphen + 1, n - first - 1, &to))
		return false;
	*e = (struct element){ .kind = SET_PORTS,
			       .first = AFXDP_SET_KEY(from, 0),
			       .last = AFXDP_SET_KEY(to, 0) };
	return from <= to;
}

/* Six times two digits, colons or hyphens between them. */
static bool parse_mac(const char *s, size_t n, struct element *e)
{
	uint64_t mac = 0;

	if (n != 17)
		return false;
	for (size_t i = 0; i < n; i++) {
		char two[3] = { s[i], i + 1 < n ? s[i + 1] : 0, 0 };

		if (i % 3 == 2) {
			if (s[i] != s[2] || (s[i] != ':' && s[i] != '-'))
				return false;
			continue;
		}
		if (!isxdigit((unsigned char)s[i]))
			return false;
		if (i % 3 == 0)
			mac = mac << 8 | strtoul(two, NULL, 16);
	}
	*e = (struct element){ .kind = SET_MACS, .first = mac, .last = mac };
	return true;
}

/* `10.0.0.1:80`; nft's `10.0.0.1 . 80`. */
static bool parse_service(const char *s, size_t n, struct element *e)
{
	const char *dot = memmem(s, n, " . ", 3), *colon = memchr(s, ':', n);
	const char *end = dot ?: colon, *port = end ? end + (dot ? 3 : 1) : NULL;
	uint32_t number;
	bool masked;

	if (!end || !parse_port(port, s + n - port, &number) ||
	    !prefix_parse(s, end - s, &e->prefix, &masked) || e->prefix.ipv6 ||
	    prefix4_length(e->prefix.v4) != 32)
		return false;
	e->kind = SET_SERVICES;
	e->first = e->last = AFXDP_SET_KEY(number, prefix4_address(e->prefix.v4));
	return true;
}

bool element_parse(const char *text, size_t len, struct element *e, bool *masked)
{
	*masked = false;
	if (parse_ports(text, len, e) || parse_mac(text, len, e) || parse_service(text, len, e))
		return true;
	*e = (struct element){ .kind = SET_ADDRESSES };
	return prefix_parse(text, len, &e->prefix, masked);
}

void element_print_keys(const struct element *e, char text[PREFIX_TEXT])
{
	uint32_t from = e->first >> 32, to = e->last >> 32;
	struct prefix p = { .v4 = prefix4_make((uint32_t)e->first, 32) };
	uint64_t mac = e->first;

	switch (e->kind) {
	case SET_PORTS:
		snprintf(text, PREFIX_TEXT, from == to ? "%u" : "%u-%u", from, to);
		return;
	case SET_MACS:
		snprintf(text, PREFIX_TEXT, "%02x:%02x:%02x:%02x:%02x:%02x",
			 (unsigned int)(mac >> 40 & 0xff), (unsigned int)(mac >> 32 & 0xff),
			 (unsigned int)(mac >> 24 & 0xff), (unsigned int)(mac >> 16 & 0xff),
			 (unsigned int)(mac >> 8 & 0xff), (unsigned int)(mac & 0xff));
		return;
	default:
		prefix_print(&p, text);
		snprintf(text + strlen(text), PREFIX_TEXT - strlen(text), ":%u", from);
	}
}
