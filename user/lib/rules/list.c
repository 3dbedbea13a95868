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

void list_sort(struct set_list *l)
{
	uint32_t n = 0;

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
	*to = (struct set_list){ .n4 = from->n4, .n6 = from->n6 };
	to->room4 = from->n4;
	to->room6 = from->n6;
	to->v4 = malloc((from->n4 ?: 1) * sizeof(*to->v4));
	to->v6 = malloc((from->n6 ?: 1) * sizeof(*to->v6));
	if (!to->v4 || !to->v6) {
		list_free(to);
		return -ENOMEM;
	}
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
	*l = (struct set_list){ .v4 = NULL };
}
