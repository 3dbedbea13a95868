/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pool.c - getting and giving back frame buffers: our pool, whose free list is a ring, beside malloc
 * and free. "own": by one thread, as many at a time as a batch has. "across": taken by one thread,
 * given back by another, as a receive path does; both ways hand frames over by the same ring.
 */
#include <stdlib.h>
#include <string.h>

#include "afxdp/ring.h"
#include "mech.h"

enum {
	BUFFERS = 2 * MECH_BOUND
};

struct pool {
	struct afxdp_ring_indices free_indices;
	struct afxdp_pool pool __attribute__((aligned(AFXDP_CACHE_LINE)));
	uint64_t free_slots[BUFFERS];
	uint8_t *memory;
	/* From the taker to the giver. */
	struct afxdp_ring_indices indices;
	struct afxdp_prod prod __attribute__((aligned(AFXDP_CACHE_LINE)));
	uint64_t produced;
	struct afxdp_cons cons __attribute__((aligned(AFXDP_CACHE_LINE)));
	uint64_t slots[MECH_BOUND] __attribute__((aligned(AFXDP_CACHE_LINE)));
};

static struct pool *pool_open(void)
{
	static struct pool p;
	uint64_t i, address;

	free(p.memory);
	memset(&p, 0, sizeof(p));
	p.memory = aligned_alloc(4096, (size_t)BUFFERS * MECH_FRAME);
	mech_must(p.memory != NULL, "no memory");
	memset(p.memory, 0, (size_t)BUFFERS * MECH_FRAME);
	afxdp_pool_init(&p.pool, &p.free_indices, p.free_slots, BUFFERS);
	for (i = 0; i < BUFFERS; i++) {
		address = i * MECH_FRAME;
		mech_must(afxdp_pool_put(&p.pool, &address, 1) == 1, "pool too small");
	}
	afxdp_prod_init(&p.prod, &p.indices.producer, &p.indices.consumer, MECH_BOUND);
	afxdp_cons_init(&p.cons, &p.indices.producer, &p.indices.consumer, MECH_BOUND);
	return &p;
}

static double own_pool(uint64_t items, unsigned int batch)
{
	struct pool *p = pool_open();
	double start = mech_now();
	uint64_t at[256], done;
	uint32_t n, i;

	for (done = 0; done < items; done += n) {
		n = afxdp_pool_get(&p->pool, at, batch);
		for (i = 0; i < n; i++)
			mech_use(p->memory + at[i]);
		afxdp_pool_put(&p->pool, at, n);
	}
	return mech_now() - start;
}

static double own_malloc(uint64_t items, unsigned int batch)
{
	double start = mech_now();
	void *at[256];
	uint64_t done;
	uint32_t i;

	for (done = 0; done < items; done += batch) {
		for (i = 0; i < batch; i++) {
			at[i] = malloc(MECH_FRAME);
			mech_use(at[i]);
		}
		for (i = 0; i < batch; i++)
			free(at[i]);
	}
	return mech_now() - start;
}

/* Hands over what @take gives; the first word of every buffer is its item. */
static inline void produce(struct pool *p, uint64_t items, unsigned int batch,
			   uint32_t (*take)(struct pool *, uint64_t *, uint32_t))
{
	uint64_t at[256];
	uint32_t pos, n, i;

	while (items) {
		n = items < batch ? items : batch;
		i = afxdp_prod_free(&p->prod, n);
		n = take(p, at, n < i ? n : i);
		if (!n) {
			mech_relax();
			continue;
		}
		mech_must(afxdp_prod_reserve(&p->prod, n, &pos) == n, "ring");
		for (i = 0; i < n; i++) {
			*(uint64_t *)at[i] = p->produced++;
			p->slots[(pos + i) & p->prod.mask] = at[i];
		}
		afxdp_prod_submit(&p->prod);
		items -= n;
	}
}

static inline uint64_t consume(struct pool *p, uint64_t items, unsigned int batch,
			       void (*give)(struct pool *, uint64_t *, uint32_t))
{
	uint64_t at[256], sum = 0;
	uint32_t pos, n, i;

	while (items) {
		n = afxdp_cons_peek(&p->cons, items < batch ? items : batch, &pos);
		if (!n) {
			mech_relax();
			continue;
		}
		for (i = 0; i < n; i++) {
			at[i] = p->slots[(pos + i) & p->cons.mask];
			sum += *(uint64_t *)at[i];
		}
		afxdp_cons_release(&p->cons, n);
		give(p, at, n);
		items -= n;
	}
	return sum;
}

static inline uint32_t pool_take(struct pool *p, uint64_t *at, uint32_t n)
{
	uint32_t i;

	n = afxdp_pool_get(&p->pool, at, n);
	for (i = 0; i < n; i++)
		at[i] += (uint64_t)p->memory;
	return n;
}

static inline void pool_give(struct pool *p, uint64_t *at, uint32_t n)
{
	uint32_t i;

	for (i = 0; i < n; i++)
		at[i] -= (uint64_t)p->memory;
	mech_must(afxdp_pool_put(&p->pool, at, n) == n, "pool full");
}

static inline uint32_t malloc_take(struct pool *p, uint64_t *at, uint32_t n)
{
	uint32_t i;

	(void)p;
	for (i = 0; i < n; i++)
		at[i] = (uint64_t)malloc(MECH_FRAME);
	return n;
}

static inline void malloc_give(struct pool *p, uint64_t *at, uint32_t n)
{
	uint32_t i;

	(void)p;
	for (i = 0; i < n; i++)
		free((void *)at[i]);
}

static void pool_produce(void *p, uint64_t items, unsigned int batch)
{
	produce(p, items, batch, pool_take);
}

static uint64_t pool_consume(void *p, uint64_t items, unsigned int batch)
{
	return consume(p, items, batch, pool_give);
}

static void malloc_produce(void *p, uint64_t items, unsigned int batch)
{
	produce(p, items, batch, malloc_take);
}

static uint64_t malloc_consume(void *p, uint64_t items, unsigned int batch)
{
	return consume(p, items, batch, malloc_give);
}

static double across_pool(uint64_t items, unsigned int batch)
{
	struct mech_pair pair = { pool_produce, pool_consume, pool_open() };

	return mech_transfer(&pair, items, batch);
}

static double across_malloc(uint64_t items, unsigned int batch)
{
	struct mech_pair pair = { malloc_produce, malloc_consume, pool_open() };

	return mech_transfer(&pair, items, batch);
}

static const unsigned int batches[] = { 1, 64, 0 };

const struct mech mech_pool[] = {
	{ "pool-own", "malloc", own_malloc, batches, 2000000 },
	{ "pool-own", "pool", own_pool, batches, 5000000 },
	{ "pool-across", "malloc", across_malloc, batches, 1000000 },
	{ "pool-across", "pool", across_pool, batches, 2000000 },
	{},
};
