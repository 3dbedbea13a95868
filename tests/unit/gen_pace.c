/* SPDX-License-Identifier: GPL-2.0-only */
/* afxdpgen's schedule, driven by a made-up clock: rates, catching up, giving up, giving back. */
#include "pace.h"
#include "sender.h"
#include "t.h"

static struct gen_pace at(double pps, uint64_t burst)
{
	return (struct gen_pace){ .interval = 1e9 * (1 << GEN_TICK_SHIFT) / pps + 0.5,
				  .burst = burst };
}

/* Asking every @step ns for @ns gives pps * time frames, never early, never more than a few at
 * once. */
static void rate(double pps, uint64_t step, uint64_t ns)
{
	uint64_t t0 = 12345, now, sent = 0, got, most = 2 + 2 * pps * step / 1e9;
	struct gen_pace p = at(pps, 64);

	for (now = t0; now <= t0 + ns; now += step) {
		got = gen_pace(&p, now, 64);
		CHECK(got <= most, "%llu at once", (long long)got);
		sent += got;
		CHECK(sent <= 1 + (now - t0) * pps / 1e9 * 1.000001, "early: %llu at %llu",
		      (long long)sent, (long long)(now - t0));
	}
	CHECK(sent + 1 >= ns * pps / 1e9 * 0.999999 - pps * step / 1e9, "%.0f: %llu", pps,
	      (long long)sent);
	CHECK(!p.late);
}

static void fast(void)
{
	struct gen_pace p = { .duration = 1000 };

	CHECK(gen_pace(&p, 5, 64) == 64 && gen_pace(&p, 1004, 17) == 17 && !p.over);
	CHECK(gen_pace(&p, 1005, 64) == 0 && p.over);
}

/* Held up for 10 ms at a million a second: 10,000 behind, made up at twice the rate, 64 at a time
 * at most. */
static void catches_up(void)
{
	uint64_t now = 1000, sent, start, got;
	struct gen_pace p = at(1e6, 64);

	sent = gen_pace(&p, now, 256);
	now += 10000000;
	start = now;
	while (sent + 6 < (now - 1000) / 1000) {
		got = gen_pace(&p, now, 256);
		CHECK(got <= 64);
		sent += got;
		now += 5000;
		CHECK(now < start + 50000000, "never");
	}
	CHECK(now - start >= 9000000 && now - start <= 11000000, "%llu ns",
	      (long long)(now - start));
	CHECK(!p.late);
}

/* Held up for longer than the backlog: the rest is late, and counted. */
static void gives_up(void)
{
	struct gen_pace p = at(1000, 64);
	uint64_t now = 1000, sent = gen_pace(&p, now, 64);

	now += 3000000000;
	while (now < 6000000000)
		sent += gen_pace(&p, now += 100000, 64);
	CHECK(p.late >= 2890 && p.late <= 2910, "%llu", (long long)p.late);
	CHECK(sent + p.late >= 5998 && sent + p.late <= 6001, "%llu", (long long)sent);
}

static void gives_back(void)
{
	struct gen_pace p = at(1000, 64);
	uint64_t now = 1000;

	CHECK(gen_pace(&p, now, 64) == 1);
	CHECK(gen_pace(&p, now, 64) == 0);
	gen_pace_refund(&p, 1);
	CHECK(gen_pace(&p, now, 64) == 1);
	CHECK(gen_pace_due(&p) == now + 1000000 + 1);
	CHECK(gen_pace(&p, now + 999000, 64) == 0);
	CHECK(gen_pace(&p, gen_pace_due(&p), 64) == 1);
}

/* Slower than the backlog is long. */
static void slow(void)
{
	struct gen_pace p = at(0.1, 64);
	uint64_t now = 1, sent = 0, asked = 0;

	while (sent < 5) {
		sent += gen_pace(&p, now, 64);
		now = gen_pace_due(&p);
		CHECK(++asked < 12, "%llu sent", (long long)sent);
	}
	CHECK(now >= 50000000000 && now < 50100000000 && !p.late);
}

int main(void)
{
	rate(1, 1000000, 20000000000);
	rate(1000, 100000, 2000000000);
	rate(1488095, 2000, 1000000000);
	rate(14880952, 1500, 100000000);
	rate(333333.3, 7919, 1000000000);
	fast();
	catches_up();
	gives_up();
	gives_back();
	slow();
	return 0;
}
