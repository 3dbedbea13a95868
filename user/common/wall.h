/* SPDX-License-Identifier: GPL-2.0-only */
/* wall.h - CLOCK_MONOTONIC, by which frames are stamped, as the time of day. */
#ifndef AFXDP_WALL_H
#define AFXDP_WALL_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define NS_PER_S 1000000000ULL

struct wall {
	int64_t offset; /* CLOCK_REALTIME - CLOCK_MONOTONIC */
	uint64_t read;	/* when it was read; 0: never */
};

static inline uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * NS_PER_S + t.tv_nsec;
}

/** wall_turn() - it is @now: read the offset again, if it is older than a second. */
void wall_turn(struct wall *w, uint64_t now);

#endif
