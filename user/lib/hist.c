/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "hist.h"

uint64_t afxdp_hist_low(uint32_t i)
{
	uint32_t shift = i >> AFXDP_HIST_SUB_BITS;

	/* Two octaves (0 to 31, 32 to 63) have buckets one wide, so octave 1 needs no shift. */
	if (shift)
		shift--;
	return (uint64_t)(i - (shift << AFXDP_HIST_SUB_BITS)) << shift;
}

uint64_t afxdp_hist_high(uint32_t i)
{
	return afxdp_hist_low(i + 1) - 1;
}

void afxdp_hist_merge(struct afxdp_hist *to, const struct afxdp_hist *from)
{
	uint64_t max = afxdp_hist_get(&from->max), not_min = afxdp_hist_get(&from->not_min);

	for (uint32_t i = 0; i < AFXDP_HIST_BUCKETS; i++)
		afxdp_hist_set(&to->bucket[i], to->bucket[i] + afxdp_hist_get(&from->bucket[i]));
	afxdp_hist_set(&to->sum, to->sum + afxdp_hist_get(&from->sum));
	if (max > to->max)
		afxdp_hist_set(&to->max, max);
	if (not_min > to->not_min)
		afxdp_hist_set(&to->not_min, not_min);
}

uint64_t afxdp_hist_next(const struct afxdp_hist *h, uint32_t *i)
{
	while (*i < AFXDP_HIST_BUCKETS) {
		uint64_t n = afxdp_hist_get(&h->bucket[(*i)++]);

		if (n)
			return n;
	}
	return 0;
}

uint64_t afxdp_hist_count(const struct afxdp_hist *h)
{
	uint64_t n, count = 0;
	uint32_t i = 0;

	while ((n = afxdp_hist_next(h, &i)))
		count += n;
	return count;
}

uint64_t afxdp_hist_min(const struct afxdp_hist *h)
{
	uint64_t not_min = afxdp_hist_get(&h->not_min);

	return not_min ? ~not_min : 0;
}

uint64_t afxdp_hist_max(const struct afxdp_hist *h)
{
	return afxdp_hist_get(&h->max);
}

double afxdp_hist_mean(const struct afxdp_hist *h)
{
	uint64_t count = afxdp_hist_count(h);

	return count ? (double)afxdp_hist_get(&h->sum) / (double)count : 0;
}

uint64_t afxdp_hist_quantile(const struct afxdp_hist *h, double q)
{
	uint64_t count = afxdp_hist_count(h), max = afxdp_hist_max(h), seen = 0, rank, n;
	uint32_t i = 0;

	if (!count)
		return 0;
	/* Rounded up, but not because q * count is a binary fraction a hair above a whole number. */
	rank = (uint64_t)(q * (double)count + (1 - 1e-9));
	if (rank < 1)
		rank = 1;
	if (rank >= count)
		return max;
	while ((n = afxdp_hist_next(h, &i))) {
		seen += n;
		if (seen >= rank)
			/* The last bucket has no upper end. */
			return afxdp_hist_high(i - 1) < max && i < AFXDP_HIST_BUCKETS
				       ? afxdp_hist_high(i - 1)
				       : max;
	}
	return max;
}

uint64_t afxdp_hist_at_most(const struct afxdp_hist *h, uint64_t ns)
{
	uint64_t n, count = 0;
	uint32_t i = 0;

	while ((n = afxdp_hist_next(h, &i)) && afxdp_hist_high(i - 1) <= ns &&
	       i < AFXDP_HIST_BUCKETS)
		count += n;
	/* Above the range only the maximum tells. */
	return ns >= afxdp_hist_max(h) ? afxdp_hist_count(h) : count;
}
