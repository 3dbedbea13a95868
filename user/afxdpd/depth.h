/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * depth.h - how many frames circulate between the kernel and a worker, and the rule by which that
 * follows the load.
 *
 * Every frame handed to the kernel comes round in turn, so with many of them what the kernel writes
 * has left the caches before its chunk is written again; with few of them a worker that is kept
 * from its core for a moment finds them all used up. Which of the two counts only a trial can tell:
 * as long as the sender is the slower part, deep costs nothing. So the ring is kept deep unless
 * shallow is seen to bring more frames in the same time, windows of both in turns; and is deep
 * again as soon as the load falls, or as what is lost outweighs what is won.
 *
 * A trial is a risk: whoever is kept from its core for a third of a millisecond in a shallow window
 * loses frames at a gigabit's rate. So there is none while somebody has time left. A poll of NAPI
 * hands over as many frames as it found, up to 64: a worker that gets fewer at a time than that
 * sees a kernel that is not behind. Where it is behind, frames are lost in any case, and some
 * thousands are deep enough: the tens of thousands that bridge a host's stalls are for loads that
 * somebody could keep up with.
 */
#ifndef AFXDP_DEPTH_H
#define AFXDP_DEPTH_H

#include <stdbool.h>
#include <stdint.h>

/*
 * DEPTH_SHALLOW: eight batches. 256 is no faster, 1024 loses a third of what is won (see
 * docs/performance.md).
 * DEPTH_MIN_RATE: below it nobody is short of time, and the frames of a deep ring take long to come
 * round.
 * DEPTH_BUSY: as deep as a ring is under such a load. 4.1 ms at two million frames/s; of 32768 the
 * bare loop made four fifths as many frames.
 * DEPTH_FULL: per cent of a full batch that the mean batch of a window must have for that. At
 * saturation it was 98, at 1,488,095 frames/s 10 to 20.
 * DEPTH_FULL_WINDOWS: so many of them in a row. A sender that makes up for a stall fills a few.
 * DEPTH_WINDOW_NS: at DEPTH_MIN_RATE 1,250 frames. Shorter, and a tick of the timer shows.
 * DEPTH_PAIRS, DEPTH_WINS: by chance alone so many of so many comparisons are won once in 14 times;
 * the gain that is asked for makes it rarer, and a worker that was kept from its core in one window
 * of six is no obstacle. A ring that is shallow stays so with a simple majority.
 * DEPTH_GAIN: per cent. Less is not worth the risk.
 * DEPTH_WATCH_NS: over so long it is judged whether a shallow ring is still right.
 * DEPTH_AGAIN_NS: until the next trial; twice as long each time that it ends as the last one, up to
 * DEPTH_AGAIN_MAX_NS: a trial takes 0.1 s, half of it with the ring as it is better not.
 */
#define DEPTH_SHALLOW	   512	  /* frames */
#define DEPTH_BATCH	   64	  /* frames: NAPI's poll weight */
#define DEPTH_MIN_RATE	   250000 /* frames/s */
#define DEPTH_BUSY	   8192	  /* frames */
#define DEPTH_FULL	   75	  /* % */
#define DEPTH_FULL_WINDOWS 20
#define DEPTH_WINDOW_NS	   5000000 /* 5 ms */
#define DEPTH_PAIRS	   12
#define DEPTH_WINS	   9
#define DEPTH_GAIN	   3	       /* % */
#define DEPTH_WATCH_NS	   250000000   /* 250 ms */
#define DEPTH_AGAIN_NS	   1000000000  /* 1 s */
#define DEPTH_AGAIN_MAX_NS 64000000000 /* 64 s */

