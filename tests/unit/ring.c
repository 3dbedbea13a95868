// SPDX-License-Identifier: GPL-2.0-only
/* ring.c - include/afxdp/ring.h: order, no loss, sizes, wrap-around of the 32-bit indices, short
 * reserves, the pool; and two threads over 10^8 items, for ThreadSanitizer to watch. */
#include <afxdp/ring.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>
#include "t.h"

#define ITEMS	  100000000ULL
#define RING_SIZE 4096
#define BATCH	  64

struct ring {
	struct afxdp_ring_indices ix;
	struct afxdp_prod prod;
	struct afxdp_cons cons;
	uint64_t slots[RING_SIZE];
};

/* @start: where both indices stand at first. */
static void ring_init(struct ring *r, uint32_t size, uint32_t start)
{
	memset(r, 0, sizeof(*r));
	r->ix.producer = start;
	r->ix.consumer = start;
	afxdp_prod_init(&r->prod, &r->ix.producer, &r->ix.consumer, size);
	afxdp_cons_init(&r->cons, &r->ix.producer, &r->ix.consumer, size);
}

static uint32_t random_next(uint32_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 17;
	*state ^= *state << 5;
	return *state;
}

static void sizes(void)
{
	uint32_t i;

	CHECK(!afxdp_ring_size_ok(0));
	for (i = 0; i < 32; i++)
		CHECK(afxdp_ring_size_ok(1U << i), "2^%u", i);
	for (i = 2; i < 32; i++) {
		CHECK(!afxdp_ring_size_ok((1U << i) - 1), "2^%u - 1", i);
		CHECK(!afxdp_ring_size_ok((1U << i) + 1), "2^%u + 1", i);
	}
	CHECK(!afxdp_ring_size_ok(~0U));
}

/* The largest ring there can be: only its indices exist here. */
static void largest(uint32_t start)
{
	struct ring r;
	uint32_t pos, half = 1U << 31;

	ring_init(&r, half, start);
	CHECK(afxdp_prod_free(&r.prod, half) == half);
	CHECK(afxdp_prod_reserve(&r.prod, half - 1, &pos) == half - 1 && pos == start);
	CHECK(afxdp_cons_peek(&r.cons, half, &pos) == 0, "reserved, but not submitted");
	afxdp_prod_submit(&r.prod);
	CHECK(afxdp_prod_reserve(&r.prod, 5, &pos) == 1 && pos == start + half - 1,
	      "short reserve");
	CHECK(afxdp_prod_reserve(&r.prod, 1, &pos) == 0, "full");
	afxdp_prod_submit(&r.prod);
	CHECK(afxdp_cons_peek(&r.cons, ~0U, &pos) == half && pos == start);
	afxdp_cons_release(&r.cons, half);
	CHECK(afxdp_cons_peek(&r.cons, 1, &pos) == 0, "empty");
	CHECK(afxdp_prod_free(&r.prod, 1) == half);
}

/* Random reserves, submits, peeks and releases against what a plain count says must come of them. */
static void model(uint32_t size, uint32_t start, uint32_t seed)
{
	uint64_t put = 0, submitted = 0, got = 0, i;
	uint32_t n, want, pos, step;
	struct ring r;

	ring_init(&r, size, start);
	for (step = 0; step < 20000; step++) {
		want = random_next(&seed) % (size + 2);
		if (random_next(&seed) & 1) {
			n = afxdp_prod_reserve(&r.prod, want, &pos);
			CHECK(n == (want < size - (put - got) ? want : size - (put - got)),
			      "size %u: reserved %u of %u with %" PRIu64 " queued", size, n, want,
			      put - got);
			CHECK(pos == (uint32_t)(start + put));
			for (i = 0; i < n; i++)
				r.slots[(pos + i) & r.prod.mask] = put++;
			if (random_next(&seed) & 1) {
				afxdp_prod_submit(&r.prod);
				submitted = put;
			}
		} else {
			n = afxdp_cons_peek(&r.cons, want, &pos);
			CHECK(n <= submitted - got, "size %u: saw what was not submitted", size);
			CHECK(n == (want < submitted - got ? want : submitted - got),
			      "size %u: peeked %u of %u with %" PRIu64 " ready", size, n, want,
			      submitted - got);
			for (i = 0; i < n; i++)
				CHECK(r.slots[(pos + i) & r.cons.mask] == got + i, "size %u: order",
				      size);
			/* Sometimes only a part is given back: the rest must be seen again. */
			n = n ? random_next(&seed) % (n + 1) : 0;
			afxdp_cons_release(&r.cons, n);
			got += n;
		}
	}
}

