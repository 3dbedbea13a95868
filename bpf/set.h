/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * set.h - is an address in a set of addresses and prefixes?
 *
 * A set has no values: a longest match asks for no more than any match. So what is stored is the
 * union of the prefixes, in one array map of 64-byte cells, one cache line each; classifier.h draws
 * the layout, user/lib/rules/set4.c and set6.c fill it in.
 *
 * The linker in user space makes one copy of afxdp_set4(), afxdp_set6() and afxdp_set_find() for
 * every set, with the set's map in the place of `set_none`: so the map is a constant, and the
 * kernel turns look-ups into arithmetic.
 */
#ifndef AFXDP_BPF_SET_H
#define AFXDP_BPF_SET_H

#include "config.h"
#include "load.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct afxdp_set_cell);
} set_none SEC(".maps");

/* A look-up is at most that deep: log2 of the 128 lengths an IPv6 prefix can have. */
#define SET_STEPS 8

static __always_inline __u64 *set_cell(__u32 index)
{
	struct afxdp_set_cell *c = bpf_map_lookup_elem(&set_none, &index);

	return c ? c->word : NULL;
}

/* Ones in @x (Warren, Hacker's Delight, 5-1): eBPF has no instruction for it. */
static __always_inline __u32 ones(__u64 x)
{
	x -= x >> 1 & 0x5555555555555555ULL;
	x = (x & 0x3333333333333333ULL) + (x >> 2 & 0x3333333333333333ULL);
	x = (x + (x >> 4)) & 0x0f0f0f0f0f0f0f0fULL;
	return x * 0x0101010101010101ULL >> 56;
}

/* 1 if @a <= @b, both 16 bits: without a branch, which would be mispredicted half the time. */
static __always_inline __u64 at_most(__u64 a, __u64 b)
{
	return (a - b - 1) >> 63;
}

/* @x, whose bits are all in @mask: the verifier of Linux 6.1 loses that in an OR. */
static __always_inline __u64 known(__u64 x, __u64 mask)
{
	barrier_var(x);
	return x & mask;
}

/* Is lower half @x in a prefix of @l? Cells are read as 32 halves: the verifier needs not know that
 * the search stays among the first 24. */
static __always_inline int in_list(const struct afxdp_set_list *l, __u32 x)
{
	const __u64 *word = (const void *)l;
	const __u16 *first = (const void *)l;
	__u64 at = (at_most(first[8], x) + at_most(first[16], x)) << 3;
	__u32 rest;

	at = known(at, 24);
	at = known(at + (at_most(first[at + 4], x) << 2), 28);
	at = known(at + (at_most(first[at + 2], x) << 1), 30);
	at = known(at + at_most(first[at + 1], x), 31);
	/* l->rest and l->rest_more are words 6 and 7. */
	rest = word[6 + (at >> 4)] >> ((at & 15) << 2) & 15;
	return !((x - first[at]) >> rest);
}

/* @a: an IPv4 address as a number. */
static __always_inline int set_has4(__u32 a)
{
	__u32 third = a >> 8 & 0xff, word = third >> 6, rank, number;
	__u64 *cell = set_cell(0), top, bit = 1ULL << (third & 63), part, at;

	if (!cell)
		return 0;
	number = AFXDP_SET_TOP * 8 + (a >> 16);
	if (((struct afxdp_set_header *)cell)->direct) {
		struct afxdp_set_list *l = (void *)set_cell(AFXDP_SET_TOP + (a >> 16));

		if (!l)
			return 0;
		if (!l->elsewhere)
			return in_list(l, a & 0xffff);
		number = l->elsewhere;
	}
	cell = set_cell(number >> 3);
	if (!cell)
		return 0;
	top = cell[number & 7];
	if (top <= AFXDP_SET_ALL)
		return top;
	cell = set_cell(AFXDP_SET_HEAD(top));
	if (!cell)
		return 0;
	if (AFXDP_SET_IS_LIST(top))
		return in_list((void *)cell, a & 0xffff);
	if (cell[4 + word] & bit)
		return 1;
	part = cell[word];
	if (!(part & bit))
		return 0;
	rank = ones(part & (bit - 1)) + AFXDP_SET_BEFORE(top, word);
	cell = set_cell(AFXDP_SET_LEAVES(top) + (rank >> 1));
	if (!cell)
		return 0;
	at = known((rank & 1) * 4 + (a >> 6 & 3), 7);
	return cell[at] >> (a & 63) & 1;
}

