/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf_model.h - what the XDP program should find in a frame, worked out a second time from
 * include/afxdp/abi.h and the RFCs, without a glance at bpf/: slow, simple, and with all of the
 * frame in one piece.
 */
#ifndef AFXDP_TEST_BPF_MODEL_H
#define AFXDP_TEST_BPF_MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include "bpf_frames.h"
#include <afxdp/abi.h>

/* Extension headers that are walked: afxdp_ledger.ext_limit counts frames with more. */
#define MODEL_EXT_HEADERS 8

enum oddity {
	ODD_NONE,
	ODD_L2,
	ODD_IPV4,
	ODD_IPV6,
	ODD_L4,
	ODD_EXT
};

struct model {
	const uint8_t *data;
	uint32_t end; /* of what may be looked at: of the frame, then of the IP packet */
	uint32_t flags, vlan_tci, l3, l4;
	enum oddity odd;
	bool fragment;
};

static inline uint32_t model_byte(const struct model *m, uint32_t at)
{
	return m->data[at];
}

static inline uint32_t model_word(const struct model *m, uint32_t at)
{
	return m->data[at] * 256u + m->data[at + 1];
}

static inline bool model_has(const struct model *m, uint32_t at, uint32_t bytes)
{
	return at + bytes <= m->end;
}

static inline void model_l4(struct model *m, uint32_t protocol, uint32_t at)
{
	uint32_t need;

	if (protocol == IP_TCP)
		need = 20;
	else if (protocol == IP_SCTP)
		need = 12;
	else if (protocol == IP_UDP || protocol == IP_ICMP || protocol == IP_ICMPV6)
		need = 8;
	else
		return;
	if (at > 255) /* the metadata has one byte for it */
		return;
	m->odd = ODD_L4;
	if (!model_has(m, at, need))
		return;
	if (protocol == IP_TCP) {
		/* RFC 9293, 3.1: in words, options included. */
		uint32_t words = model_byte(m, at + 12) / 16;

		if (words < 5 || !model_has(m, at, words * 4))
			return;
	}
	m->odd = ODD_NONE;
	m->l4 = at;
	m->flags |= AFXDP_META_L4;
}

static inline void model_ipv4(struct model *m, uint32_t at)
{
	uint32_t header, total, fragment;

	m->odd = ODD_IPV4;
	if (!model_has(m, at, 20) || model_byte(m, at) / 16 != 4)
		return;
	header = model_byte(m, at) % 16 * 4;
	total = model_word(m, at + 2);
	if (header < 20 || total < header || !model_has(m, at, total))
		return;
	m->odd = ODD_NONE;
	m->l3 = at;
	m->end = at + total;
	m->flags |= AFXDP_META_L3;
	fragment = model_word(m, at + 6);
	m->fragment = fragment & 0x3fff;
	if (!(fragment & 0x1fff))
		model_l4(m, model_byte(m, at + 9), at + header);
}

/* Return: bytes of the extension header of type @type at @at, or 0 if that is none. */
static inline uint32_t model_ext(const struct model *m, uint32_t type, uint32_t at)
{
	switch (type) {
	case IP_HOPOPTS:
	case IP_ROUTING:
	case IP_DSTOPTS:
	case IP_MOBILITY:
		return model_has(m, at, 8) ? 8 + model_byte(m, at + 1) * 8 : 8;
	case IP_FRAGMENT:
		return 8;
	case IP_AH: /* RFC 4302, 2.2 */
		return model_has(m, at, 8) ? 8 + model_byte(m, at + 1) * 4 : 8;
	default:
		return 0;
	}
}

static inline void model_ipv6(struct model *m, uint32_t at)
{
	uint32_t type, payload, size;

	m->odd = ODD_IPV6;
	if (!model_has(m, at, 40) || model_byte(m, at) / 16 != 6)
		return;
	payload = model_word(m, at + 4);
	type = model_byte(m, at + 6);
	if (!model_has(m, at, 40 + payload))
		return;
	m->l3 = at;
	m->flags |= AFXDP_META_L3 | AFXDP_META_IPV6;
	if (payload || type != IP_HOPOPTS) /* else a jumbogram, RFC 2675 */
		m->end = at + 40 + payload;
	at += 40;
	for (uint32_t walked = 0; (size = model_ext(m, type, at)); walked++) {
		if (walked == MODEL_EXT_HEADERS) {
			m->odd = ODD_EXT;
			return;
		}
		if (!model_has(m, at, 8))
			return;
		if (type == IP_FRAGMENT) {
			m->fragment = true;
			if (model_word(m, at + 2) / 8) {
				m->odd = ODD_NONE;
				return;
			}
		}
		if (!model_has(m, at, size))
			return;
		type = model_byte(m, at);
		at += size;
	}
	m->odd = ODD_NONE;
	model_l4(m, type, at);
}

static inline void model_frame(struct model *m)
{
	uint32_t at = 14, type;

	m->odd = ODD_L2;
	if (!model_has(m, 0, 14))
		return;
	type = model_word(m, 12);
	for (int tags = 0; tags < 2; tags++) {
		if (type != ETHER_VLAN && type != ETHER_QINQ && type != ETHER_OLD_QINQ)
			break;
		if (!model_has(m, at, 4))
			return;
		if (!tags) {
			m->vlan_tci = model_word(m, at);
			m->flags |= AFXDP_META_VLAN;
		}
		type = model_word(m, at + 2);
		at += 4;
	}
	m->odd = ODD_NONE;
	if (type == ETHER_IPV4)
		model_ipv4(m, at);
	else if (type == ETHER_IPV6)
		model_ipv6(m, at);
}

/** model_look() - everything about the @len bytes at @data. */
static inline struct model model_look(const void *data, uint32_t len)
{
	struct model m = { .data = data, .end = len };

	model_frame(&m);
	if (m.odd)
		m.flags |= AFXDP_META_MALFORMED;
	if (m.fragment)
		m.flags |= AFXDP_META_FRAGMENT;
	return m;
}

/** model_count() - what the program should count for the frame, its verdict apart. */
static inline void model_count(const struct model *m, uint32_t len, struct afxdp_ledger *l)
{
	l->received++;
	l->bytes += len;
	l->short_l2 += m->odd == ODD_L2;
	l->bad_ipv4 += m->odd == ODD_IPV4;
	l->bad_ipv6 += m->odd == ODD_IPV6;
	l->bad_l4 += m->odd == ODD_L4;
	l->ext_limit += m->odd == ODD_EXT;
	l->fragments += m->fragment;
}

#endif
