/* SPDX-License-Identifier: GPL-2.0-only */
/* How often frames are stamped, on made-up time: all while few come, and no wavering. */
#include "t.h"

#include "pace.h"

static uint64_t now = 1000000000, frames, changes;
static struct pace p;

/* @ms of @rate frames/s, looked at every millisecond. */
static void load(uint64_t rate, uint32_t ms)
{
	while (ms--) {
		now += 1000000;
		frames += rate / 1000;
		changes += pace_judge(&p, now, frames);
	}
}

int main(void)
{
	p = (struct pace){ true, now, 0 };
	load(0, 100);
	load(PACE_LOAD - 1000, 1000);
	CHECK(p.every && !changes, "below the threshold every frame");
	load(PACE_LOAD, 10);
	CHECK(!p.every && changes == 1, "at the threshold the sample");
	load(10 * PACE_LOAD, 1000);
	load(PACE_QUIET, 1000);
	CHECK(!p.every && changes == 1, "above the lower one the sample still");
	load(PACE_QUIET - 1000, 10);
	CHECK(p.every && changes == 2, "below it every frame");
	/* Judged as seldom as a worker that sleeps is: over all that time. */
	frames += 1000000;
	now += 3600000000000ULL;
	CHECK(!pace_judge(&p, now, frames) && p.every, "a million frames in an hour");
	CHECK(!pace_judge(&p, now + PACE_WINDOW_NS - 1, frames + 100000), "not more often");
	return 0;
}