static void pool(uint32_t start)
{
	struct afxdp_ring_indices ix = { .producer = start, .consumer = start };
	uint64_t slots[64], addr[65], out[65];
	bool free[64] = { false };
	struct afxdp_pool p;
	uint32_t seed = 7, i, n, round, held = 0;

	for (i = 0; i < 65; i++)
		addr[i] = i;
	afxdp_pool_init(&p, &ix, slots, 64);
	CHECK(afxdp_pool_get(&p, out, 1) == 0, "empty at first");
	CHECK(afxdp_pool_put(&p, addr, 65) == 64, "no more than it has room for");
	for (i = 0; i < 64; i++)
		free[i] = true;
	/* Every buffer is in one place only: the pool's or the holder's. */
	for (round = 0; round < 10000; round++) {
		n = afxdp_pool_get(&p, out + held, random_next(&seed) % (65 - held));
		for (i = held; i < held + n; i++) {
			CHECK(out[i] < 64 && free[out[i]], "buffer %" PRIu64 " handed out twice",
			      out[i]);
			free[out[i]] = false;
		}
		held += n;
		n = random_next(&seed) % (held + 1);
		for (i = 0; i < n; i++)
			free[out[held - n + i]] = true;
		CHECK(afxdp_pool_put(&p, out + held - n, n) == n);
		held -= n;
	}
	CHECK(afxdp_pool_get(&p, out + held, 65) == 64 - held, "a buffer was lost");
}

static void *produce(void *arg)
{
	struct ring *r = arg;
	uint64_t next = 0;
	uint32_t n, i, pos, want;

	while (next < ITEMS) {
		want = ITEMS - next < BATCH ? (uint32_t)(ITEMS - next) : BATCH;
		n = afxdp_prod_reserve(&r->prod, want, &pos);
		if (!n) {
			sched_yield();
			continue;
		}
		for (i = 0; i < n; i++)
			r->slots[(pos + i) & r->prod.mask] = next++;
		afxdp_prod_submit(&r->prod);
	}
	return NULL;
}

static void two_threads(void)
{
	static struct ring r;
	uint64_t next = 0, wrong = 0;
	uint32_t n, i, pos;
	pthread_t producer;

	/* The indices wrap once on the way. */
	ring_init(&r, RING_SIZE, -(uint32_t)(ITEMS / 2));
	CHECK(!pthread_create(&producer, NULL, produce, &r));
	while (next < ITEMS) {
		n = afxdp_cons_peek(&r.cons, BATCH, &pos);
		if (!n) {
			sched_yield();
			continue;
		}
		for (i = 0; i < n; i++)
			wrong |= r.slots[(pos + i) & r.cons.mask] ^ next++;
		afxdp_cons_release(&r.cons, n);
		CHECK(!wrong, "lost or out of order before item %" PRIu64, next);
	}
	pthread_join(producer, NULL);
	CHECK(afxdp_cons_peek(&r.cons, 1, &pos) == 0, "more than was sent");
}

int main(void)
{
	static const uint32_t starts[] = { 0, 1, 0x7ffffff0, 0x80000000, 0xfffffff0, 0xffffffff };
	uint32_t i, size;

	sizes();
	for (i = 0; i < sizeof(starts) / sizeof(starts[0]); i++) {
		largest(starts[i]);
		pool(starts[i]);
		for (size = 1; size <= 256; size *= 2)
			model(size, starts[i], size + i);
	}
	two_threads();
	return 0;
}
