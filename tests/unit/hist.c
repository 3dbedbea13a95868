/* SPDX-License-Identifier: GPL-2.0-only */
/* hist: every bucket's bounds, and every statistic against sorted arrays of samples. */
#include "t.h"

#include <math.h>
#include <string.h>
#include "hist.h"
#include "rnd.h"

#define SAMPLES 20000

static int ascending(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

/* Buckets tile the range without gap or overlap, and none is wider than 1/32 of where it begins. */
static void test_buckets(void)
{
	uint64_t next = 0;

	for (uint32_t i = 0; i < AFXDP_HIST_BUCKETS; i++) {
		uint64_t low = afxdp_hist_low(i), high = afxdp_hist_high(i);

		CHECK(low == next, "bucket %u begins at %lu, not %lu", i, low, next);
		CHECK(high >= low && (high - low) * 32 <= low, "bucket %u: %lu to %lu", i, low,
		      high);
		CHECK(afxdp_hist_bucket(low) == i && afxdp_hist_bucket(high) == i,
		      "bucket %u: %lu to %lu", i, low, high);
		next = high + 1;
	}
	CHECK(next == 1ULL << AFXDP_HIST_RANGE_BITS && next > 60000000000ULL, "range ends at %lu",
	      next);
	CHECK(afxdp_hist_bucket(next) == AFXDP_HIST_BUCKETS - 1, "beyond the range");
	CHECK(afxdp_hist_bucket(UINT64_MAX) == AFXDP_HIST_BUCKETS - 1, "beyond the range");
}

static void test_empty(void)
{
	struct afxdp_hist h;

	memset(&h, 0, sizeof(h));
	CHECK(afxdp_hist_count(&h) == 0 && afxdp_hist_min(&h) == 0 && afxdp_hist_max(&h) == 0,
	      "empty");
	CHECK(afxdp_hist_quantile(&h, 0.5) == 0 && afxdp_hist_mean(&h) == 0, "empty");
	CHECK(afxdp_hist_at_most(&h, UINT64_MAX) == 0, "empty");
	afxdp_hist_add(&h, 0);
	CHECK(afxdp_hist_count(&h) == 1 && afxdp_hist_min(&h) == 0 && afxdp_hist_max(&h) == 0,
	      "one zero");
}

/* Nearest rank in integers: q is given in thousandths. */
static uint64_t exact(const uint64_t *sorted, uint64_t n, uint64_t thousandths)
{
	uint64_t rank = (thousandths * n + 999) / 1000;

	return sorted[rank ? rank - 1 : 0];
}

static void check_against(const struct afxdp_hist *h, uint64_t *v, uint64_t n)
{
	static const uint64_t q[] = { 0, 1, 10, 250, 500, 900, 990, 999, 1000 };
	double sum = 0;
	uint64_t total = 0, c;

	qsort(v, n, sizeof(*v), ascending);
	for (uint64_t i = 0; i < n; i++)
		sum += (double)v[i];
	CHECK(afxdp_hist_count(h) == n, "%lu, not %lu", afxdp_hist_count(h), n);
	CHECK(afxdp_hist_min(h) == v[0], "%lu, not %lu", afxdp_hist_min(h), v[0]);
	CHECK(afxdp_hist_max(h) == v[n - 1], "%lu, not %lu", afxdp_hist_max(h), v[n - 1]);
	CHECK(fabs(afxdp_hist_mean(h) - sum / (double)n) <= sum / (double)n * 1e-9, "mean");
	for (size_t i = 0; i < sizeof(q) / sizeof(*q); i++) {
		uint64_t want = exact(v, n, q[i]),
			 got = afxdp_hist_quantile(h, (double)q[i] / 1000);

		CHECK(got >= want && got - want <= want / 32, "q%lu of %lu: %lu, exact is %lu",
		      q[i], n, got, want);
	}
	for (uint32_t bits = 0; bits <= AFXDP_HIST_RANGE_BITS; bits++) {
		uint64_t limit = (1ULL << bits) - 1, want = 0;

		while (want < n && v[want] <= limit)
			want++;
		CHECK(afxdp_hist_at_most(h, limit) == want, "at most %lu: %lu, not %lu", limit,
		      afxdp_hist_at_most(h, limit), want);
	}
	for (uint32_t i = 0; (c = afxdp_hist_next(h, &i));)
		total += c;
	CHECK(total == n, "walked over %lu of %lu", total, n);
}

/* Exponents spread evenly, so that every octave is met; sizes that make ranks fall between samples.
 */
static void test_quantiles(void)
{
	static uint64_t v[SAMPLES];
	static const uint64_t sizes[] = { 1, 2, 3, 7, 100, 1000, 1001, SAMPLES };
	static struct afxdp_hist h;

	for (size_t s = 0; s < sizeof(sizes) / sizeof(*sizes); s++) {
		memset(&h, 0, sizeof(h));
		for (uint64_t i = 0; i < sizes[s]; i++) {
			v[i] = rnd64() >> (64 - AFXDP_HIST_RANGE_BITS + rnd(AFXDP_HIST_RANGE_BITS));
			afxdp_hist_add(&h, v[i]);
		}
		check_against(&h, v, sizes[s]);
	}
}

static void test_merge(void)
{
	static uint64_t v[SAMPLES];
	static struct afxdp_hist part[3], all;

	for (uint64_t i = 0; i < SAMPLES; i++) {
		v[i] = 1000 + rnd(1000000);
		afxdp_hist_add(&part[i % 3], v[i]);
	}
	for (int i = 0; i < 3; i++)
		afxdp_hist_merge(&all, &part[i]);
	check_against(&all, v, SAMPLES);
	memset(&part[0], 0, sizeof(part[0]));
	afxdp_hist_merge(&all, &part[0]); /* nothing: the minimum must stay */
	check_against(&all, v, SAMPLES);
}

/* Longer than the range: counted, and the maximum is still exact. */
static void test_beyond(void)
{
	static struct afxdp_hist h;

	afxdp_hist_add(&h, 100);
	afxdp_hist_add(&h, 200000000000ULL);
	CHECK(afxdp_hist_count(&h) == 2 && afxdp_hist_max(&h) == 200000000000ULL, "%lu",
	      afxdp_hist_max(&h));
	CHECK(afxdp_hist_quantile(&h, 1) == 200000000000ULL, "%lu", afxdp_hist_quantile(&h, 1));
	CHECK(afxdp_hist_at_most(&h, (1ULL << AFXDP_HIST_RANGE_BITS) - 1) == 1,
	      "only the short one");
	CHECK(afxdp_hist_at_most(&h, 200000000000ULL) == 2, "both");
}

int main(void)
{
	test_buckets();
	test_empty();
	test_quantiles();
	test_merge();
	test_beyond();
	return 0;
}
