/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * set6.c - the IPv6 part of a set's map: a hash table over prefixes, searched by length.
 *
 * Only prefixes that no other one contains are in the table. bpf/set.h looks at the middle one of
 * the lengths there are, then at the middle of those longer or shorter, and so on; a marker tells
 * it to go on with the longer ones. So every prefix has markers at those lengths, on the way to its
 * own, from which the way leads to longer ones.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "set.h"

#define SLOTS_PER_BUCKET 3

/* Cuckoo hashing with two buckets of three fills to 95 % and more; at 80 % an insertion moves next
 * to nothing, and there is room for additions. */
#define FILL_PERCENT 80

/* Moves before an insertion is given up; far more than it ever takes at that filling. */
#define MOVES_MAX 500

static uint64_t hash_of(const struct prefix6 *p)
{
	return afxdp_set_hash(p->high, p->low, p->length);
}

static bool slot_is(const struct afxdp_set_bucket *b, int i, const struct prefix6 *p)
{
	return b->slot[i] >> 8 == p->length && b->slot[i] && b->high[i] == p->high &&
	       b->low[i] == p->low;
}

static struct afxdp_set_bucket *bucket(struct table6 *t, const struct prefix6 *p, bool second)
{
	uint64_t hash = hash_of(p);
	uint32_t n = t->header->buckets;

	return &t->bucket[second ? afxdp_set_second(hash, n) : afxdp_set_first(hash, n)];
}

static __u32 *find(struct table6 *t, const struct prefix6 *p)
{
	for (int side = 0; side < 2; side++) {
		struct afxdp_set_bucket *b = bucket(t, p, side);

		for (int i = 0; i < SLOTS_PER_BUCKET; i++)
			if (slot_is(b, i, p))
				return &b->slot[i];
	}
	return NULL;
}

static int free_slot(const struct afxdp_set_bucket *b)
{
	for (int i = 0; i < SLOTS_PER_BUCKET; i++)
		if (!b->slot[i])
			return i;
	return -1;
}

