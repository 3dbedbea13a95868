/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pace.h - how often frames are stamped where the sink wants a sample: one in so many under load,
 * for each stamp costs the kernel's side a clock; every frame while few come, when nobody is short
 * of time and a sample would hold hardly any.
 */
#ifndef AFXDP_PACE_H
#define AFXDP_PACE_H

#include <stdbool.h>
#include <stdint.h>

/*
 * PACE_QUIET: below it every frame is stamped; a clock costs 20 to 50 ns, here 0.25 % of a core.
 * PACE_LOAD: from it on none but the sample. Twice that: a load that wavers does not make it waver.
 * PACE_WINDOW_NS: each change is a system call, so not more often than this.
 */
#define PACE_QUIET     50000	/* frames/s */
#define PACE_LOAD      100000	/* frames/s */
#define PACE_WINDOW_NS 10000000 /* 10 ms */

struct pace {
	bool every;	 /* frame is stamped */
	uint64_t since;	 /* start of the window, ns */
	uint64_t frames; /* consumed when it began */
};

/** pace_judge() - @now: ns. @frames: all that was consumed. Return: whether p->every changed. */
static inline bool pace_judge(struct pace *p, uint64_t now, uint64_t frames)
{
	uint64_t took = now - p->since, rate;
	bool was = p->every;

	if (took < PACE_WINDOW_NS)
		return false;
	rate = (frames - p->frames) * 1000000000ULL / took;
	p->since = now;
	p->frames = frames;
	p->every = rate < (was ? PACE_LOAD : PACE_QUIET);
	return p->every != was;
}

#endif