/* Slot of bucket @index that holds a prefix: its kind; 0: not here; the bucket's flag in @more. */
static __always_inline __u32 set_bucket6(__u32 index, __u64 high, __u64 low, __u32 length,
					 __u32 *more)
{
	struct afxdp_set_bucket *b = (void *)set_cell(index);
	int i;

	if (!b)
		return 0;
	*more = b->more;
	for (i = 0; i < 3; i++)
		if (b->high[i] == high && b->low[i] == low && b->slot[i] >> 8 == length)
			return b->slot[i] & 0xff;
	return 0;
}

/** afxdp_set_find() - what the table says of an IPv6 prefix: 0 or enum afxdp_set_kind. A function
 * of its own so that the verifier goes through it once, and not for every step of the search. */
__weak __attribute__((noinline)) int afxdp_set_find(__u64 high, __u64 low, __u32 length)
{
	struct afxdp_set_header *h = (void *)set_cell(0);
	__u32 more = 0, kind;
	__u64 hash;

	if (!h)
		return 0;
	high &= afxdp_set_mask_high(length);
	low &= afxdp_set_mask_low(length);
	hash = afxdp_set_hash(high, low, length);
	kind = set_bucket6(h->buckets_at + afxdp_set_first(hash, h->buckets), high, low, length,
			   &more);
	if (kind || !more)
		return kind;
	return set_bucket6(h->buckets_at + afxdp_set_second(hash, h->buckets), high, low, length,
			   &more);
}

/*
 * Binary search on prefix lengths (Waldvogel and others, SIGCOMM 1997): a marker says that there
 * are longer prefixes that begin like this. No prefix of the set contains another one, so there is
 * never a way back.
 */
static __always_inline int set_has6(__u64 high, __u64 low)
{
	struct afxdp_set_header *h = (void *)set_cell(0);
	__u32 from = 0, to, step;

	if (!h)
		return 0;
	if (h->all6)
		return 1;
	to = h->lengths;
	for (step = 0; step < SET_STEPS; step++) {
		__u32 mid = (from + to) >> 1, length, kind;
		__u8 *lengths;

		if (from >= to)
			return 0;
		lengths = (void *)set_cell(1 + (mid >> 6 & 1));
		if (!lengths)
			return 0;
		length = lengths[mid & 63];
		kind = afxdp_set_find(high, low, length);
		if (kind == AFXDP_SET_MEMBER)
			return 1;
		if (kind == AFXDP_SET_MARKER)
			from = mid + 1;
		else
			to = mid;
	}
	return 0;
}

/** afxdp_set4() - is the IPv4 address, as a number, in the set? */
__weak __attribute__((noinline)) int afxdp_set4(__u32 address)
{
	return set_has4(address);
}

/** afxdp_rank4() - of the rules that the set stands for, which is about this IPv4 address, plus
 * one; 0: none. */
__weak __attribute__((noinline)) int afxdp_rank4(__u32 address)
{
	struct afxdp_set_header *h = (void *)set_cell(0);
	struct afxdp_set_ranks *r;
	int i;

	if (!h)
		return 0;
	r = (void *)set_cell(h->hashed_at +
			     afxdp_set_first(afxdp_set_hash(address, 0, h->seed), h->hashed));
	if (!r)
		return 0;
#pragma unroll
	for (i = 0; i < AFXDP_SET_RANKS; i++)
		if (r->address[i] == address)
			return r->rank[i];
	return 0;
}

/** afxdp_key() - is it in the set? */
__weak __attribute__((noinline)) int afxdp_key(__u64 key)
{
	struct afxdp_set_header *h = (void *)set_cell(0);
	__u64 *k;
	int i;

	if (!h)
		return 0;
	k = set_cell(h->hashed_at + afxdp_set_first(afxdp_set_hash(key, 0, h->seed), h->hashed));
	if (!k)
		return 0;
#pragma unroll
	for (i = 0; i < AFXDP_SET_KEYS; i++)
		if (k[i] == (key | AFXDP_SET_PRESENT))
			return 1;
	return 0;
}

/** afxdp_set6() - is the IPv6 address at @place of the frame in the set? */
__weak __attribute__((noinline)) int afxdp_set6(struct xdp_md *ctx, struct afxdp_parse *p,
						__u32 place)
{
	__u32 a[4];

	if (!ctx || !p || !load_address6(ctx, p, place, a))
		return 0;
	return set_has6((__u64)bpf_ntohl(a[0]) << 32 | bpf_ntohl(a[1]),
			(__u64)bpf_ntohl(a[2]) << 32 | bpf_ntohl(a[3]));
}

#endif
