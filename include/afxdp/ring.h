/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * ring.h - the single-producer single-consumer ring, and the buffer pool on it.
 *
 * One ring layout serves every ring of the project: those the kernel shares with an AF_XDP socket
 * (fill, RX, TX, completion), those between a worker and a sink's thread, and those of the kernel
 * module. Two free-running 32-bit indices live in memory that both sides see; each side keeps a
 * private view (struct afxdp_prod, struct afxdp_cons) with its own index and its last look at the
 * peer's. So the peer's cache line is read only when that last look no longer suffices: once a
 * batch under load.
 *
 * Ordering: the producer writes slots, then publishes with a store-release of its index; the
 * consumer load-acquires that index before it reads slots, and releases its own index after it has
 * read them. No read-modify-write anywhere.
 *
 * Sizes are powers of two, at most 2^31, so that index differences survive wrap-around
 * (Documentation/networking/af_xdp.rst).
 */
#ifndef AFXDP_RING_H
#define AFXDP_RING_H

#ifdef __KERNEL__
#include <linux/types.h>
#include <linux/compiler.h>
#include <asm/barrier.h>
#define afxdp_load_acquire(p)	  smp_load_acquire(p)
#define afxdp_store_release(p, v) smp_store_release(p, v)
#else
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#define afxdp_load_acquire(p)	  __atomic_load_n(p, __ATOMIC_ACQUIRE)
#define afxdp_store_release(p, v) __atomic_store_n(p, v, __ATOMIC_RELEASE)
#endif

/* Two 64-byte lines: x86 fetches lines in pairs, and a neighbour's line must not travel with ours. */
#define AFXDP_CACHE_LINE 128

/* The shared half of a ring that we allocate ourselves (the kernel lays AF_XDP's out in its own
 * way). */
struct afxdp_ring_indices {
	uint32_t producer __attribute__((aligned(AFXDP_CACHE_LINE)));
	uint32_t consumer __attribute__((aligned(AFXDP_CACHE_LINE)));
};

/* The producer's private view. Slots are the caller's: element index (position & mask) of an array
 * of its own type. */
struct afxdp_prod {
	uint32_t *producer;	  /* shared, written here */
	const uint32_t *consumer; /* shared, read here */
	uint32_t head;		  /* next position to hand out */
	uint32_t seen;		  /* consumer index at the last look */
	uint32_t size;
	uint32_t mask;
};

/* The consumer's private view. */
struct afxdp_cons {
	const uint32_t *producer; /* shared, read here */
	uint32_t *consumer;	  /* shared, written here */
	uint32_t tail;		  /* next position to take */
	uint32_t seen;		  /* producer index at the last look */
	uint32_t size;
	uint32_t mask;
};

/** afxdp_ring_size_ok() - whether @size can be a ring's: a power of two from 1 to 2^31. */
static inline bool afxdp_ring_size_ok(uint32_t size)
{
	return size && !(size & (size - 1));
}

/** afxdp_prod_init() - view of the producing side of a ring of @size slots whose indices live at
 * @producer and @consumer. */
static inline void afxdp_prod_init(struct afxdp_prod *p, uint32_t *producer,
				   const uint32_t *consumer, uint32_t size)
{
	p->producer = producer;
	p->consumer = consumer;
	p->head = *producer;
	p->seen = afxdp_load_acquire(consumer);
	p->size = size;
	p->mask = size - 1;
}

/** afxdp_cons_init() - view of the consuming side of a ring of @size slots. */
static inline void afxdp_cons_init(struct afxdp_cons *c, const uint32_t *producer,
				   uint32_t *consumer, uint32_t size)
{
	c->producer = producer;
	c->consumer = consumer;
	c->tail = *consumer;
	c->seen = c->tail;
	c->size = size;
	c->mask = size - 1;
}

/**
 * afxdp_prod_free() - slots the producer may reserve now.
 * @want: how many would do; the peer's index is read only if the last look shows fewer.
 */
