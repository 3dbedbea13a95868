/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* set4.c - the IPv4 part of a set's map: one word and at most one run for every /16. */
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

static uint32_t run_cells(const __u64 *part)
{
	uint32_t leaves = 0;

	for (int i = 0; i < 4; i++)
		leaves += __builtin_popcountll(part[i]);
	return 1 + (leaves + 1) / 2;
}

/* Return: the first cell of a run, or 0. */
static uint32_t take_run(struct cells *c, uint32_t n)
{
	uint32_t at = c->next;

	if (c->free[n].n)
		return c->free[n].at[--c->free[n].n];
	if (c->cell && n > c->runs_end - c->next)
		return 0;
	c->next += n;
	return at;
}

static int push(struct run_list *l, uint32_t at)
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

int set4_reuse(struct cells *c)
{
	int err = 0;

	while (c->given.n && !err) {
		uint32_t at = c->given.at[c->given.n - 1];

		err = push(&c->free[run_cells(c->cell[at].word)], at);
		if (!err)
			c->given.n--;
	}
	return err;
}

/* Write @h to a run of its own. Return: its word, or 0 if there is no room. */
static __u64 write_run(struct cells *c, const struct half *h)
{
	uint32_t at = take_run(c, run_cells(h->part)), leaf = 2, before[4] = { 0 };
	__u64 *word;

	if (!at)
		return 0;
	for (int i = 1; i < 4; i++)
		before[i] = before[i - 1] + __builtin_popcountll(h->part[i - 1]);
	if (c->cell) {
		word = c->cell[at].word;
		memcpy(word, h->part, sizeof(h->part));
		memcpy(word + 4, h->full, sizeof(h->full));
		for (uint32_t third = 0; third < 256; third++)
			if (has_bit(h->part, third))
				memcpy(word + 4 * leaf++, h->leaf[third], sizeof(h->leaf[third]));
	}
	return AFXDP_SET_WORD(at, before[1], before[2], before[3]);
}

/* What the first level says of upper half @upper, whose elements begin at l->v4[@first]. */
static int make_word(struct cells *c, const struct set_list *l, uint32_t upper, uint32_t first,
		     struct half *h, __u64 *word)
{
	uint32_t i = first;

	*word = AFXDP_SET_NONE;
	memset(h->full, 0, sizeof(h->full));
	memset(h->part, 0, sizeof(h->part));
	for (; i < l->n4 && prefix4_address(l->v4[i]) >> 16 == upper; i++) {
		if (prefix4_length(l->v4[i]) <= 16)
			goto all;
		half_add(h, l->v4[i]);
	}
	if (i == first)
		return 0;
	half_settle(h);
	if (all_ones(h->full))
		goto all;
	*word = write_run(c, h);
	return *word ? 0 : -ENOSPC;
all:
	*word = AFXDP_SET_ALL;
	return 0;
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
		/* What the run holds is to be seen before the word that leads there. */
		__atomic_store_n(at, word, __ATOMIC_RELEASE);
		if (old > AFXDP_SET_ALL)
			err = push(&c->given, AFXDP_SET_RUN(old));
	}
	free(h);
	return err;
}

void set4_free(struct cells *c)
{
	for (int i = 0; i <= RUN_CELLS_MAX; i++)
		free(c->free[i].at);
	free(c->given.at);
}
