/* SPDX-License-Identifier: GPL-2.0-only */
#include "wall.h"

#include <stdlib.h>

/* The two clocks are adjusted alike; only setting the time moves them against each other. Less than
 * this is the noise of reading them one after the other. */
#define CLOCK_STEP_NS 2000

/* Read the wall clock between two readings of the other one; the closest pair of three counts. */
void wall_turn(struct wall *w, uint64_t now)
{
	uint64_t best = UINT64_MAX;
	int64_t offset = 0;

	if (w->read && now - w->read <= NS_PER_S)
		return;
	for (int i = 0; i < 3; i++) {
		uint64_t before = clock_ns(CLOCK_MONOTONIC), wall = clock_ns(CLOCK_REALTIME),
			 width = clock_ns(CLOCK_MONOTONIC) - before;

		if (width < best) {
			best = width;
			offset = (int64_t)(wall - before - width / 2);
		}
	}
	/* Time stamps of one file should not jump about with the noise of this measurement. */
	if (!w->read || llabs(offset - w->offset) > CLOCK_STEP_NS)
		w->offset = offset;
	w->read = now;
}
