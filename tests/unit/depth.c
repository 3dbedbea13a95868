/* SPDX-License-Identifier: GPL-2.0-only */
/* The rule for the depth of a ring, on made-up time: shallow where that brings more frames, deep
 * wherever it does not, or where it loses them, or when the load has gone. */
#include "t.h"

#include "depth.h"

#define MS   1000000ULL
#define RING 4096

/* A queue under a load that the test sets. */
struct queue {
	struct depth d;
	uint64_t now, frames, lost;
	uint64_t deep_rate, shallow_rate; /* frames/s that come out at each depth */
	uint32_t noise;			  /* +- per cent, anew every 3 ms */
	uint32_t wobble;		  /* of now */
	uint32_t per_batch;		  /* frames that come at once */
	uint64_t batches;
	uint32_t loss;	     /* per cent of the frames, when shallow */
	uint64_t shallow_ns; /* time spent shallow */
};

static uint64_t state = 88172645463325252ULL;

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % below;
}

/* @ns of the load, looked at every half millisecond. */
static void runs(struct queue *q, uint64_t ns)
{
	for (uint64_t end = q->now + ns; q->now < end; q->now += MS / 2) {
		bool shallow = q->d.now == q->d.shallow && q->d.now < q->d.deep;
		uint64_t rate = shallow ? q->shallow_rate : q->deep_rate, n;

		if (q->now % (3 * MS) < MS / 2)
			q->wobble = q->noise ? 100 - q->noise + rnd(2 * q->noise + 1) : 100;
		n = rate * q->wobble / 100 / 2000;
		q->frames += n;
		q->batches += n / q->per_batch;
		q->lost += shallow ? n * q->loss / 100 : 0;
		q->shallow_ns += shallow ? MS / 2 : 0;
		/* As the worker does: otherwise it does not know. */
		depth_turn(&q->d, q->now, q->frames, q->batches,
			   depth_counts_lost(&q->d, q->now) ? q->lost : 0);
	}
}

static struct queue load(uint64_t deep, uint64_t shallow, uint32_t noise)
{
	struct queue q = { .now = 1000 * MS,
			   .deep_rate = deep,
			   .shallow_rate = shallow,
			   .noise = noise,
			   .per_batch = 64 };

	depth_init(&q.d, RING, 0, 64);
	return q;
}

static void test_saturated(void)
{
	struct queue q = load(4000000, 5000000, 5);

	CHECK(q.d.now == RING, "it starts deep");
	runs(&q, 500 * MS);
	CHECK(q.d.now == DEPTH_SHALLOW, "shallow is faster by a quarter: after 0.5 s %u", q.d.now);
	q.shallow_ns = 0;
	runs(&q, 60000 * MS);
	CHECK(q.shallow_ns > 58000 * MS, "of a minute it is shallow for %lu ms",
	      (unsigned long)(q.shallow_ns / MS));
	CHECK(q.d.changes == 1, "%lu changes", (unsigned long)q.d.changes);
}

/* The sender is the slower part: nothing is to be won, so nothing is risked. */
static void test_paced(void)
{
	struct queue q = load(1488095, 1488095, 1);

	runs(&q, 10000 * MS);
	CHECK(!q.d.changes, "never chosen");
	CHECK(q.shallow_ns < 150 * MS, "%lu ms of ten seconds were spent on trials",
	      (unsigned long)(q.shallow_ns / MS));
}

/* Few frames at a time: the kernel is not behind, and it is not even tried. */
static void test_not_behind(void)
{
	struct queue q = load(1488095, 1488095, 5);

	q.per_batch = 20;
	runs(&q, 60000 * MS);
	CHECK(!q.shallow_ns, "%lu ms of a minute were spent on trials",
	      (unsigned long)(q.shallow_ns / MS));
	/* A sender that makes up for what it missed. */
	for (int i = 0; i < 100; i++) {
		q.per_batch = 64;
		runs(&q, (DEPTH_FULL_WINDOWS - 2) * 5 * MS);
		q.per_batch = 20;
		runs(&q, 10 * MS);
	}
	CHECK(!q.shallow_ns, "%lu ms spent on trials after stalls",
	      (unsigned long)(q.shallow_ns / MS));
	/* Smaller batches than NAPI's are full with fewer. */
	depth_init(&q.d, RING, 0, 16);
	q.shallow_rate = 2 * q.deep_rate;
	q.per_batch = 16;
	runs(&q, 500 * MS);
	CHECK(q.d.now == DEPTH_SHALLOW, "batches of 16 are full");
	/* Nothing is behind any more, though the rate is what it was. */
	q.per_batch = 8;
	runs(&q, 300 * MS);
	CHECK(q.d.now == RING, "batches are not full: %u", q.d.now);
}

/* Its sender is away for some milliseconds again and again. */
static void test_stalls(void)
{
	struct queue q = load(4000000, 5000000, 5);
	uint64_t shallow;

	for (int i = 0; i < 30; i++) {
		runs(&q, 29 * MS);
		shallow = q.shallow_rate;
		q.deep_rate = q.shallow_rate = 0;
		runs(&q, 11 * MS);
		q.shallow_rate = shallow;
		q.deep_rate = shallow / 5 * 4;
	}
	CHECK(q.d.settled_shallow, "not chosen in a second of stalls");
}

