/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * afxdp_xsk_refill() and afxdp_xsk_complete() on rings in ordinary memory, the test in the part of
 * the kernel: fill rings too small for all frames, reserves that come out short, a kernel that
 * takes nothing for long. No frame may be lost or be in two places.
 */
#include "t.h"

#include <string.h>
#include "rnd.h"
#include "xsk.h"

#define FRAMES 64
#define CHUNK  2048

enum place {
	IN_FILL, /* the fill ring or the spare pool */
	IN_KERNEL,
	IN_USER,
	IN_TX
};

struct bench {
	struct afxdp_xsk xsk;
	struct afxdp_ring_indices fill_ix, comp_ix;
	uint64_t fill_slots[FRAMES], comp_slots[FRAMES];
	uint32_t rx_producer, rx_consumer;
	uint64_t spare[FRAMES];
	struct afxdp_cons take; /* the kernel's end of the fill ring */
	struct afxdp_prod give; /* and of the completion ring */
	enum place at[FRAMES];
};

static void set_up(struct bench *b, uint32_t ring)
{
	struct afxdp_xsk *x = &b->xsk;

	memset(b, 0, sizeof(*b));
	/* Indices are free-running: let them wrap in the middle of the test. */
	b->fill_ix.producer = b->fill_ix.consumer = UINT32_MAX - 5;
	b->comp_ix.producer = b->comp_ix.consumer = UINT32_MAX - 3;
	x->chunk_mask = ~(uint64_t)(CHUNK - 1);
	afxdp_prod_init(&x->fill, &b->fill_ix.producer, &b->fill_ix.consumer, ring);
	x->fill_addr = b->fill_slots;
	afxdp_cons_init(&x->comp, &b->comp_ix.producer, &b->comp_ix.consumer, ring);
	x->comp_addr = b->comp_slots;
	x->spare = b->spare;
	x->depth = ring;
	b->rx_producer = b->rx_consumer = UINT32_MAX - 5;
	afxdp_cons_init(&x->rx, &b->rx_producer, &b->rx_consumer, ring);
	afxdp_cons_init(&b->take, &b->fill_ix.producer, &b->fill_ix.consumer, ring);
	afxdp_prod_init(&b->give, &b->comp_ix.producer, &b->comp_ix.consumer, ring);
	for (uint32_t i = 0; i < FRAMES; i++)
		b->at[i] = IN_USER;
}

/* The kernel takes up to @n free frames. Return: how many there were. */
static uint32_t kernel_takes(struct bench *b, uint32_t n)
{
	uint32_t pos;

	n = afxdp_cons_peek(&b->take, n, &pos);
	for (uint32_t i = 0; i < n; i++) {
		uint64_t addr = b->fill_slots[(pos + i) & b->take.mask];

		CHECK(addr % CHUNK == 0 && addr / CHUNK < FRAMES, "address %lx", addr);
		CHECK(b->at[addr / CHUNK] == IN_FILL, "frame %lu is in two places", addr / CHUNK);
		b->at[addr / CHUNK] = IN_KERNEL;
	}
	afxdp_cons_release(&b->take, n);
	return n;
}

/* Up to @n frames from one place to another; any byte of them as address. */
static uint32_t pick(struct bench *b, enum place from, enum place to, uint64_t *addr, uint32_t n)
{
	uint32_t got = 0, start = rnd(FRAMES);

	for (uint32_t i = 0; i < FRAMES && got < n; i++) {
		uint32_t f = (start + i) % FRAMES;

		if (b->at[f] != from)
			continue;
		b->at[f] = to;
		addr[got++] = (uint64_t)f * CHUNK + rnd(CHUNK);
	}
	return got;
}

/* Up to @n frames out of the RX ring. */
static void user_receives(struct bench *b, uint32_t n)
{
	uint64_t addr[FRAMES];

	afxdp_cons_release(&b->xsk.rx, pick(b, IN_KERNEL, IN_USER, addr, n));
}

static void user_refills(struct bench *b, uint32_t n)
{
	uint64_t addr[FRAMES];

	n = pick(b, IN_USER, IN_FILL, addr, n);
	afxdp_xsk_refill(&b->xsk, addr, n);
}

static void kernel_completes(struct bench *b, uint32_t n)
{
	uint64_t addr[FRAMES];
	uint32_t pos, room = afxdp_prod_free(&b->give, n);

	n = pick(b, IN_TX, IN_FILL, addr, n < room ? n : room);
	n = afxdp_prod_reserve(&b->give, n, &pos);
	for (uint32_t i = 0; i < n; i++)
		b->comp_slots[(pos + i) & b->give.mask] = addr[i];
	afxdp_prod_submit(&b->give);
}