static inline uint32_t afxdp_prod_free(struct afxdp_prod *p, uint32_t want)
{
	uint32_t room = p->size - (p->head - p->seen);

	if (room >= want)
		return room;
	p->seen = afxdp_load_acquire(p->consumer);
	return p->size - (p->head - p->seen);
}

/**
 * afxdp_prod_reserve() - take up to @n slots to write.
 * @pos: set to the position of the first one.
 *
 * Return: how many were taken, 0 to @n. Fewer than @n is the ordinary answer of a ring that is
 * nearly full: callers keep the rest.
 */
static inline uint32_t afxdp_prod_reserve(struct afxdp_prod *p, uint32_t n, uint32_t *pos)
{
	uint32_t room = afxdp_prod_free(p, n);

	if (n > room)
		n = room;
	*pos = p->head;
	p->head += n;
	return n;
}

/** afxdp_prod_submit() - publish every slot reserved so far. */
static inline void afxdp_prod_submit(struct afxdp_prod *p)
{
	afxdp_store_release(p->producer, p->head);
}

/**
 * afxdp_cons_peek() - look for up to @n slots to read.
 * @pos: set to the position of the first one.
 *
 * Return: how many can be read from @pos on, 0 to @n. They stay the consumer's until
 * afxdp_cons_release().
 */
static inline uint32_t afxdp_cons_peek(struct afxdp_cons *c, uint32_t n, uint32_t *pos)
{
	uint32_t ready = c->seen - c->tail;

	if (ready < n) {
		c->seen = afxdp_load_acquire(c->producer);
		ready = c->seen - c->tail;
	}
	*pos = c->tail;
	return n < ready ? n : ready;
}

/** afxdp_cons_release() - give @n slots, read after a peek, back to the producer. */
static inline void afxdp_cons_release(struct afxdp_cons *c, uint32_t n)
{
	c->tail += n;
	afxdp_store_release(c->consumer, c->tail);
}

/*
 * Buffer pool: a bounded set of buffers named by 64-bit addresses, whose free list is a ring.
 * Nothing is ever allocated after set-up; get and put are O(1). One thread gets and one thread
 * puts; they may be the same.
 */
struct afxdp_pool {
	struct afxdp_prod put;
	struct afxdp_cons get;
	uint64_t *slots; /* as many as the ring is large */
};

/**
 * afxdp_pool_init() - an empty pool with room for @size buffers (a power of two).
 * @ix: zeroed indices, owned by the caller. @slots: @size entries, owned by the caller.
 */
static inline void afxdp_pool_init(struct afxdp_pool *pool, struct afxdp_ring_indices *ix,
				   uint64_t *slots, uint32_t size)
{
	pool->slots = slots;
	afxdp_prod_init(&pool->put, &ix->producer, &ix->consumer, size);
	afxdp_cons_init(&pool->get, &ix->producer, &ix->consumer, size);
}

/** afxdp_pool_put() - return up to @n buffers. Return: how many the ring had room for. */
static inline uint32_t afxdp_pool_put(struct afxdp_pool *pool, const uint64_t *addr, uint32_t n)
{
	uint32_t pos, i;

	n = afxdp_prod_reserve(&pool->put, n, &pos);
	for (i = 0; i < n; i++)
		pool->slots[(pos + i) & pool->put.mask] = addr[i];
	if (n)
		afxdp_prod_submit(&pool->put);
	return n;
}

/** afxdp_pool_get() - take up to @n buffers. Return: how many were free. */
static inline uint32_t afxdp_pool_get(struct afxdp_pool *pool, uint64_t *addr, uint32_t n)
{
	uint32_t pos, i;

	n = afxdp_cons_peek(&pool->get, n, &pos);
	for (i = 0; i < n; i++)
		addr[i] = pool->slots[(pos + i) & pool->get.mask];
	if (n)
		afxdp_cons_release(&pool->get, n);
	return n;
}

#endif
