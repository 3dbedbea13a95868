/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "facts.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash(const struct facts *f)
{
	uint32_t h = 2166136261u ^ f->world ^ f->linear << 8 ^ f->below << 16;

	for (uint32_t i = 0; i < f->n; i++) {
		h = (h ^ f->fact[i].key) * 16777619u;
		h = (h ^ f->fact[i].value) * 16777619u;
		h ^= h >> 15;
	}
	return h;
}

static bool same(const struct facts *a, const struct facts *b)
{
	return a->world == b->world && a->linear == b->linear && a->below == b->below &&
	       a->n == b->n && !memcmp(a->fact, b->fact, a->n * sizeof(a->fact[0]));
}

static bool grow(struct facts_table *t)
{
	uint32_t room = t->room ? t->room * 2 : 64, mask = room * 2 - 1, *index;
	struct facts *f;

	if (t->n < t->room)
		return true;
	f = realloc(t->f, room * sizeof(*f));
	if (!f)
		return false;
	t->f = f;
	index = calloc(mask + 1, sizeof(*index));
	if (!index)
		return false;
	for (uint32_t i = 0; i < t->n; i++) {
		uint32_t at = hash(&f[i]) & mask;

		while (index[at])
			at = (at + 1) & mask;
		index[at] = i + 1;
	}
	free(t->index);
	t->index = index;
	t->mask = mask;
	t->room = room;
	return true;
}

uint32_t facts_intern(struct facts_table *t, const struct facts *f)
{
	uint32_t at;

	if (!grow(t)) {
		t->failed = true;
		return 0;
	}
	for (at = hash(f) & t->mask; t->index[at]; at = (at + 1) & t->mask)
		if (same(&t->f[t->index[at] - 1], f))
			return t->index[at] - 1;
	t->f[t->n] = *f;
	t->index[at] = t->n + 1;
	return t->n++;
}

const struct fact *facts_find(const struct facts *f, uint32_t key)
{
	uint32_t low = 0, high = f->n;

	while (low < high) {
		uint32_t mid = (low + high) / 2;

		if (f->fact[mid].key == key)
			return &f->fact[mid];
		if (f->fact[mid].key < key)
			low = mid + 1;
		else
			high = mid;
	}
	return NULL;
}

void facts_add(struct facts *f, uint32_t key, uint32_t value)
{
	uint32_t at = f->n;

	if (f->n == FACTS_MAX || facts_find(f, key))
		return;
	for (; at && f->fact[at - 1].key > key; at--)
		f->fact[at] = f->fact[at - 1];
	f->fact[at] = (struct fact){ key, value };
	f->n++;
}

void facts_free(struct facts_table *t)
{
	free(t->f);
	free(t->index);
	memset(t, 0, sizeof(*t));
}
