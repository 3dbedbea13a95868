/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "hist.h"

uint64_t hist_low(uint32_t i)
{
	uint32_t shift = i >> HIST_SUB_BITS;

	/* Two octaves (0 to 31, 32 to 63) have buckets one wide, so octave 1 needs no shift. */
	if (shift)
		shift--;
	return (uint64_t)(i - (shift << HIST_SUB_BITS)) << shift;
}

uint64_t hist_high(uint32_t i)
{
	return hist_low(i + 1) - 1;
}

void hist_merge(struct hist *to, const struct hist *from)
{
	uint64_t max = hist_get(&from->max), not_min = hist_get(&from->not_min);

	for (uint32_t i = 0; i < HIST_BUCKETS; i++)
		hist_set(&to->bucket[i], to->bucket[i] + hist_get(&from->bucket[i]));
	hist_set(&to->sum, to->sum + hist_get(&from->sum));
	if (max > to->max)
		hist_set(&to->max, max);
	if (not_min > to->not_min)
		hist_set(&to->not_min, not_min);
}

uint64_t hist_next(const struct hist *h, uint32_t *i)
{
	while (*i < HIST_BUCKETS) {
		uint64_t n = hist_get(&h->bucket[(*i)++]);

		if (n)
			return n;
	}
	return 0;
}

uint64_t hist_count(const struct hist *h)
{
	uint64_t n, count = 0;
	uint32_t i = 0;

	while ((n = hist_next(h, &i)))
		count += n;
	return count;
}

uint64_t hist_min(const struct hist *h)
{
	uint64_t not_min = hist_get(&h->not_min);

	return not_min ? ~not_min : 0;
}

uint64_t hist_max(const struct hist *h)
{
	return hist_get(&h->max);
}

double hist_mean(const struct hist *h)
{
	uint64_t count = hist_count(h);

	return count ? (double)hist_get(&h->sum) / (double)count : 0;
}

uint64_t hist_quantile(const struct hist *h, double q)
{
	uint64_t count = hist_count(h), max = hist_max(h), seen = 0, rank, n;
	uint32_t i = 0;

	if (!count)
		return 0;
	/* Rounded up, but not because q * count is a binary fraction a hair above a whole number. */
	rank = (uint64_t)(q * (double)count + (1 - 1e-9));
	if (rank < 1)
		rank = 1;
	if (rank >= count)
		return max;
	while ((n = hist_next(h, &i))) {
		seen += n;
		if (seen >= rank)
			/* The last bucket has no upper end. */
			return hist_high(i - 1) < max && i < HIST_BUCKETS ? hist_high(i - 1) : max;
	}
	return max;
}

uint64_t hist_at_most(const struct hist *h, uint64_t ns)
{
	uint64_t n, count = 0;
	uint32_t i = 0;

	while ((n = hist_next(h, &i)) && hist_high(i - 1) <= ns && i < HIST_BUCKETS)
		count += n;
	/* Above the range only the maximum tells. */
	return ns >= hist_max(h) ? hist_count(h) : count;
}
