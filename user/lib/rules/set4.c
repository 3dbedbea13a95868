/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* set4.c - the IPv4 part of a set's map: for every /16 one word, and what it leads to: a list of
 * ranges, or bitmaps. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "set.h"

#define HALVES 65536 /* values of an address's upper half */

/* One /16, taken apart: which of its /24s are full, which are there in part, and what of them. */
struct half {
	__u64 full[4], part[4];
	__u64 leaf[256][4];
};

static void set_bits(__u64 *word, uint32_t first, uint32_t last)
{
	for (uint32_t i = first; i <= last; i++)
		word[i >> 6] |= 1ULL << (i & 63);
}

static bool has_bit(const __u64 *word, uint32_t i)
{
	return word[i >> 6] >> (i & 63) & 1;
}

static bool all_ones(const __u64 *word)
{
	return !~(word[0] & word[1] & word[2] & word[3]);
}

/* @p is inside this /16, and longer. */
static void half_add(struct half *h, prefix4 p)
{
	uint32_t length = prefix4_length(p), first = prefix4_address(p) & 0xffff;
	uint32_t last = first | prefix4_rest(length), third = first >> 8;

	if (length <= 24) {
		set_bits(h->full, third, last >> 8);
		return;
	}
	if (!has_bit(h->part, third)) {
		set_bits(h->part, third, third);
		memset(h->leaf[third], 0, sizeof(h->leaf[third]));
	}
	set_bits(h->leaf[third], first & 0xff, last & 0xff);
}

/* Many small ones may make a large one. */
static void half_settle(struct half *h)
{
	for (uint32_t third = 0; third < 256; third++)
		if (has_bit(h->part, third) && all_ones(h->leaf[third]))
			set_bits(h->full, third, third);
	for (int i = 0; i < 4; i++)
		h->part[i] &= ~h->full[i];
}

static uint32_t leaf_cells(const __u64 *part)
{
	uint32_t leaves = 0;

	for (int i = 0; i < 4; i++)
		leaves += __builtin_popcountll(part[i]);
	return (leaves + 1) / 2;
}

/* @n cells in a row. Return: the first, or 0. */
static uint32_t take(const struct cells *c, struct cell_list *free, uint32_t *next, uint32_t end,
		     uint32_t n)
{
	uint32_t at = *next;

	if (free->n)
		return free->at[--free->n];
	if (c->cell && n > end - *next)
		return 0;
	*next += n;
	return at;
}

static int push(struct cell_list *l, uint32_t at)
{
	uint32_t room = l->room ? l->room * 2 : 16, *more;

	if (l->n == l->room) {
		more = realloc(l->at, room * sizeof(*more));
		if (!more)
			return -ENOMEM;
		l->at = more;
		l->room = room;
	}
	l->at[l->n++] = at;
	return 0;
}

/* The cells of @word, which nobody can see any more. */
static int give_back(struct cells *c, __u64 word)
{
	uint32_t head = AFXDP_SET_HEAD(word), n;
	int err;

	if (AFXDP_SET_IS_LIST(word))
		return push(&c->free_heads[AFXDP_SET_LIST_CELLS(word)], head);
	n = leaf_cells(c->cell[head].word);
	err = push(&c->free_heads[1], head);
	return err || !n ? err : push(&c->free_leaves[n], AFXDP_SET_LEAVES(word));
}

int set4_reuse(struct cells *c)
{
	int err = 0;

	while (c->given.n && !err) {
		const uint32_t *at = &c->given.at[c->given.n - 2];

		err = give_back(c, (__u64)at[1] << 32 | at[0]);
		c->given.n -= 2;
	}
	return err;
}

static int give(struct cells *c, __u64 word)
{
	int err = push(&c->given, (uint32_t)word);

	if (err)
		return err;
	err = push(&c->given, word >> 32);
	if (err)
		c->given.n--;
	return err;
}

/* Ranges of lower halves, in order, none touching the next. */
struct ranges {
	uint32_t n;
	uint16_t first[AFXDP_SET_RANGES], last[AFXDP_SET_RANGES];
};

/* Prefixes come in order, and those inside another one behind it. False: there are too many. */
static bool ranges_add(struct ranges *r, prefix4 p)
{
	uint32_t first = prefix4_address(p) & 0xffff;
	uint32_t last = first | prefix4_rest(prefix4_length(p));

	if (r->n && first <= r->last[r->n - 1] + 1U) {
		if (last > r->last[r->n - 1])
			r->last[r->n - 1] = last;
		return true;
	}
	if (r->n == AFXDP_SET_RANGES)
		return false;
	r->first[r->n] = first;
	r->last[r->n++] = last;
	return true;
}

/* Write @r to cells of its own, filled up with the last range. Return: as write_half(). */
static __u64 write_list(struct cells *c, const struct ranges *r)
{
	uint32_t cells = r->n > AFXDP_SET_RANGES / 2 ? 2 : 1, room = AFXDP_SET_RANGES / 2 * cells;
	uint32_t head = take(c, &c->free_heads[cells], &c->head_next, c->heads_end, cells);
	uint16_t *to;

	if (!head)
		return 0;
	to = c->cell ? (uint16_t *)c->cell[head].word : NULL;
	for (uint32_t i = 0; to && i < room; i++) {
		to[i] = r->first[i < r->n ? i : r->n - 1];
		to[room + i] = r->last[i < r->n ? i : r->n - 1];
	}
	return AFXDP_SET_WORD(head, 0, cells, 0, AFXDP_SET_LIST);
}

