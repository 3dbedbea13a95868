/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * mode.h - how a worker learns that frames arrived, and the rule by which an adaptive one changes
 * its mind.
 */
#ifndef AFXDP_MODE_H
#define AFXDP_MODE_H

#include <stdbool.h>
#include <stdint.h>

enum mode {
	MODE_INTERRUPT, /* sleeps in poll() when its ring is empty */
	MODE_BUSY,	/* drives the NAPI context itself, by system call */
	MODE_SPIN,	/* looks at the ring all the time, no system calls */
	MODE_ADAPTIVE,	/* as interrupt at low load, as spin at high load */
	MODES
};

/*
 * ADAPT_UP: from this rate on a worker polls. A wake-up costs a core a few microseconds (poll(),
 * the scheduler, often an inter-processor interrupt), so sleeping between frames stops paying when
 * there are this many; lower wastes CPU, higher adds a wake-up's latency to frames that come close
 * together anyway. ADAPT_DOWN: below it a worker sleeps again. Half: a load that wavers around
 * either threshold does not flip the mode. ADAPT_WINDOW_NS: the load is measured over at least
 * this. Shorter and a single burst counts as load; longer and the ring (4096 slots, 2.8 ms at 1.488
 * M frames/s) fills before a sleeper reacts, although even a sleeper empties it at every wake-up.
 * ADAPT_HOLD: so many windows in a row must be quiet before polling ends; 10 ms bridges the gaps of
 * bursty senders.
 * ADAPT_SPIN_NS: a polling worker whose ring stays empty for that long sleeps. 200 us is ten times
 * the mean gap at ADAPT_DOWN: a sender that paused, frames that come in bursts far apart, or a
 * worker that keeps the CPU from whoever should feed it. ADAPT_WAIT_NS: the same where that cannot
 * be, for frames came while it polled: as long as ADAPT_HOLD lets it poll in any case. A tick of
 * the timer or a host takes the sender's core away for milliseconds, and a worker that slept would
 * be woken for every few frames, and late. ADAPT_COME_NS: that is so if frames came at least once
 * in so long. A sender on another core is seen 50 times as often; one that shares the core gets it
 * for some milliseconds at a time, in which we do not look. ADAPT_REST_NS: how long it then does
 * not poll. The first time short, for a pause that is over has cost nothing yet; twice as long each
 * time that polling did not last ten times the rest before it, for then a sleeper does better, and
 * the tries must stay cheap: at ADAPT_REST_MAX_NS they are 0.4 % of the time.
 */
#define ADAPT_UP	  100000   /* frames/s */
#define ADAPT_DOWN	  50000	   /* frames/s */
#define ADAPT_WINDOW_NS	  1000000  /* 1 ms */
#define ADAPT_HOLD	  10	   /* windows */
#define ADAPT_SPIN_NS	  200000   /* 200 us */
#define ADAPT_WAIT_NS	  10000000 /* 10 ms */
#define ADAPT_COME_NS	  250000   /* 250 us */
#define ADAPT_REST_NS	  1000000  /* 1 ms */
#define ADAPT_REST_MAX_NS 50000000 /* 50 ms */

struct adapt {
	uint64_t since;	     /* start of the window, ns */
	uint64_t frames;     /* consumed when it began */
	uint32_t quiet;	     /* windows below ADAPT_DOWN in a row */
	uint64_t rest_until; /* no polling before, ns */
	uint64_t rest;	     /* the last rest, ns */
	uint64_t polls_from; /* start of polling, ns */
	bool polling;
	bool apart;	/* frames come while it polls */
	bool looking;	/* polling, and the ring was empty */
	uint32_t empty; /* looks at an empty ring in this window */
	uint32_t came;	/* and how often frames ended a row of them */
};

/** adapt_empty(), adapt_found() - what a polling worker saw in its ring. */
static inline void adapt_empty(struct adapt *a)
{
	a->looking = true;
	a->empty++;
}

static inline void adapt_found(struct adapt *a)
{
	a->came += a->looking;
	a->looking = false;
}

/** adapt_patience() - how long the ring of a polling worker may stay empty, ns. */
static inline uint64_t adapt_patience(const struct adapt *a)
{
	return a->apart ? ADAPT_WAIT_NS : ADAPT_SPIN_NS;
}

/* A window under load is over: who feeds us? Without an empty look frames came faster than we took
 * them, and from elsewhere. */
static inline void adapt_judge(struct adapt *a, uint64_t took)
{
	a->apart = !a->empty || (uint64_t)a->came * ADAPT_COME_NS >= took;
}

/**
 * adapt() - judge the load of a worker's queue.
 * @now: ns. @frames: all it has consumed so far.
 *
 * Return: true if a->polling changed.
 */
static inline bool adapt(struct adapt *a, uint64_t now, uint64_t frames)
{
	uint64_t took = now - a->since, rate;

	if (took < ADAPT_WINDOW_NS)
		return false;
	rate = (frames - a->frames) * 1000000000ULL / took;
	a->since = now;
	a->frames = frames;
	if (!a->polling) {
		a->polling = rate >= ADAPT_UP && now >= a->rest_until;
		a->polls_from = now;
		a->quiet = a->empty = a->came = 0;
		a->apart = a->looking = false;
		return a->polling;
	}
	if (rate >= ADAPT_UP)
		adapt_judge(a, took);
	a->empty = a->came = 0;
	a->quiet = rate < ADAPT_DOWN ? a->quiet + 1 : 0;
	if (a->quiet < ADAPT_HOLD)
		return false;
	a->polling = false;
	return true;
}

/** adapt_rest() - the ring of a polling worker stayed empty for longer than its patience: sleep,
 * and for a while. */
static inline void adapt_rest(struct adapt *a, uint64_t now)
{
	a->rest = now - a->polls_from >= 10 * a->rest ? ADAPT_REST_NS : 2 * a->rest;
	if (a->rest > ADAPT_REST_MAX_NS)
		a->rest = ADAPT_REST_MAX_NS;
	a->polling = false;
	a->rest_until = now + a->rest;
	a->since = now;
}

/** mode_parse() - Return: the mode called @name, or -1. */
int mode_parse(const char *name);
const char *mode_name(enum mode mode);

#endif