/* Never more at the kernel than was asked for, or than were there when less was asked for. */
static void outstanding(const struct bench *b)
{
	uint32_t n = 0;

	for (uint32_t pos = b->take.tail; pos != b->fill_ix.producer; pos++)
		n++;
	for (uint32_t i = 0; i < FRAMES; i++)
		n += b->at[i] == IN_KERNEL;
	CHECK(n <= b->xsk.fill.size, "%u frames at the kernel", n);
	CHECK(n == (uint32_t)(b->xsk.fill.head - b->xsk.rx.tail), "%u frames at the kernel", n);
}

static void one_step(struct bench *b)
{
	uint64_t addr[FRAMES];

	switch (rnd(7)) {
	case 0:
		kernel_takes(b, rnd(16));
		break;
	case 1: /* received */
		user_receives(b, rnd(16));
		break;
	case 2:
		user_refills(b, rnd(64));
		break;
	case 3: /* to be sent */
		b->xsk.tx_pending += pick(b, IN_USER, IN_TX, addr, rnd(8));
		break;
	case 4:
		kernel_completes(b, rnd(16));
		break;
	case 5:
		afxdp_xsk_complete(&b->xsk);
		break;
	case 6:
		b->xsk.depth = 1 + rnd(b->xsk.fill.size);
		break;
	}
	outstanding(b);
}

/* Everything comes back, however little fits into the ring at a time. */
static void settle(struct bench *b)
{
	uint32_t got = 0, n;

	while (b->xsk.tx_pending) {
		kernel_completes(b, FRAMES);
		CHECK(afxdp_xsk_complete(&b->xsk), "%u never complete", b->xsk.tx_pending);
	}
	user_receives(b, FRAMES);
	user_refills(b, FRAMES);
	while ((n = kernel_takes(b, FRAMES))) {
		got += n;
		afxdp_cons_release(&b->xsk.rx, n);
		afxdp_xsk_refill(&b->xsk, NULL, 0);
	}
	CHECK(got == FRAMES, "%u of %d frames came back", got, FRAMES);
	for (uint32_t i = 0; i < FRAMES; i++)
		b->at[i] = IN_USER;
}

static void test_random(void)
{
	static struct bench b;

	for (uint32_t ring = 2; ring <= FRAMES; ring *= 2) {
		set_up(&b, ring);
		for (int round = 0; round < 200; round++) {
			for (int i = 0; i < 200; i++)
				one_step(&b);
			settle(&b);
		}
	}
}

/* The classic mistake: a reserve of four of which two fit, and the other two are forgotten. */
static void test_short_reserve(void)
{
	static struct bench b;
	uint64_t addr[6] = { 0, CHUNK, 2 * CHUNK, 3 * CHUNK, 4 * CHUNK, 5 * CHUNK };

	set_up(&b, 4);
	for (int i = 0; i < 6; i++)
		b.at[i] = IN_FILL;
	afxdp_xsk_refill(&b.xsk, addr, 2);
	afxdp_xsk_refill(&b.xsk, addr + 2, 4); /* two fit */
	CHECK(b.fill_ix.producer - b.fill_ix.consumer == 4, "%u in the ring",
	      b.fill_ix.producer - b.fill_ix.consumer);
	CHECK(kernel_takes(&b, 8) == 4, "the ring holds four");
	user_receives(&b, 4);
	afxdp_xsk_refill(&b.xsk, NULL, 0);
	CHECK(kernel_takes(&b, 8) == 2, "two were kept for later");
}

/* A batch longer than the pool is asked for at a time, out of an empty ring. */
static void test_recovers_from_empty(void)
{
	static struct bench b;

	set_up(&b, FRAMES);
	user_refills(&b, FRAMES);
	CHECK(kernel_takes(&b, FRAMES) == FRAMES, "all frames fit");
	CHECK(kernel_takes(&b, 1) == 0, "the ring is empty");
	user_receives(&b, 1);
	user_refills(&b, 1);
	CHECK(kernel_takes(&b, FRAMES) == 1, "one frame is enough to go on");
}

/* Those that rest are the last that came back: they are still in a cache. */
static void test_depth(void)
{
	static struct bench b;
	uint64_t addr[4] = { 0, CHUNK, 2 * CHUNK, 3 * CHUNK };
	uint32_t pos;

	set_up(&b, 4);
	b.xsk.depth = 2;
	for (int i = 0; i < 4; i++)
		b.at[i] = IN_FILL;
	afxdp_xsk_refill(&b.xsk, addr, 4);
	CHECK(kernel_takes(&b, 8) == 2, "two circulate");
	afxdp_xsk_refill(&b.xsk, NULL, 0);
	CHECK(kernel_takes(&b, 8) == 0, "two are under way: no more");
	user_receives(&b, 2);
	afxdp_xsk_refill(&b.xsk, NULL, 0);
	CHECK(afxdp_cons_peek(&b.take, 8, &pos) == 2, "two circulate again");
	b.xsk.depth = 4;
	user_refills(&b, 2);
	CHECK(kernel_takes(&b, 8) == 4, "four circulate at once");
}

int main(void)
{
	test_depth();
	test_short_reserve();
	test_recovers_from_empty();
	test_random();
	return 0;
}
