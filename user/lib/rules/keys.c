/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* keys.c - the map of a set of ports, Ethernet addresses or services, as ranks.c makes it. */
#include <errno.h>
#include "set.h"

/* Room to grow, in cells. */
#define SPARE 64

static struct afxdp_set_keys *keys_of(struct afxdp_set_cell *cell, const struct afxdp_set_header *h,
				      uint64_t key)
{
	uint64_t hash = afxdp_set_hash(key, 0, h->seed);

	return (void *)&cell[h->hashed_at + afxdp_set_first(hash, h->hashed)];
}

/* The slot that holds @word, which is a key that is there or 0; NULL: none does. Slots are read by
 * programs while they are written. */
static uint64_t *find_slot(struct afxdp_set_keys *k, uint64_t word)
{
	for (uint32_t i = 0; i < AFXDP_SET_KEYS; i++)
		if (k->key[i] == word)
			return (uint64_t *)&k->key[i];
	return NULL;
}

static bool put(struct afxdp_set_cell *cell, const struct afxdp_set_header *h, uint64_t key)
{
	uint64_t *slot = find_slot(keys_of(cell, h, key), 0);

	if (slot)
		__atomic_store_n(slot, key | AFXDP_SET_PRESENT, __ATOMIC_RELEASE);
	return slot;
}

static void take(struct afxdp_set_cell *cell, const struct afxdp_set_header *h, uint64_t key)
{
	uint64_t *slot = find_slot(keys_of(cell, h, key), key | AFXDP_SET_PRESENT);

	if (slot)
		__atomic_store_n(slot, 0, __ATOMIC_RELEASE);
}

static bool fill(void *arg, struct afxdp_set_cell *cell, const struct afxdp_set_header *h)
{
	const struct set_list *l = arg;
	uint32_t i = 0;

	while (i < l->keys && put(cell, h, l->key[i]))
		i++;
	return i == l->keys;
}

int keys_build(const struct set_list *l, struct afxdp_set_cell **cell, uint32_t *cells)
{
	return hashed_build(l->keys, SPARE, fill, (void *)l, cell, cells);
}

static bool had(const struct set_list *l, uint64_t key)
{
	uint32_t at = list_find_key(l, key);

	return at < l->keys && l->key[at] == key;
}

int keys_change(struct afxdp_set_cell *cell, const struct set_list *before, const struct element *e,
		bool add)
{
	const struct afxdp_set_header *h = (void *)cell;
	uint64_t step = AFXDP_SET_KEY(1, 0), k;

	for (k = e->first; k <= e->last; k += step) {
		if (!add)
			take(cell, h, k);
		else if (!had(before, k) && !put(cell, h, k))
			break;
	}
	if (k > e->last)
		return 0;
	while (k > e->first) {
		k -= step;
		if (!had(before, k))
			take(cell, h, k);
	}
	return -ENOSPC;
}
