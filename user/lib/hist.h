/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * hist.h - log-linear histogram of durations in nanoseconds.
 *
 * Below 32 ns every value has a bucket of its own; above, every power of two is cut into 32 equal
 * buckets, so that a bucket is at most 1/32 (3.1 %) wider than its lowest value. The range ends at
 * 2^36 ns (68.7 s); longer durations count in the last bucket, and afxdp_hist_max() still has them
 * exactly.
 *
 * One thread adds. Others may read at any time: each number they see was true at some moment, and
 * what is computed from several of them is off by the few samples that came in meanwhile. A
 * histogram of all zero bytes is empty.
 */
#ifndef AFXDP_HIST_H
#define AFXDP_HIST_H

#include <stdint.h>

#define AFXDP_HIST_SUB_BITS \
	5 /* 32 buckets a power of two: 3.1 % for 8 KiB; one more bit halves and doubles */
#define AFXDP_HIST_RANGE_BITS 36 /* the first power of two above 60 s */
#define AFXDP_HIST_BUCKETS \
	((AFXDP_HIST_RANGE_BITS - AFXDP_HIST_SUB_BITS + 1) << AFXDP_HIST_SUB_BITS)

struct afxdp_hist {
	uint64_t bucket[AFXDP_HIST_BUCKETS];
	uint64_t sum;
	uint64_t max;
	uint64_t not_min; /* ~minimum, so that zero means none yet */
};

static inline uint64_t afxdp_hist_get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

static inline void afxdp_hist_set(uint64_t *counter, uint64_t value)
{
	__atomic_store_n(counter, value, __ATOMIC_RELAXED);
}

/** afxdp_hist_bucket() - number of the bucket that counts @ns. */
static inline uint32_t afxdp_hist_bucket(uint64_t ns)
{
	uint64_t v = ns < (1ULL << AFXDP_HIST_RANGE_BITS) ? ns
							  : (1ULL << AFXDP_HIST_RANGE_BITS) - 1;
	/* Bits below the 6 leading ones; none for values that have 6 bits or fewer. */
	uint32_t shift = 63 - AFXDP_HIST_SUB_BITS -
			 __builtin_clzll(v | 1ULL << AFXDP_HIST_SUB_BITS);

	return (shift << AFXDP_HIST_SUB_BITS) + (uint32_t)(v >> shift);
}

/** afxdp_hist_add() - count one duration. No division, no loop, no branch. */
static inline void afxdp_hist_add(struct afxdp_hist *h, uint64_t ns)
{
	uint64_t *bucket = &h->bucket[afxdp_hist_bucket(ns)];

	afxdp_hist_set(bucket, *bucket + 1);
	afxdp_hist_set(&h->sum, h->sum + ns);
	afxdp_hist_set(&h->max, ns > h->max ? ns : h->max);
	afxdp_hist_set(&h->not_min, ~ns > h->not_min ? ~ns : h->not_min);
}

/** afxdp_hist_low(), afxdp_hist_high() - the shortest and the longest duration that bucket number
 * @i counts, ns. */
uint64_t afxdp_hist_low(uint32_t i);
uint64_t afxdp_hist_high(uint32_t i);

/** afxdp_hist_merge() - add what @from counted to @to, of which the caller is the only writer. */
void afxdp_hist_merge(struct afxdp_hist *to, const struct afxdp_hist *from);

uint64_t afxdp_hist_count(const struct afxdp_hist *h);
uint64_t afxdp_hist_min(const struct afxdp_hist *h); /* 0 if empty */
uint64_t afxdp_hist_max(const struct afxdp_hist *h);
double afxdp_hist_mean(const struct afxdp_hist *h);

/**
 * afxdp_hist_quantile() - duration that a share @q (0 to 1) of all samples does not exceed, ns.
 *
 * Nearest rank: for 1000 samples, 0.99 is the 990th smallest. Never less than that sample, and
 * at most 1/32 more. 0 if empty.
 */
uint64_t afxdp_hist_quantile(const struct afxdp_hist *h, double q);

/**
 * afxdp_hist_at_most() - how many samples are at most @ns: a cumulative bucket as Prometheus wants
 * it.
 *
 * Samples that share the bucket of @ns with longer ones are left out; exact if @ns is the end of a
 * bucket, as every 2^k - 1 is.
 */
uint64_t afxdp_hist_at_most(const struct afxdp_hist *h, uint64_t ns);

/**
 * afxdp_hist_next() - walk over the buckets that hold samples, shortest durations first.
 * @i: position, to be 0 for the first call; afterwards one above the bucket found.
 *
 * Return: the samples in bucket *@i - 1, or 0 when there is none left.
 */
uint64_t afxdp_hist_next(const struct afxdp_hist *h, uint32_t *i);

#endif