/* Write @h to cells of its own. Return: its word, or 0 if there is no room. */
static __u64 write_half(struct cells *c, const struct half *h)
{
	uint32_t head = take(c, &c->free_heads[1], &c->head_next, c->heads_end, 1);
	uint32_t leaves = 0;
	uint32_t n = leaf_cells(h->part), before[4] = { 0 };
	__u64 *leaf;

	if (n)
		leaves = take(c, &c->free_leaves[n], &c->leaf_next, c->leaves_end, n);
	if (!head || (n && !leaves))
		return 0;
	for (int i = 1; i < 4; i++)
		before[i] = before[i - 1] + __builtin_popcountll(h->part[i - 1]);
	if (c->cell) {
		memcpy(c->cell[head].word, h->part, sizeof(h->part));
		memcpy(c->cell[head].word + 4, h->full, sizeof(h->full));
		leaf = c->cell[leaves].word;
		for (uint32_t third = 0; third < 256; third++) {
			if (!has_bit(h->part, third))
				continue;
			memcpy(leaf, h->leaf[third], sizeof(h->leaf[third]));
			leaf += 4;
		}
	}
	return AFXDP_SET_WORD(head, leaves, before[1], before[2], before[3]);
}

/* As bitmaps: the elements from l->v4[@first] to before @end. */
static __u64 make_half(struct cells *c, const struct set_list *l, uint32_t first, uint32_t end,
		       struct half *h)
{
	memset(h->full, 0, sizeof(h->full));
	memset(h->part, 0, sizeof(h->part));
	for (uint32_t i = first; i < end; i++)
		half_add(h, l->v4[i]);
	half_settle(h);
	return all_ones(h->full) ? AFXDP_SET_ALL : write_half(c, h);
}

/* What the first level says of upper half @upper, whose elements begin at l->v4[@first]. */
static int make_word(struct cells *c, const struct set_list *l, uint32_t upper, uint32_t first,
		     struct half *h, __u64 *word)
{
	struct ranges r = { .n = 0 };
	bool fits = true;
	uint32_t i = first;

	*word = AFXDP_SET_ALL;
	for (; i < l->n4 && prefix4_address(l->v4[i]) >> 16 == upper; i++) {
		if (prefix4_length(l->v4[i]) <= 16)
			return 0;
		fits = fits && ranges_add(&r, l->v4[i]);
	}
	if (i == first)
		*word = AFXDP_SET_NONE;
	else if (!fits)
		*word = make_half(c, l, first, i, h);
	else if (r.first[0] || r.last[0] != 0xffff)
		*word = write_list(c, &r);
	return *word || i == first ? 0 : -ENOSPC;
}

static __u64 *word_of(struct cells *c, uint32_t upper)
{
	return &c->cell[AFXDP_SET_TOP + upper / 8].word[upper % 8];
}

int set4_build(struct cells *c, const struct set_list *l)
{
	struct half *h = malloc(sizeof(*h));
	uint32_t i = 0, covered = 0; /* upper halves below that are full */
	int err = h ? 0 : -ENOMEM;

	for (uint32_t upper = 0; upper < HALVES && !err; upper++) {
		__u64 word;
		uint32_t first = i;

		for (; i < l->n4 && prefix4_address(l->v4[i]) >> 16 == upper; i++) {
			uint32_t length = prefix4_length(l->v4[i]);

			if (length <= 16 && upper + (HALVES >> length) > covered)
				covered = upper + (HALVES >> length);
		}
		if (upper < covered)
			word = AFXDP_SET_ALL;
		else
			err = make_word(c, l, upper, first, h, &word);
		if (c->cell && !err)
			*word_of(c, upper) = word;
	}
	free(h);
	return err;
}

/* Is the whole /16 in a prefix of at most 16 bits? */
static bool is_covered(const struct set_list *l, uint32_t upper)
{
	for (uint32_t length = 0; length <= 16; length++) {
		prefix4 p = prefix4_make((upper << 16) & ~prefix4_rest(length), length);
		uint32_t at = list_find4(l, p);

		if (at < l->n4 && l->v4[at] == p)
			return true;
	}
	return false;
}

int set4_change(struct cells *c, const struct set_list *l, prefix4 p)
{
	uint32_t upper = prefix4_address(p) >> 16, length = prefix4_length(p);
	uint32_t last = upper | prefix4_rest(length) >> 16;
	struct half *h = malloc(sizeof(*h));
	int err = h ? 0 : -ENOMEM;

	for (; upper <= last && !err; upper++) {
		__u64 *at = word_of(c, upper), old = *at, word = AFXDP_SET_ALL;

		if (!is_covered(l, upper))
			err = make_word(c, l, upper, list_find4(l, prefix4_make(upper << 16, 0)), h,
					&word);
		if (err)
			break;
		/* What they hold is to be seen before the word that leads there. */
		__atomic_store_n(at, word, __ATOMIC_RELEASE);
		if (old <= AFXDP_SET_ALL)
			continue;
		err = give(c, old);
	}
	free(h);
	return err;
}

void set4_free(struct cells *c)
{
	for (int i = 0; i <= LEAF_CELLS_MAX; i++)
		free(c->free_leaves[i].at);
	free(c->free_heads[1].at);
	free(c->free_heads[2].at);
	free(c->given.at);
}
