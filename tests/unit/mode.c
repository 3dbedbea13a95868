/* SPDX-License-Identifier: GPL-2.0-only */
/* The adaptive worker's rule, on made-up time: when it polls, when it sleeps, and that a load that
 * wavers does not make it waver. */
#include "t.h"

#include "mode.h"

#define MS 1000000ULL

/* A queue under a load that the test sets. */
struct queue {
	struct adapt a;
	uint64_t now, frames;
	uint32_t switches;
};

/* @windows of a millisecond at @rate frames/s, judged at the end of each. */
static void load(struct queue *q, uint64_t rate, uint32_t windows)
{
	while (windows--) {
		q->now += ADAPT_WINDOW_NS;
		q->frames += rate * ADAPT_WINDOW_NS / 1000000000;
		q->switches += adapt(&q->a, q->now, q->frames);
	}
}

static struct queue fresh(void)
{
	return (struct queue){ .now = 1000 * MS, .a = { .since = 1000 * MS } };
}

static void test_up_and_down(void)
{
	struct queue q = fresh();

	load(&q, 0, 100);
	CHECK(!q.a.polling && !q.switches, "polls without frames");
	load(&q, ADAPT_UP - 1000, 100);
	CHECK(!q.a.polling && !q.switches, "polls below the threshold");
	load(&q, ADAPT_UP, 1);
	CHECK(q.a.polling && q.switches == 1, "does not poll at the threshold");
	load(&q, 10 * ADAPT_UP, 100);
	CHECK(q.a.polling && q.switches == 1, "stops polling under load");
	load(&q, ADAPT_DOWN, 100);
	CHECK(q.a.polling && q.switches == 1, "stops polling at the lower threshold");
	load(&q, ADAPT_DOWN - 1000, ADAPT_HOLD - 1);
	CHECK(q.a.polling, "stops polling too early");
	load(&q, ADAPT_DOWN - 1000, 1);
	CHECK(!q.a.polling && q.switches == 2, "does not stop polling");
}

static void test_hysteresis(void)
{
	struct queue q = fresh();

	/* Between the thresholds it stays what it is, from either side. */
	for (int i = 0; i < 1000; i++)
		load(&q, ADAPT_DOWN + (ADAPT_UP - ADAPT_DOWN) * (i % 10) / 10, 1);
	CHECK(!q.a.polling && !q.switches, "%u switches from below", q.switches);
	load(&q, ADAPT_UP, 1);
	for (int i = 0; i < 1000; i++)
		load(&q, ADAPT_DOWN + (ADAPT_UP - ADAPT_DOWN) * (i % 10) / 10, 1);
	CHECK(q.a.polling && q.switches == 1, "%u switches from above", q.switches);

	/* Bursts with gaps shorter than ADAPT_HOLD windows: it keeps polling. */
	for (int i = 0; i < 100; i++) {
		load(&q, 5 * ADAPT_UP, 2);
		load(&q, 0, ADAPT_HOLD - 1);
	}
	CHECK(q.a.polling && q.switches == 1, "%u switches in bursts", q.switches);
}

/* Judged more often than a window is long, a load counts over whole windows. */
static void test_window(void)
{
	struct queue q = fresh();

	for (int i = 0; i < 9; i++) {
		q.now += ADAPT_WINDOW_NS / 10;
		q.frames += 50;
		CHECK(!adapt(&q.a, q.now, q.frames), "judged after %d/10 of a window", i + 1);
	}
	q.now += ADAPT_WINDOW_NS / 10;
	CHECK(adapt(&q.a, q.now, q.frames) && q.a.polling, "450 frames in a millisecond");

	/* Asleep for long: the frames are spread over all that time. */
	q = fresh();
	q.now += 1000 * MS;
	q.frames += 1000;
	CHECK(!adapt(&q.a, q.now, q.frames) && !q.a.polling, "1000 frames in a second");
	/* A year asleep, and as many frames as a fast NIC brings: no overflow. */
	q.now += 31557600000ULL * MS;
	CHECK(!adapt(&q.a, q.now, q.frames + 1) && !q.a.polling, "one frame in a year");
}