struct depth {
	uint32_t deep, busy, shallow; /* frames; all equal: there is nothing to choose */
	uint32_t now;		      /* in force */
	uint32_t was;		      /* before, in a trial */
	bool settled_shallow;	      /* what the last trial chose */
	bool trying;
	bool measuring;	       /* this window: the frames of the one before are used up */
	uint64_t since;	       /* start of the window, ns */
	uint64_t frames, lost; /* counted when it began */
	uint64_t batches, batches_now;
	uint32_t batch;	       /* frames of a full one */
	uint32_t full;	       /* windows in a row with full batches */
	uint32_t window;       /* of this trial */
	uint32_t wins, losses; /* of shallow, pair by pair */
	uint32_t pauses;       /* in which its windows could not be measured */
	uint64_t rate;	       /* frames/s of the window before */
	uint64_t shallow_rate; /* frames/s that the trial saw last */
	uint64_t gain;	       /* % that the trial saw, all pairs that were won added up */
	uint64_t again;	       /* the next trial, ns */
	uint64_t wait;
	uint64_t changes; /* of what trials chose */
};

/** depth_init() - @ring: slots, the deepest there is. @fixed: frames asked for by the user, or 0.
 * @batch: frames that a worker takes at once. */
static inline void depth_init(struct depth *d, uint32_t ring, uint32_t fixed, uint32_t batch)
{
	*d = (struct depth){
		.deep = fixed && fixed < ring ? fixed : ring,
		.wait = DEPTH_AGAIN_NS,
		.batch = batch < DEPTH_BATCH ? batch : DEPTH_BATCH,
	};
	d->shallow = fixed || d->deep < DEPTH_SHALLOW ? d->deep : DEPTH_SHALLOW;
	d->busy = d->deep < DEPTH_BUSY ? d->deep : DEPTH_BUSY;
	d->now = d->deep;
}

static inline void depth_window(struct depth *d, uint64_t now, uint64_t frames)
{
	d->since = now;
	d->frames = frames;
	d->batches = d->batches_now;
	d->measuring = false;
}

/* Whether in this window as many frames came at once as can. */
static inline bool depth_full(const struct depth *d, uint64_t frames)
{
	return (frames - d->frames) * 100 >= (d->batches_now - d->batches) * d->batch * DEPTH_FULL;
}

/* Without what trials say. */
static inline uint32_t depth_base(const struct depth *d)
{
	return d->full >= DEPTH_FULL_WINDOWS ? d->busy : d->deep;
}

/* In turns, and so that neither comes first more often: deep, shallow, shallow, deep, ... */
static inline bool depth_window_shallow(uint32_t window)
{
	return (window + 1) & 2;
}

/* That a trial wants now. */
static inline uint32_t depth_level(const struct depth *d)
{
	return depth_window_shallow(d->window) ? d->shallow : d->busy;
}

static inline void depth_settle(struct depth *d, bool shallow, uint64_t now, uint64_t frames)
{
	if (shallow == d->settled_shallow) {
		d->wait = 2 * d->wait < DEPTH_AGAIN_MAX_NS ? 2 * d->wait : DEPTH_AGAIN_MAX_NS;
	} else {
		d->wait = DEPTH_AGAIN_NS;
		d->changes++;
	}
	d->trying = false;
	d->settled_shallow = shallow;
	d->now = shallow ? d->shallow : depth_base(d);
	d->again = now + d->wait;
	depth_window(d, now, frames);
}

/** depth_paused() - the worker slept for a moment: the window it was measuring means nothing. A
 * trial that gets nowhere for that is given up. */
static inline void depth_paused(struct depth *d, uint64_t now, uint64_t frames)
{
	if (!d->trying)
		return;
	if (++d->pauses > 2 * DEPTH_PAIRS)
		depth_settle(d, d->settled_shallow, now, frames);
	else
		depth_window(d, now, frames);
}

/** depth_rests() - no frames come: as deep as can be, for whatever comes next. A trial goes on when
 * they do. */
static inline void depth_rests(struct depth *d, uint64_t now, uint64_t frames)
{
	depth_paused(d, now, frames);
	d->now = d->deep;
	depth_window(d, now, frames);
}

/* Two windows in a row are a pair. */
static inline void depth_compare(struct depth *d, uint64_t rate, uint64_t now, uint64_t frames)
{
	bool is_shallow = depth_window_shallow(d->window);
	uint64_t shallow = is_shallow ? rate : d->rate, deep = is_shallow ? d->rate : rate;
	uint32_t enough = d->settled_shallow ? DEPTH_PAIRS / 2 + 1 : DEPTH_WINS;

	if (shallow * 100 >= deep * (100 + DEPTH_GAIN)) {
		d->gain += deep ? shallow * 100 / deep - 100 : 100;
		d->shallow_rate = shallow;
		d->wins++;
	} else {
		d->losses++;
	}
	if (d->wins >= enough)
		depth_settle(d, true, now, frames);
	else if (d->losses > DEPTH_PAIRS - enough)
		depth_settle(d, false, now, frames);
}

