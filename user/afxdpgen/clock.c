/* SPDX-License-Identifier: GPL-2.0-only */
/* clock.c - time, for senders. */
#include <time.h>

#include "sender.h"

uint64_t gen_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

void gen_sleep_until(uint64_t ns)
{
	uint64_t latest = gen_now() + 100000000;
	struct timespec t;

	if (ns > latest)
		ns = latest;
	t = (struct timespec){ .tv_sec = ns / 1000000000, .tv_nsec = ns % 1000000000 };
	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL);
}

uint64_t gen_pace_due(const struct gen_pace *p)
{
	uint64_t due = p->next;

	/* Catching up waits for credit, not for the schedule. */
	if (p->interval && p->credit < p->interval) {
		uint64_t earned = p->planned + (p->interval - p->credit) / 2;

		if (earned > due)
			due = earned;
	}
	/* Rounded up: to wake a fraction of a nanosecond early is to wake twice. */
	return p->first_ns + (due >> GEN_TICK_SHIFT) + 1;
}
