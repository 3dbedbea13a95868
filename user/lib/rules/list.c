/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* list.c - a set's elements, sorted. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "set.h"

static int compare4(const void *a, const void *b)
{
	prefix4 x = *(const prefix4 *)a, y = *(const prefix4 *)b;

	return x < y ? -1 : x > y;
}

static int compare6(const void *a, const void *b)
{
	return prefix6_compare(a, b);
}

static int compare_keys(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static int make_room(void **array, uint32_t n, uint32_t *room, size_t size)
{
	uint32_t want = *room ? *room * 2 : 64;
	void *p;

	if (n < *room)
		return 0;
	p = realloc(*array, want * size);
	if (!p)
		return -ENOMEM;
	*array = p;
	*room = want;
	return 0;
}

int list_append(struct set_list *l, const struct prefix *p)
{
	int err;

	if (p->ipv6) {
		err = make_room((void **)&l->v6, l->n6, &l->room6, sizeof(*l->v6));
		if (!err)
			l->v6[l->n6++] = p->v6;
	} else {
		err = make_room((void **)&l->v4, l->n4, &l->room4, sizeof(*l->v4));
		if (!err)
			l->v4[l->n4++] = p->v4;
	}
	return err;
}

int list_append_keys(struct set_list *l, const struct element *e)
{
	l->kind = e->kind;
	for (uint64_t k = e->first; k <= e->last; k += AFXDP_SET_KEY(1, 0)) {
		int err = make_room((void **)&l->key, l->keys, &l->room_keys, sizeof(*l->key));

		if (err)
			return err;
		l->key[l->keys++] = k;
	}
	return 0;
}

static void sort_keys(struct set_list *l)
{
	uint32_t n = 0;

	if (!l->keys)
		return;
	qsort(l->key, l->keys, sizeof(*l->key), compare_keys);
	for (uint32_t i = 1; i < l->keys; i++)
		if (l->key[i] != l->key[n])
			l->key[++n] = l->key[i];
	l->keys = n + 1;
}

uint32_t list_find_key(const struct set_list *l, uint64_t key)
{
	uint32_t low = 0, high = l->keys;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (l->key[mid] < key)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int list_change_keys(struct set_list *l, const struct element *e, bool add)
{
	uint32_t from = list_find_key(l, e->first), to = list_find_key(l, e->last + 1);
	uint64_t want = (e->last - e->first) / AFXDP_SET_KEY(1, 0) + 1;
	int err;

	if (to - from == want && add)
		return -EEXIST;
	if (to - from != want && !add)
		return -ENOENT;
	if (!add) {
		memmove(&l->key[from], &l->key[to], (l->keys - to) * sizeof(*l->key));
		l->keys -= to - from;
		return 0;
	}
	if (l->keys + want > SET_ELEMENTS_MAX)
		return -E2BIG;
	err = list_append_keys(l, e);
	sort_keys(l);
	return err;
}

uint32_t list_count(const struct set_list *l)
{
	return l->n4 + l->n6 + l->keys;
}

bool list_same(const struct set_list *a, const struct set_list *b)
{
	if (a->n4 != b->n4 || a->n6 != b->n6 || a->keys != b->keys || a->kind != b->kind ||
	    !times_same(&a->times, &b->times))
		return false;
	for (uint32_t i = 0; i < a->n6; i++)
		if (prefix6_compare(&a->v6[i], &b->v6[i]))
			return false;
	return (!a->n4 || !memcmp(a->v4, b->v4, a->n4 * sizeof(*a->v4))) &&
	       (!a->keys || !memcmp(a->key, b->key, a->keys * sizeof(*a->key)));
}

void list_sort(struct set_list *l)
{
	uint32_t n = 0;

	sort_keys(l);
	times_sort(&l->times);
	if (l->n4) {
		qsort(l->v4, l->n4, sizeof(*l->v4), compare4);
		for (uint32_t i = 1; i < l->n4; i++)
			if (l->v4[i] != l->v4[n])
				l->v4[++n] = l->v4[i];
		l->n4 = n + 1;
	}
	n = 0;
	if (l->n6) {
		qsort(l->v6, l->n6, sizeof(*l->v6), compare6);
		for (uint32_t i = 1; i < l->n6; i++)
			if (prefix6_compare(&l->v6[i], &l->v6[n]))
				l->v6[++n] = l->v6[i];
		l->n6 = n + 1;
	}
}

uint32_t list_find4(const struct set_list *l, prefix4 p)
{
	uint32_t low = 0, high = l->n4;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (l->v4[mid] < p)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

uint32_t list_find6(const struct set_list *l, const struct prefix6 *p)
{
	uint32_t low = 0, high = l->n6;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (prefix6_compare(&l->v6[mid], p) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int list_add(struct set_list *l, const struct prefix *p)
{
	uint32_t at = p->ipv6 ? list_find6(l, &p->v6) : list_find4(l, p->v4);
	int err;

	if (p->ipv6 ? at < l->n6 && !prefix6_compare(&l->v6[at], &p->v6)
		    : at < l->n4 && l->v4[at] == p->v4)
		return -EEXIST;
	if (l->n4 + l->n6 >= SET_ELEMENTS_MAX)
		return -E2BIG;
	err = list_append(l, p);
	if (err)
		return err;
	if (p->ipv6) {
		memmove(&l->v6[at + 1], &l->v6[at], (l->n6 - 1 - at) * sizeof(*l->v6));
		l->v6[at] = p->v6;
	} else {
		memmove(&l->v4[at + 1], &l->v4[at], (l->n4 - 1 - at) * sizeof(*l->v4));
		l->v4[at] = p->v4;
	}
	return 0;
}

int list_del(struct set_list *l, const struct prefix *p)
{
	uint32_t at = p->ipv6 ? list_find6(l, &p->v6) : list_find4(l, p->v4);

	if (p->ipv6 ? at == l->n6 || prefix6_compare(&l->v6[at], &p->v6)
		    : at == l->n4 || l->v4[at] != p->v4)
		return -ENOENT;
	if (p->ipv6) {
		l->n6--;
		memmove(&l->v6[at], &l->v6[at + 1], (l->n6 - at) * sizeof(*l->v6));
	} else {
		l->n4--;
		memmove(&l->v4[at], &l->v4[at + 1], (l->n4 - at) * sizeof(*l->v4));
	}
	return 0;
}

int list_copy(struct set_list *to, const struct set_list *from)
{
	*to = (struct set_list){
		.kind = from->kind, .n4 = from->n4, .n6 = from->n6, .keys = from->keys
	};
	to->room_keys = from->keys;
	to->key = malloc((from->keys ?: 1) * sizeof(*to->key));
	to->room4 = from->n4;
	to->room6 = from->n6;
	to->v4 = malloc((from->n4 ?: 1) * sizeof(*to->v4));
	to->v6 = malloc((from->n6 ?: 1) * sizeof(*to->v6));
	if (!to->v4 || !to->v6 || !to->key || times_copy(&to->times, &from->times)) {
		list_free(to);
		return -ENOMEM;
	}
	if (from->keys)
		memcpy(to->key, from->key, from->keys * sizeof(*to->key));
	if (from->n4)
		memcpy(to->v4, from->v4, from->n4 * sizeof(*to->v4));
	if (from->n6)
		memcpy(to->v6, from->v6, from->n6 * sizeof(*to->v6));
	return 0;
}

void list_free(struct set_list *l)
{
	free(l->v4);
	free(l->v6);
	free(l->key);
	times_free(&l->times);
	*l = (struct set_list){ .kind = l->kind };
}
