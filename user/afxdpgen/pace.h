/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pace.h - when how many frames may leave: the open-loop schedule, shared by the XDP program and
 * the AF_PACKET engine.
 *
 * Frame k is due at first + k * interval, whatever became of the frames before it. A sender that
 * was held up (preempted, a full ring) catches up, but not in one burst that no link would carry:
 * at twice the asked rate and at most `burst` frames at a time. More than GEN_BACKLOG behind, the
 * schedule moves on and what was never sent is counted as late.
 */
#ifndef AFXDPGEN_PACE_H
#define AFXDPGEN_PACE_H

#include <linux/types.h>

/* Time is kept in 1/65536 ns since the first frame: 78 hours fit in 64 bits, and at 14.88 M
 * frames/s the rounded interval is off by less than 10^-7. */
#define GEN_TICK_SHIFT 16

/* 100 ms: longer than a scheduler keeps us off a busy core, short enough that a rate which cannot
 * be reached shows as late frames at once. */
#define GEN_BACKLOG (100000000ULL << GEN_TICK_SHIFT)

struct gen_pace {
	/* Set before the start. */
	__u64 interval; /* between two frames, ticks; 0: as fast as it goes */
	__u64 duration; /* ns; 0: no end */
	__u64 burst;	/* frames at a time when catching up */
	/* State. */
	__u64 first_ns; /* CLOCK_MONOTONIC of the first decision */
	__u64 next;	/* when the next frame is due, ticks since first_ns */
	__u64 planned;	/* last decision, ticks since first_ns */
	__u64 credit;	/* ticks' worth of frames that catching up may send now */
	__u64 late;	/* frames given up */
	__u64 over;	/* set once the duration has passed */
};

/**
 * gen_pace() - how many frames may leave at @now, at most @want.
 * @now: CLOCK_MONOTONIC, ns.
 *
 * The schedule moves on by what is returned: what then cannot be sent is given back with
 * gen_pace_refund().
 */
static inline __attribute__((always_inline)) __u64 gen_pace(struct gen_pace *p, __u64 now,
							    __u64 want)
{
	__u64 t, due, may, most, skip;

	if (!p->first_ns) {
		p->first_ns = now;
		p->credit = p->interval;
	}
	if (p->duration && now - p->first_ns >= p->duration) {
		p->over = 1;
		return 0;
	}
	if (!p->interval)
		return want;

	t = (now - p->first_ns) << GEN_TICK_SHIFT;
	most = p->burst * p->interval;
	p->credit += 2 * (t - p->planned);
	if (p->credit > most)
		p->credit = most;
	p->planned = t;
	if (t < p->next)
		return 0;
	if (t - p->next > GEN_BACKLOG + p->interval) {
		skip = (t - p->next - GEN_BACKLOG) / p->interval;
		p->late += skip;
		p->next += skip * p->interval;
	}
	due = (t - p->next) / p->interval + 1;
	may = p->credit / p->interval;
	if (due > may)
		due = may;
	if (due > want)
		due = want;
	p->next += due * p->interval;
	p->credit -= due * p->interval;
	return due;
}

/** gen_pace_refund() - @frames that gen_pace() allowed were not sent: they are due again. */
static inline __attribute__((always_inline)) void gen_pace_refund(struct gen_pace *p, __u64 frames)
{
	p->next -= frames * p->interval;
	p->credit += frames * p->interval;
}

#endif
