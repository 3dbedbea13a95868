/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* set4.c - the IPv4 part of a set's map: for every /16 a word and what it leads to, a list of
 * prefixes or bitmaps; or the list itself. */
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
		return push(&c->free_heads, head);
	n = leaf_cells(c->cell[head].word);
	err = push(&c->free_heads, head);
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

/* Those of one /16 that a list in one cell holds. */
struct few {
	uint32_t n;
	prefix4 p[AFXDP_SET_LIST_MAX];
};

/* Prefixes come in order, and those inside another one behind it. False: there are too many. */
static bool few_add(struct few *f, prefix4 p)
{
	prefix4 last = f->n ? f->p[f->n - 1] : 0;

	if (f->n &&
	    prefix4_address(p) <= (prefix4_address(last) | prefix4_rest(prefix4_length(last))))
		return true;
	if (f->n == AFXDP_SET_LIST_MAX)
		return false;
	f->p[f->n++] = p;
	return true;
}

static void write_few(struct afxdp_set_list *to, const struct few *f)
{
	struct afxdp_set_list l = { .elsewhere = 0 };

	for (uint32_t i = 0; i < AFXDP_SET_LIST_MAX; i++) {
		prefix4 p = f->p[i < f->n ? i : f->n - 1];
		uint32_t rest = 32 - prefix4_length(p);

		l.first[i] = prefix4_address(p);
		if (i < 16)
			l.rest |= (__u64)rest << 4 * i;
		else
			l.rest_more |= rest << 4 * (i - 16);
	}
	*to = l;
}

/* Write @f to a cell of its own. Return: as write_half(). */
static __u64 write_list(struct cells *c, const struct few *f)
{
	uint32_t at = take(c, &c->free_heads, &c->head_next, c->heads_end, 1);

	if (at && c->cell)
		write_few((struct afxdp_set_list *)&c->cell[at], f);
	return at ? AFXDP_SET_LIST_AT(at) : 0;
}