/* A reader takes a slot for what its number says, so that is written last, and cleared first. */
static void fill_slot(struct afxdp_set_bucket *b, int i, const struct prefix6 *p, uint32_t kind)
{
	__atomic_store_n(&b->slot[i], 0, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	b->high[i] = p->high;
	b->low[i] = p->low;
	__atomic_store_n(&b->slot[i], p->length << 8 | kind, __ATOMIC_RELEASE);
}

static bool place(struct table6 *t, const struct prefix6 *p, uint32_t kind)
{
	for (int side = 0; side < 2; side++) {
		struct afxdp_set_bucket *b = bucket(t, p, side);
		int i = free_slot(b);

		if (i < 0)
			continue;
		fill_slot(b, i, p, kind);
		if (side)
			__atomic_store_n(&bucket(t, p, false)->more, 1, __ATOMIC_RELEASE);
		return true;
	}
	return false;
}

static struct prefix6 entry(const struct afxdp_set_bucket *b, int i)
{
	return (struct prefix6){ b->high[i], b->low[i], b->slot[i] >> 8 };
}

/* Make a free slot in one of @p's buckets: move somebody there to where it may be as well. Readers
 * find it in either place at all times. */
static bool move_one(struct table6 *t, const struct prefix6 *p)
{
	for (int n = 0; n < 2 * SLOTS_PER_BUCKET; n++) {
		struct afxdp_set_bucket *b = bucket(t, p, n & 1);
		struct prefix6 e = entry(b, n / 2);
		uint32_t kind = b->slot[n / 2] & 0xff;

		if (!place(t, &e, kind))
			continue;
		__atomic_store_n(&b->slot[n / 2], 0, __ATOMIC_RELEASE);
		return true;
	}
	return false;
}

/* Put @p in. Return: false if it has no place without more than one move. */
static bool insert(struct table6 *t, const struct prefix6 *p, uint32_t kind)
{
	__u32 *slot = find(t, p);

	if (slot) {
		/* A marker where there is one already, or a prefix that is added again. */
		if (kind == AFXDP_SET_MEMBER)
			__atomic_store_n(slot, p->length << 8 | kind, __ATOMIC_RELEASE);
		return true;
	}
	return place(t, p, kind) || (move_one(t, p) && place(t, p, kind));
}

/* The same while nobody reads: turn out whoever is in the way, until all have a place. */
static bool insert_hard(struct table6 *t, struct prefix6 p, uint32_t kind)
{
	for (uint32_t n = 0; n < MOVES_MAX; n++) {
		struct afxdp_set_bucket *b;
		struct prefix6 out;
		uint32_t out_kind;

		if (insert(t, &p, kind))
			return true;
		b = bucket(t, &p, n & 1);
		out = entry(b, n % SLOTS_PER_BUCKET);
		out_kind = b->slot[n % SLOTS_PER_BUCKET] & 0xff;
		fill_slot(b, n % SLOTS_PER_BUCKET, &p, kind);
		if (n & 1)
			bucket(t, &p, false)->more = 1;
		p = out;
		kind = out_kind;
	}
	return false;
}

static int length_index(const struct table6 *t, uint32_t length)
{
	for (uint32_t i = 0; i < t->header->lengths; i++)
		if (t->length[i] == length)
			return i;
	return -1;
}

/* Lengths of @p's markers to @marker. Return: how many; the search for length number @index. */
static uint32_t marker_lengths(const struct table6 *t, uint32_t index, uint8_t marker[8])
{
	uint32_t from = 0, to = t->header->lengths, n = 0;

	for (;;) {
		uint32_t mid = (from + to) / 2;

		if (mid == index)
			return n;
		if (mid < index) {
			marker[n++] = t->length[mid];
			from = mid + 1;
		} else {
			to = mid;
		}
	}
}

typedef bool (*inserter)(struct table6 *t, struct prefix6 p, uint32_t kind);

static bool insert_soft(struct table6 *t, struct prefix6 p, uint32_t kind)
{
	return insert(t, &p, kind);
}

/* @p and its markers. */
static bool insert_all(struct table6 *t, const struct prefix6 *p, inserter insert_one)
{
	uint8_t marker[8];
	int index = length_index(t, p->length);
	uint32_t n;

	if (index < 0)
		return false;
	n = marker_lengths(t, index, marker);
	if (!insert_one(t, *p, AFXDP_SET_MEMBER))
		return false;
	while (n-- > 0)
		if (!insert_one(t, prefix6_cut(p, marker[n]), AFXDP_SET_MARKER))
			return false;
	return true;
}

/* The element behind l->v6[@i] and all those inside it. */
static uint32_t skip_inside(const struct set_list *l, uint32_t i)
{
	uint32_t j = i + 1;

	while (j < l->n6 && prefix6_contains(&l->v6[i], &l->v6[j]))
		j++;
	return j;
}

static void find_lengths(struct table6 *t, const struct set_list *l)
{
	bool used[129] = { false };

	for (uint32_t i = 0; i < l->n6; i = skip_inside(l, i))
		used[l->v6[i].length] = true;
	t->header->all6 = used[0];
	t->header->lengths = 0;
	for (uint32_t length = 1; length <= 128; length++)
		if (used[length])
			t->length[t->header->lengths++] = length;
}

static bool try_buckets(struct table6 *t, const struct set_list *l, uint32_t buckets,
			uint32_t *entries)
{
	free(t->bucket);
	t->header->buckets = buckets;
	t->bucket = calloc(buckets, sizeof(*t->bucket));
	if (!t->bucket)
		return false;
	for (uint32_t i = 0; i < l->n6; i = skip_inside(l, i))
		if (l->v6[i].length && !insert_all(t, &l->v6[i], insert_hard))
			return false;
	*entries = 0;
	for (uint32_t i = 0; i < buckets; i++)
		for (int j = 0; j < SLOTS_PER_BUCKET; j++)
			*entries += !!t->bucket[i].slot[j];
	return true;
}

int set6_build(struct table6 *t, const struct set_list *l)
{
	uint32_t entries, buckets = l->n6 + 8, enough;

	*t = (struct table6){ .header = calloc(1, sizeof(*t->header)), .length = calloc(128, 1) };
	if (!t->header || !t->length)
		return -ENOMEM;
	find_lengths(t, l);
	/* How many markers there will be is known when they are in: then once more, to size. */
	while (!try_buckets(t, l, buckets, &entries)) {
		if (!t->bucket)
			return -ENOMEM;
		buckets += buckets / 2;
	}
	enough = (uint64_t)entries * 100 / (SLOTS_PER_BUCKET * FILL_PERCENT) + 8;
	while (!try_buckets(t, l, enough, &entries)) {
		if (!t->bucket)
			return -ENOMEM;
		enough += enough / 16 + 1;
	}
	return 0;
}

void table6_free(struct table6 *t)
{
	free(t->header);
	free(t->length);
	free(t->bucket);
	*t = (struct table6){ .bucket = NULL };
}

/* Is @p inside another element? */
static bool is_inside(const struct set_list *l, const struct prefix6 *p)
{
	for (uint32_t length = 0; length < p->length; length++) {
		struct prefix6 cut = prefix6_cut(p, length);
		uint32_t at = list_find6(l, &cut);

		if (at < l->n6 && !prefix6_compare(&l->v6[at], &cut))
			return true;
	}
	return false;
}

/* Does any element that is in the table have a marker where @marker is? */
static bool marker_needed(const struct table6 *t, const struct set_list *l,
			  const struct prefix6 *marker)
{
	uint32_t i = list_find6(l, marker);

	if (is_inside(l, marker) || (i < l->n6 && !prefix6_compare(&l->v6[i], marker)))
		return false;
	for (; i < l->n6 && prefix6_contains(marker, &l->v6[i]); i = skip_inside(l, i)) {
		int index = length_index(t, l->v6[i].length);
		uint8_t lengths[8];
		uint32_t n = index < 0 ? 0 : marker_lengths(t, index, lengths);

		while (n-- > 0)
			if (lengths[n] == marker->length)
				return true;
	}
	return false;
}

/* @p is no longer in @l as the table has it. Markers go first: who finds one must find what it
 * promises. */
static void remove_all(struct table6 *t, const struct set_list *l, const struct prefix6 *p)
{
	int index = length_index(t, p->length);
	uint8_t lengths[8];
	uint32_t n = index < 0 ? 0 : marker_lengths(t, index, lengths);
	__u32 *slot;

	for (uint32_t i = 0; i < n; i++) {
		struct prefix6 marker = prefix6_cut(p, lengths[i]);

		slot = find(t, &marker);
		if (slot && (*slot & 0xff) == AFXDP_SET_MARKER && !marker_needed(t, l, &marker))
			__atomic_store_n(slot, 0, __ATOMIC_RELEASE);
	}
	slot = find(t, p);
	if (!slot)
		return;
	/* Longer ones may have taken its place, and need a marker there. */
	if (marker_needed(t, l, p))
		__atomic_store_n(slot, p->length << 8 | AFXDP_SET_MARKER, __ATOMIC_RELEASE);
	else
		__atomic_store_n(slot, 0, __ATOMIC_RELEASE);
}

/* All elements inside @p, and not inside another one, out of the table: they are in @l, but
 * something wider is, too. */
static void remove_inside(struct table6 *t, const struct set_list *l, const struct prefix6 *p,
			  uint32_t first)
{
	for (uint32_t i = first; i < l->n6 && prefix6_contains(p, &l->v6[i]); i = skip_inside(l, i))
		remove_all(t, l, &l->v6[i]);
}

static int add_prefix(struct table6 *t, const struct set_list *l, const struct prefix6 *p)
{
	if (!p->length) {
		/* A flag; but while it is set the table is not kept up to date. */
		t->header->all6 = 1;
		return 0;
	}
	if (!insert_all(t, p, insert_soft))
		return -ENOSPC;
	remove_inside(t, l, p, list_find6(l, p) + 1);
	return 0;
}

static int del_prefix(struct table6 *t, const struct set_list *l, const struct prefix6 *p)
{
	uint32_t first = list_find6(l, p);

	if (!p->length)
		return -ENOSPC;
	for (uint32_t i = first; i < l->n6 && prefix6_contains(p, &l->v6[i]); i = skip_inside(l, i))
		if (!insert_all(t, &l->v6[i], insert_soft))
			return -ENOSPC;
	remove_all(t, l, p);
	return 0;
}

int set6_change(struct table6 *t, const struct set_list *l, const struct prefix6 *p, bool added)
{
	if (is_inside(l, p))
		return 0;
	return added ? add_prefix(t, l, p) : del_prefix(t, l, p);
}

void set6_undo(struct table6 *t, const struct set_list *l, const struct prefix6 *p, bool added)
{
	if (!p->length || is_inside(l, p))
		return;
	if (added)
		remove_all(t, l, p);
	else
		remove_inside(t, l, p, list_find6(l, p) + 1);
}
