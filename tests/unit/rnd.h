/* SPDX-License-Identifier: GPL-2.0-only */
/* rnd.h - random numbers that are the same in every run (Marsaglia, "Xorshift RNGs", 64 bits). */
#ifndef AFXDP_RND_H
#define AFXDP_RND_H

#include <stdint.h>

/* Return: the next 64 bits. The lower ones are the weaker. */
static inline uint64_t rnd64(void)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state;
}

/* Return: a number below @below. */
static inline uint32_t rnd(uint32_t below)
{
	return (rnd64() >> 11) % below;
}

#endif