/* The end of a window of a trial. */
static inline void depth_tried(struct depth *d, uint64_t rate, uint64_t now, uint64_t frames)
{
	if (d->window & 1)
		depth_compare(d, rate, now, frames);
	if (!d->trying)
		return;
	d->rate = rate;
	d->window++;
	d->was = d->now;
	d->now = depth_level(d);
	depth_window(d, now, frames);
}

static inline void depth_try(struct depth *d, uint64_t now, uint64_t frames)
{
	d->trying = true;
	d->window = d->wins = d->losses = d->pauses = 0;
	d->gain = 0;
	d->was = d->now;
	d->now = d->busy;
	depth_window(d, now, frames);
}

/* What a trial found holds for loads like that one: 0.5 and 0.6 of its rate, so that a load that
 * wavers does not make the ring waver, and lower than what a deep ring makes of the same load. */
static inline void depth_follow(struct depth *d, uint64_t rate, uint64_t now, uint64_t frames)
{
	if (rate < d->shallow_rate / 2 || !depth_full(d, frames))
		d->now = depth_base(d);
	else if (d->settled_shallow && rate > d->shallow_rate / 10 * 6)
		d->now = d->shallow;
	else if (d->now != d->shallow)
		d->now = depth_base(d);
	depth_window(d, now, frames);
}

/* A shallow ring is watched for longer than one that may become it. */
static inline uint64_t depth_window_ns(const struct depth *d)
{
	return d->now == d->shallow && !d->trying ? DEPTH_WATCH_NS : DEPTH_WINDOW_NS;
}

/** depth_counts_lost() - whether depth_turn() at @now will look at @lost: to find out costs a
 * system call. */
static inline bool depth_counts_lost(const struct depth *d, uint64_t now)
{
	return (d->trying || d->settled_shallow) && now - d->since >= depth_window_ns(d);
}

/**
 * depth_turn() - judge; to be called every few milliseconds at least while frames come.
 * @now: ns. @frames, @batches: all that the worker has consumed. @lost: frames the kernel had none
 * of ours for, or no room in the RX ring; looked at if depth_counts_lost().
 */
static inline void depth_turn(struct depth *d, uint64_t now, uint64_t frames, uint64_t batches,
			      uint64_t lost)
{
	uint64_t took = now - d->since, n = frames - d->frames, rate;

	if (d->deep == d->shallow)
		return;
	d->batches_now = batches;
	if (d->trying && d->now != depth_level(d)) { /* it rested */
		d->was = d->now;
		d->now = depth_level(d);
		depth_window(d, now, frames);
		return;
	}
	/* Nothing can be said of a level before the frames of the other are used up. */
	if (d->trying && !d->measuring && took < 20 * DEPTH_WINDOW_NS) {
		if (n < d->was || n < d->now)
			return;
		depth_window(d, now, frames);
		d->measuring = true;
		return;
	}
	if (took < depth_window_ns(d))
		return;
	rate = n * 1000000000ULL / took;
	/* A sender that was away says nothing of how far behind the kernel is when it is there. */
	if (rate >= DEPTH_MIN_RATE)
		d->full = depth_full(d, frames) ? d->full + 1 : 0;
	if (d->trying && rate < DEPTH_MIN_RATE)
		depth_paused(d, now, frames);
	else if (d->trying && d->full)
		depth_tried(d, rate, now, frames);
	else if (d->trying)
		depth_settle(d, false, now, frames);
	else if (d->now == d->shallow && (lost - d->lost) * 100 * d->wins > n * d->gain)
		depth_settle(d, false, now, frames);
	else if (rate >= DEPTH_MIN_RATE && d->full >= DEPTH_FULL_WINDOWS && now >= d->again)
		depth_try(d, now, frames);
	else
		depth_follow(d, rate, now, frames);
	d->lost = lost;
}

#endif