/* A worker that goes to sleep between two stretches of a load that is worth a trial. */
static void test_rests(void)
{
	struct queue q = load(4000000, 5000000, 5);

	for (int i = 0; i < 12; i++) {
		runs(&q, 60 * MS);
		depth_rests(&q.d, q.now, q.frames);
		CHECK(q.d.now == RING, "asleep with %u", q.d.now);
	}
	CHECK(q.d.settled_shallow, "not chosen in twelve stretches of 60 ms");
}

/* Deeper than a load needs that the kernel cannot keep up with: as deep as that one may be. */
static void test_levels(void)
{
	struct queue q = load(3000000, 3000000, 1);

	depth_init(&q.d, 4 * DEPTH_BUSY, 0, 64);
	q.per_batch = 20;
	runs(&q, 1000 * MS);
	CHECK(q.d.now == 4 * DEPTH_BUSY, "not behind: %u", q.d.now);
	q.per_batch = 64;
	runs(&q, 1000 * MS);
	CHECK(q.d.now == DEPTH_BUSY, "behind, and shallow is no faster: %u", q.d.now);
	q.per_batch = 20;
	runs(&q, 10 * MS);
	CHECK(q.d.now == 4 * DEPTH_BUSY, "not behind any more: %u", q.d.now);
	q.per_batch = 64;
	q.shallow_rate = 4000000;
	runs(&q, 3000 * MS);
	CHECK(q.d.now == DEPTH_SHALLOW, "behind, and shallow is faster: %u", q.d.now);
}

static void test_slow_loads(void)
{
	struct queue q = load(DEPTH_MIN_RATE / 2, DEPTH_MIN_RATE, 5);

	runs(&q, 10000 * MS);
	CHECK(!q.shallow_ns, "below the rate from which it matters it is not tried");
}

/* Loads that change all the time are no reason, or hardly ever. */
static void test_bursty(void)
{
	struct queue q = load(1000000, 1000000, 60);

	runs(&q, 3600000 * MS);
	CHECK(q.shallow_ns < 360000 * MS, "an hour of bursts: shallow for %lu s",
	      (unsigned long)(q.shallow_ns / MS / 1000));
}

static void test_loss(void)
{
	struct queue q = load(4000000, 5000000, 5);

	runs(&q, 500 * MS);
	CHECK(q.d.now == DEPTH_SHALLOW, "shallow, %u", q.d.now);
	q.loss = 10;
	runs(&q, 700 * MS);
	CHECK(q.d.now == DEPTH_SHALLOW, "loses less than it wins: %u", q.d.now);
	q.loss = 40;
	runs(&q, 600 * MS); /* a trial may be under way */
	CHECK(q.d.now == RING, "loses more than it wins: %u", q.d.now);
}

/* The load falls, ends, and comes back. */
static void test_fall(void)
{
	struct queue q = load(4000000, 5000000, 5);

	runs(&q, 500 * MS);
	q.deep_rate = q.shallow_rate = 1000000;
	runs(&q, 510 * MS);
	CHECK(q.d.now == RING, "the load has fallen to a fifth: %u", q.d.now);
	q.deep_rate = 4000000;
	q.shallow_rate = 5000000;
	runs(&q, 20 * MS);
	CHECK(q.d.now == DEPTH_SHALLOW, "it is back: %u", q.d.now);
	depth_rests(&q.d, q.now, q.frames);
	CHECK(q.d.now == RING, "no frames: %u", q.d.now);
	runs(&q, 20 * MS);
	CHECK(q.d.now == DEPTH_SHALLOW, "they are back: %u", q.d.now);
}

/* A worker that sleeps in each window does not learn, but does no harm. */
static void test_pauses(void)
{
	struct queue q = load(4000000, 5000000, 5);

	for (int i = 0; i < 1000; i++) {
		runs(&q, 3 * MS);
		depth_paused(&q.d, q.now, q.frames);
	}
	CHECK(!q.d.settled_shallow, "nothing was measured");
	CHECK(q.shallow_ns < 1000 * MS, "of three seconds %lu ms were spent on trials",
	      (unsigned long)(q.shallow_ns / MS));
}

static void test_fixed(void)
{
	struct queue q = load(4000000, 5000000, 5);

	depth_init(&q.d, RING, 1024, 64);
	CHECK(q.d.now == 1024, "as asked for: %u", q.d.now);
	runs(&q, 5000 * MS);
	CHECK(q.d.now == 1024 && !q.d.changes, "and stays so: %u", q.d.now);
	depth_init(&q.d, 256, 0, 64);
	runs(&q, 5000 * MS);
	CHECK(q.d.now == 256, "a ring that is shallow anyway: %u", q.d.now);
}

int main(void)
{
	test_saturated();
	test_paced();
	test_not_behind();
	test_stalls();
	test_rests();
	test_levels();
	test_slow_loads();
	test_bursty();
	test_loss();
	test_fall();
	test_pauses();
	test_fixed();
	return 0;
}
