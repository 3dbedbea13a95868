/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "answers.h"

/* As in bpf/inner.h, which the kernel's answer is compared with: IEEE 802.1Q, RFC 3032, RFC 2516. */
enum {
	TYPE_IPV4 = 0x0800,
	TYPE_8021Q = 0x8100,
	TYPE_IPV6 = 0x86dd,
	TYPE_MPLS = 0x8847,
	TYPE_MPLS_MULTICAST = 0x8848,
	TYPE_PPPOE = 0x8864,
	TYPE_8021AD = 0x88a8,
	TYPE_QINQ = 0x9100,
	TYPE_NONE = 0xffff,
};

bool answer_load(const struct afxdp_explain_frame *f, uint64_t place, uint32_t size, uint32_t *n)
{
	*n = 0;
	if (place > f->len || f->len - place < size)
		return false;
	for (uint32_t i = 0; i < size; i++)
		*n = *n << 8 | f->byte[place + i];
	return true;
}

/* Behind the last label only the first bits say what comes (RFC 4928). */
static uint32_t behind_label(const struct afxdp_explain_frame *f, uint32_t *at)
{
	uint32_t label, first;
	bool there = answer_load(f, *at, 4, &label);

	*at += 4;
	if (there && !(label & 0x100))
		return TYPE_MPLS;
	if (!there || !answer_load(f, *at, 1, &first))
		return TYPE_NONE;
	return first >> 4 == 4 ? TYPE_IPV4 : first >> 4 == 6 ? TYPE_IPV6 : TYPE_NONE;
}

/* PPP's protocol is of one byte if that is odd, else of two (RFC 1661, 6.5). */
static uint32_t behind_pppoe(const struct afxdp_explain_frame *f, uint32_t *at)
{
	uint32_t protocol;
	bool there = answer_load(f, *at + 6, 1, &protocol);

	*at += 7;
	if (there && !(protocol & 1))
		there = answer_load(f, (*at)++ - 1, 2, &protocol);
	if (!there)
		return TYPE_NONE;
	switch (protocol) {
	case 0x0021:
		return TYPE_IPV4;
	case 0x0057:
		return TYPE_IPV6;
	case 0x0281:
	case 0x0283:
		return TYPE_MPLS;
	}
	return TYPE_NONE;
}

uint32_t answer_inner(const struct afxdp_explain_frame *f)
{
	uint32_t type, at = 14;

	if (!answer_load(f, 12, 2, &type))
		type = TYPE_NONE;
	for (;;) {
		switch (type) {
		case TYPE_8021Q:
		case TYPE_8021AD:
		case TYPE_QINQ:
			if (!answer_load(f, at + 2, 2, &type))
				type = TYPE_NONE;
			at += 4;
			break;
		case TYPE_MPLS:
		case TYPE_MPLS_MULTICAST:
			type = behind_label(f, &at);
			break;
		case TYPE_PPPOE:
			type = behind_pppoe(f, &at);
			break;
		default:
			return type << 16 | (at & 0xffff);
		}
	}
}

bool answer_set4(const struct afxdp_rules *r, uint32_t set, uint32_t address)
{
	const struct set_list *l = &r->set[set]->list;

	for (uint32_t length = 0; length <= 32; length++) {
		prefix4 p = prefix4_make(address & ~prefix4_rest(length), length);
		uint32_t at = list_find4(l, p);

		if (at < l->n4 && l->v4[at] == p)
			return true;
	}
	return false;
}

bool answer_set6(const struct afxdp_rules *r, uint32_t set, const struct afxdp_explain_frame *f,
		 uint64_t place)
{
	const struct set_list *l = &r->set[set]->list;
	struct prefix6 whole = { .length = 128 };
	uint32_t word[4];

	for (uint32_t i = 0; i < 4; i++)
		if (!answer_load(f, place + 4 * i, 4, &word[i]))
			return false;
	whole.high = (uint64_t)word[0] << 32 | word[1];
	whole.low = (uint64_t)word[2] << 32 | word[3];
	for (uint32_t length = 0; length <= 128; length++) {
		struct prefix6 p = prefix6_cut(&whole, length);
		uint32_t at = list_find6(l, &p);

		if (at < l->n6 && !prefix6_compare(&l->v6[at], &p))
			return true;
	}
	return false;
}

bool answer_key(const struct afxdp_rules *r, uint32_t set, uint64_t key)
{
	const struct set_list *l = &r->set[set]->list;
	uint32_t at = list_find_key(l, key);

	return at < l->keys && l->key[at] == key;
}

uint32_t answer_rank(const struct afxdp_rules *r, uint32_t set, uint32_t address)
{
	const struct ranked_list *l = &r->set[set]->ranked;

	for (uint32_t i = 0; i < l->n; i++)
		if (l->at[i].address == address)
			return l->at[i].rank;
	return 0;
}

bool answer_acted(const struct afxdp_explain_frame *f, uint32_t index)
{
	return f->kernel && f->kernel->rule == index;
}
