/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "limit.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "scan.h"

/* 10 Gbit/s of the smallest frames is 14.9 million a second, 400 Gbit/s forty times that. */
#define RATE_MAX 1000000000ULL

/* 800 Gbit/s. The time of AFXDP_LIMIT_BYTES_UNIT bytes is still a hundred and sixty-four units. */
#define BYTES_MAX 100000000000ULL

/* A bucket holds at most as much as thirty days bring: in 64ths of a nanosecond that is a hundredth
 * of what 64 bits hold, so sums with the clock do not wrap for years of uptime. */
#define LIMIT_DEPTH (30 * 86400ULL)

/* The longest frame: a bucket of bytes takes it, if nobody says otherwise. */
#define FRAME_MAX 65536ULL

static int wrong(char *err, size_t errlen, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static int wrong(char *err, size_t errlen, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(err, errlen, format, args);
	va_end(args);
	return -EINVAL;
}

/* N, or with a unit of bytes behind it: of decimal multiples, as networks are measured. */
static bool parse_amount(const char *s, const char *end, uint64_t *amount, bool *bytes)
{
	static const struct {
		const char *name;
		uint64_t times, parts;
	} units[] = {
		{ "kB", 1000, 1 },   { "MB", 1000000, 1 },   { "GB", 1000000000, 1 },
		{ "kbit", 1000, 8 }, { "Mbit", 1000000, 8 }, { "Gbit", 1000000000, 8 },
		{ "bit", 1, 8 },     { "B", 1, 1 },
	};

	*bytes = false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t n = strlen(units[i].name);

		if ((size_t)(end - s) <= n || memcmp(end - n, units[i].name, n))
			continue;
		*bytes = true;
		if (!scan_number(s, end - n, BYTES_MAX, amount))
			return false;
		*amount = *amount * units[i].times / units[i].parts;
		return *amount && *amount <= BYTES_MAX;
	}
	return scan_number(s, end, RATE_MAX, amount);
}

static int parse_burst(const char **s, struct action_args *args, char *err, size_t errlen)
{
	char word[32] = "";
	bool bytes;

	if (!scan_word(s, word, sizeof(word)) ||
	    !parse_amount(word, word + strlen(word), &args->burst, &bytes) || bytes != args->bytes)
		return args->bytes
			       ? wrong(err, errlen,
				       "'burst %s': the limit is one of bytes: wants a number with "
				       "a unit, as 100kB",
				       word)
			       : wrong(err, errlen,
				       "'burst %s': wants a number of frames from 1 to %llu", word,
				       RATE_MAX);
	return 0;
}

/* `/A` or `/A,B` behind `src` or `dst`: networks of IPv4, and of IPv6. */
static bool parse_prefixes(const char *s, struct action_args *args)
{
	const char *comma = strchr(s, ',');
	uint64_t v4, v6 = 64;

	if (!scan_number(s, comma ?: s + strlen(s), 32, &v4) ||
	    (comma && !scan_number(comma + 1, s + strlen(s), 128, &v6)))
		return false;
	args->prefix4 = v4;
	args->prefix6 = v6;
	return true;
}

/* `src`, `dst`, `src/24`, `dst/24,64`, `src and dst port`. */
static int parse_key(const char **s, struct action_args *args, char *err, size_t errlen)
{
	char word[32] = "";

	args->prefix4 = 32;
	args->prefix6 = 128;
	if (!scan_word(s, word, sizeof(word)) ||
	    (strncmp(word, "src", 3) && strncmp(word, "dst", 3)) ||
	    (word[3] && (word[3] != '/' || !parse_prefixes(word + 4, args))))
		return wrong(err, errlen,
			     "'per %s': the keys are src, dst, src/24 or src/24,64 (networks of "
			     "IPv4 and of IPv6), 'src and dst port'",
			     word);
	args->key = word[0] == 's' ? LIMIT_PER_SRC : LIMIT_PER_DST;
	if (!scan_take(s, "and"))
		return 0;
	if (!scan_take(s, "dst") || !scan_take(s, "port"))
		return wrong(err, errlen, "'per %s and': what goes with it is 'dst port'", word);
	args->port = true;
	return 0;
}

int limit_parse(const char **s, struct action_args *args, char *err, size_t errlen)
{
	char word[32] = "";
	size_t n;

	if (!scan_word(s, word, sizeof(word)) || (n = strlen(word)) < 3 ||
	    strcmp(word + n - 2, "/s") ||
	    !parse_amount(word, word + n - 2, &args->rate, &args->bytes))
		return wrong(err, errlen,
			     "'limit %s': the rate is written N/s, N from 1 to %llu frames a "
			     "second, or in bytes: 10MB/s, 100Mbit/s",
			     word, RATE_MAX);
	/* A twentieth of a second's worth: smooths the gaps in which a busy CPU polls nothing, and
	 * adds half a percent to what passes in ten seconds. */
	args->burst = args->rate / 20 ?: 1;
	if (args->bytes && args->burst < FRAME_MAX)
		args->burst = FRAME_MAX;
	if (scan_take(s, "burst") && parse_burst(s, args, err, errlen))
		return -EINVAL;
	/* The bucket's depth is a time: LIMIT_DEPTH at most. */
	if (args->burst / args->rate >= LIMIT_DEPTH)
		return wrong(err, errlen,
			     "'burst %llu' is more than %llu s of %llu/s: at most %llu",
			     (unsigned long long)args->burst, LIMIT_DEPTH,
			     (unsigned long long)args->rate,
			     (unsigned long long)args->rate * LIMIT_DEPTH - 1);
	return scan_take(s, "per") ? parse_key(s, args, err, errlen) : 0;
}

const char *limit_direction(const struct action_args *args)
{
	return args->key == LIMIT_PER_SRC ? "src" : args->key == LIMIT_PER_DST ? "dst" : NULL;
}

uint64_t limit_interval(const struct action_args *args)
{
	uint64_t second = args->bytes ? AFXDP_LIMIT_SECOND * AFXDP_LIMIT_BYTES_UNIT
				      : AFXDP_LIMIT_SECOND;

	return (second + args->rate / 2) / args->rate;
}

uint64_t limit_depth(const struct action_args *args)
{
	unsigned __int128 depth = (unsigned __int128)limit_interval(args) * args->burst;

	return args->bytes ? depth / AFXDP_LIMIT_BYTES_UNIT : depth;
}
