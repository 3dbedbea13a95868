/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * random.h - numbers that are the same on every machine: splitmix64. Or first those that somebody
 * else has chosen: a fuzzer's bytes, two for each.
 */
#ifndef AFXDP_TESTS_RANDOM_H
#define AFXDP_TESTS_RANDOM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct rng {
	uint64_t state;
	const uint8_t *chosen;
	size_t left;
};

static inline uint64_t rng_next(struct rng *r)
{
	uint64_t z = r->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	if (r->left >= 2) {
		/* On top: rng_below() looks there. */
		z = (uint64_t)r->chosen[0] << 56 | (uint64_t)r->chosen[1] << 48 | z >> 16;
		r->chosen += 2;
		r->left -= 2;
	}
	return z;
}

static inline uint32_t rng_below(struct rng *r, uint32_t n)
{
	return (rng_next(r) >> 32) * n >> 32;
}

/* True in @percent of a hundred cases. */
static inline bool rng_chance(struct rng *r, uint32_t percent)
{
	return rng_below(r, 100) < percent;
}

#define rng_pick(r, array) ((array)[rng_below(r, sizeof(array) / sizeof((array)[0]))])

#endif
