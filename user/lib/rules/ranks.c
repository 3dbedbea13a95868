/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* ranks.c - the map of a set that stands for rules: a hash table in which every look-up is one
 * cell (afxdp/classifier.h). */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "set.h"

/* Seeds to try before the table is made longer. Two a cell of eight: one in some ten is right. */
#define SEEDS 256

static struct afxdp_set_ranks *ranks_of(struct afxdp_set_cell *cell,
					const struct afxdp_set_header *h, uint32_t address)
{
	uint64_t hash = afxdp_set_hash(address, 0, h->seed);

	return (void *)&cell[h->hashed_at + afxdp_set_first(hash, h->hashed)];
}

static bool fill(void *arg, struct afxdp_set_cell *cell, const struct afxdp_set_header *h)
{
	const struct ranked_list *l = arg;

	for (uint32_t i = 0; i < l->n; i++) {
		struct afxdp_set_ranks *r = ranks_of(cell, h, l->at[i].address);
		uint32_t slot = 0;

		while (slot < AFXDP_SET_RANKS && r->rank[slot])
			slot++;
		if (slot == AFXDP_SET_RANKS)
			return false;
		r->address[slot] = l->at[i].address;
		r->rank[slot] = l->at[i].rank;
	}
	return true;
}

int hashed_build(uint32_t n, uint32_t spare,
		 bool (*fill)(void *arg, struct afxdp_set_cell *cell,
			      const struct afxdp_set_header *h),
		 void *arg, struct afxdp_set_cell **cell, uint32_t *cells)
{
	struct afxdp_set_header h = { .hashed_at = 1, .hashed = n / 2 + 1 + spare };

	for (;; h.hashed *= 2) {
		*cells = h.hashed_at + h.hashed;
		*cell = calloc(*cells, sizeof(**cell));
		if (!*cell)
			return -ENOMEM;
		for (h.seed = 0; h.seed < SEEDS; h.seed++) {
			memset(&(*cell)[h.hashed_at], 0, h.hashed * sizeof(**cell));
			if (!fill(arg, *cell, &h))
				continue;
			memcpy(&(*cell)[0], &h, sizeof(h));
			return 0;
		}
		free(*cell);
	}
}

int ranks_build(const struct ranked_list *l, struct afxdp_set_cell **cell, uint32_t *cells)
{
	return hashed_build(l->n, 0, fill, (void *)l, cell, cells);
}