/* Under load it rests for so many windows, and then polls. */
static void rests(struct queue *q, int windows)
{
	load(q, 10 * ADAPT_UP, windows - 1);
	CHECK(!q->a.polling, "polls although it should rest %d windows", windows);
	load(q, 10 * ADAPT_UP, 1);
	CHECK(q->a.polling, "rests for more than %d windows", windows);
}

static void test_rest(void)
{
	struct queue q = fresh();

	load(&q, 10 * ADAPT_UP, 1);
	CHECK(q.a.polling, "does not poll");
	adapt_rest(&q.a, q.now);
	CHECK(!q.a.polling, "does not rest");
	q.switches = 0;
	rests(&q, ADAPT_REST_NS / ADAPT_WINDOW_NS);
	CHECK(q.switches == 1, "%d switches", q.switches);
	/* Rest does not shorten what a quiet queue is granted later. */
	load(&q, 0, ADAPT_HOLD - 1);
	CHECK(q.a.polling, "gives up early");
	load(&q, 0, 1);
	CHECK(!q.a.polling, "never gives up");
}

/* Polling that does not last is tried less and less often; once it has lasted, a pause is cheap. */
static void test_rest_grows(void)
{
	struct queue q = fresh();
	uint64_t rest = ADAPT_REST_NS;
	int i;

	load(&q, 10 * ADAPT_UP, 1);
	for (i = 0; i < 20; i++) {
		adapt_rest(&q.a, q.now);
		rests(&q, rest / ADAPT_WINDOW_NS);
		rest = 2 * rest < ADAPT_REST_MAX_NS ? 2 * rest : ADAPT_REST_MAX_NS;
	}
	CHECK(rest == ADAPT_REST_MAX_NS, "20 times are not enough");
	load(&q, 10 * ADAPT_UP, 10 * ADAPT_REST_MAX_NS / ADAPT_WINDOW_NS);
	adapt_rest(&q.a, q.now);
	rests(&q, ADAPT_REST_NS / ADAPT_WINDOW_NS);
}

/* A polling worker whose frames come while it looks waits longer for more than one that finds them
 * there when it gets its core back. */
static void test_patience(void)
{
	struct queue q = fresh();
	int i, k;

	load(&q, 10 * ADAPT_UP, 1);
	CHECK(adapt_patience(&q.a) == ADAPT_SPIN_NS, "patient before anything is known");
	for (i = 0; i < 20; i++) { /* every 50 us, to a worker that looks 10 times meanwhile */
		for (k = 0; k < 10; k++)
			adapt_empty(&q.a);
		adapt_found(&q.a);
	}
	load(&q, 10 * ADAPT_UP, 1);
	CHECK(adapt_patience(&q.a) == ADAPT_WAIT_NS, "impatient though frames come as it looks");
	load(&q, 0, ADAPT_HOLD - 1);
	CHECK(adapt_patience(&q.a) == ADAPT_WAIT_NS, "a pause says nothing of the sender");
	/* Frames once in three windows, in which it looked in vain for the rest. */
	for (i = 0; i < 4; i++) {
		adapt_found(&q.a);
		for (k = 0; k < 1000; k++)
			adapt_empty(&q.a);
		q.now += 2 * ADAPT_WINDOW_NS;
		load(&q, 30 * ADAPT_UP, 1);
	}
	CHECK(adapt_patience(&q.a) == ADAPT_SPIN_NS, "patient with a sender on its own core");
	/* It never gets to the end of its ring. */
	adapt_found(&q.a);
	load(&q, 10 * ADAPT_UP, 1);
	CHECK(adapt_patience(&q.a) == ADAPT_WAIT_NS, "impatient though frames come faster");
	/* Another phase of polling begins with what is safe. */
	adapt_rest(&q.a, q.now);
	rests(&q, ADAPT_REST_NS / ADAPT_WINDOW_NS);
	CHECK(adapt_patience(&q.a) == ADAPT_SPIN_NS, "patience outlasts a rest");
}

int main(void)
{
	test_patience();
	test_up_and_down();
	test_hysteresis();
	test_window();
	test_rest();
	test_rest_grows();
	return 0;
}