/* Write @h to cells of its own. Return: its word, or 0 if there is no room. */
static __u64 write_half(struct cells *c, const struct half *h)
{
	uint32_t head = take(c, &c->free_heads, &c->head_next, c->heads_end, 1);
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
static __u64 make_half(struct cells *c, const struct set_list *l, uint32_t first, uint32_t end)
{
	struct half *h = c->half;

	memset(h->full, 0, sizeof(h->full));
	memset(h->part, 0, sizeof(h->part));
	for (uint32_t i = first; i < end; i++)
		half_add(h, l->v4[i]);
	half_settle(h);
	return all_ones(h->full) ? AFXDP_SET_ALL : write_half(c, h);
}

/* What a set has of one /16: the elements from l->v4[first] to before @end. */
struct upper {
	uint32_t first, end;
	bool all, fits; /* into @few */
	struct few few;
};

static void upper_read(struct upper *u, const struct set_list *l, uint32_t upper, uint32_t first)
{
	*u = (struct upper){ .first = first, .end = first, .fits = true };
	for (; u->end < l->n4 && prefix4_address(l->v4[u->end]) >> 16 == upper; u->end++) {
		prefix4 p = l->v4[u->end];

		u->all = u->all || prefix4_length(p) <= 16;
		u->fits = u->fits && few_add(&u->few, p);
	}
}

/* The word for @u. Return: 0, or -ENOSPC. */
static int make_word(struct cells *c, const struct set_list *l, const struct upper *u, __u64 *word)
{
	*word = AFXDP_SET_NONE;
	if (u->all)
		*word = AFXDP_SET_ALL;
	else if (u->first == u->end)
		return 0;
	else if (u->fits)
		*word = write_list(c, &u->few);
	else
		*word = make_half(c, l, u->first, u->end);
	return *word ? 0 : -ENOSPC;
}

static struct afxdp_set_list *direct_list(struct cells *c, uint32_t upper)
{
	return (struct afxdp_set_list *)&c->cell[AFXDP_SET_TOP + upper];
}

/* The word that holds for @upper and is its own, to be exchanged; NULL: there is none. */
static __u64 *word_of(struct cells *c, uint32_t upper)
{
	uint32_t number = AFXDP_SET_TOP * 8 + upper;

	if (c->direct)
		number = direct_list(c, upper)->elsewhere;
	if (number < AFXDP_SET_TOP * 8)
		return NULL;
	return &c->cell[number / 8].word[number % 8];
}

/* Where @word can be found from now on, if not on the first level. Return: 0, or -ENOSPC. */
static int set_elsewhere(struct cells *c, uint32_t upper, __u64 word)
{
	uint32_t number = word == AFXDP_SET_ALL ? AFXDP_SET_WORD_ALL : AFXDP_SET_WORD_NONE;

	if (word > AFXDP_SET_ALL) {
		number = 8 * take(c, &c->free_heads, &c->head_next, c->heads_end, 1);
		if (!number)
			return -ENOSPC;
		if (c->cell)
			c->cell[number / 8].word[0] = word;
	}
	if (c->cell)
		__atomic_store_n(&direct_list(c, upper)->elsewhere, number, __ATOMIC_RELEASE);
	return 0;
}

static int build_upper(struct cells *c, const struct set_list *l, uint32_t upper,
		       const struct upper *u)
{
	bool list = u->fits && !u->all && u->first != u->end;
	__u64 word;
	int err;

	c->lists += list;
	if (c->direct && list) {
		if (c->cell)
			write_few(direct_list(c, upper), &u->few);
		return 0;
	}
	err = make_word(c, l, u, &word);
	if (err)
		return err;
	if (c->direct)
		return set_elsewhere(c, upper, word);
	if (c->cell)
		*word_of(c, upper) = word;
	return 0;
}

int set4_build(struct cells *c, const struct set_list *l)
{
	uint32_t covered = 0; /* upper halves below that are full */
	struct upper u = { .end = 0 };
	int err = 0;

	c->half = malloc(sizeof(*c->half));
	if (!c->half)
		return -ENOMEM;
	if (c->cell) {
		c->cell[AFXDP_SET_WORD_NONE / 8].word[AFXDP_SET_WORD_NONE % 8] = AFXDP_SET_NONE;
		c->cell[AFXDP_SET_WORD_ALL / 8].word[AFXDP_SET_WORD_ALL % 8] = AFXDP_SET_ALL;
	}
	for (uint32_t upper = 0; upper < HALVES && !err; upper++) {
		upper_read(&u, l, upper, u.end);
		for (uint32_t i = u.first; u.all && i < u.end; i++) {
			uint32_t length = prefix4_length(l->v4[i]);

			if (length <= 16 && upper + (HALVES >> length) > covered)
				covered = upper + (HALVES >> length);
		}
		u.all = u.all || upper < covered;
		err = build_upper(c, l, upper, &u);
	}
	free(c->half);
	c->half = NULL;
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

/* What has been changed for one /16, and what was there before. */
struct undo {
	uint32_t upper;
	bool elsewhere; /* the list was on the first level, and still is */
	__u64 old;
};

static int change_upper(struct cells *c, const struct set_list *l, uint32_t upper,
			struct undo *undo)
{
	__u64 *at = word_of(c, upper), word;
	struct upper u;
	int err;

	*undo = (struct undo){ .upper = upper, .elsewhere = !at };
	upper_read(&u, l, upper, list_find4(l, prefix4_make(upper << 16, 0)));
	u.all = u.all || is_covered(l, upper);
	err = make_word(c, l, &u, &word);
	if (err)
		return err;
	if (!at) {
		undo->old = direct_list(c, upper)->elsewhere;
		return set_elsewhere(c, upper, word);
	}
	undo->old = *at;
	/* What they hold is to be seen before the word that leads there. */
	__atomic_store_n(at, word, __ATOMIC_RELEASE);
	return 0;
}

/* Back to how it was. Cells that nobody sees any more are lost until the map is made anew, which is
 * what comes next. */
static void take_back(struct cells *c, const struct undo *undo, uint32_t n)
{
	while (n-- > 0) {
		if (undo[n].elsewhere)
			__atomic_store_n(&direct_list(c, undo[n].upper)->elsewhere, undo[n].old,
					 __ATOMIC_RELEASE);
		else
			__atomic_store_n(word_of(c, undo[n].upper), undo[n].old, __ATOMIC_RELEASE);
	}
}

static int give_all(struct cells *c, const struct undo *undo, uint32_t n)
{
	int err = 0;

	for (uint32_t i = 0; i < n && !err; i++)
		if (!undo[i].elsewhere && undo[i].old > AFXDP_SET_ALL)
			err = give(c, undo[i].old);
	return err;
}

int set4_change(struct cells *c, const struct set_list *l, prefix4 p)
{
	uint32_t first = prefix4_address(p) >> 16, n = 0;
	uint32_t uppers = (prefix4_rest(prefix4_length(p)) >> 16) + 1;
	struct undo *undo = malloc(uppers * sizeof(*undo));
	int err = 0;

	c->half = malloc(sizeof(*c->half));
	if (!c->half || !undo)
		err = -ENOMEM;
	for (; n < uppers && !err; n++)
		err = change_upper(c, l, first + n, &undo[n]);
	if (err && n)
		take_back(c, undo, n - 1);
	else if (!err)
		err = give_all(c, undo, n);
	free(undo);
	free(c->half);
	c->half = NULL;
	return err;
}

void set4_free(struct cells *c)
{
	for (int i = 0; i <= LEAF_CELLS_MAX; i++)
		free(c->free_leaves[i].at);
	free(c->free_heads.at);
	free(c->given.at);
}
