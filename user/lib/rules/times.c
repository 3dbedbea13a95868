/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "times.h"

#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "set.h"

#define SECOND 1000000000ULL

/* Lengths of what is no IPv6 prefix. */
enum {
	LENGTH_IPV4 = 200,
	LENGTH_KEY,
};

struct timed_id timed_prefix(const struct prefix *p)
{
	if (p->ipv6)
		return (struct timed_id){ p->v6.high, p->v6.low, p->v6.length };
	return (struct timed_id){ p->v4, 0, LENGTH_IPV4 };
}

struct timed_id timed_key(uint64_t key)
{
	return (struct timed_id){ key, 0, LENGTH_KEY };
}

uint64_t times_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}

static int compare_ids(const struct timed_id *a, const struct timed_id *b)
{
	if (a->high != b->high)
		return a->high < b->high ? -1 : 1;
	if (a->low != b->low)
		return a->low < b->low ? -1 : 1;
	return a->length < b->length ? -1 : a->length > b->length;
}

/* By element, then by time, the later first. */
static int compare(const void *a, const void *b)
{
	const struct timed *x = a, *y = b;
	int ids = compare_ids(&x->id, &y->id);

	return ids ?: x->due > y->due ? -1 : x->due < y->due;
}

/* Index of the first that is not below @id. */
static uint32_t find(const struct times *t, const struct timed_id *id)
{
	uint32_t low = 0, high = t->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (compare_ids(&t->at[mid].id, id) < 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_at(const struct times *t, uint32_t i, const struct timed_id *id)
{
	return i < t->n && !compare_ids(&t->at[i].id, id);
}

uint64_t times_due(const struct times *t, struct timed_id id)
{
	uint32_t i = find(t, &id);

	return is_at(t, i, &id) ? t->at[i].due : 0;
}

int times_reserve(struct times *t, uint32_t more)
{
	uint32_t want = t->room * 2 > t->n + more ? t->room * 2 : t->n + more;
	struct timed *p;

	if (t->room - t->n >= more)
		return 0;
	p = realloc(t->at, want * sizeof(*p));
	if (!p)
		return -ENOMEM;
	t->at = p;
	t->room = want;
	return 0;
}

static void sooner(struct times *t, uint64_t due)
{
	if (t->n == 1 || due < t->next)
		t->next = due;
}

static void cut(struct times *t, uint32_t from, uint32_t to)
{
	memmove(&t->at[from], &t->at[to], (t->n - to) * sizeof(*t->at));
	t->n -= to - from;
}

void times_put(struct times *t, struct timed_id id, uint64_t due, uint64_t span)
{
	uint32_t i = find(t, &id);

	if (!due) {
		if (is_at(t, i, &id))
			cut(t, i, i + 1);
		return;
	}
	if (!is_at(t, i, &id)) {
		memmove(&t->at[i + 1], &t->at[i], (t->n - i) * sizeof(*t->at));
		t->n++;
	}
	t->at[i] = (struct timed){ id, due, span };
	sooner(t, due);
}

void times_append(struct times *t, struct timed_id id, uint64_t due, uint64_t span)
{
	t->at[t->n++] = (struct timed){ id, due, span };
	sooner(t, due);
}

void times_sort(struct times *t)
{
	uint32_t n = 0;

	if (!t->n)
		return;
	qsort(t->at, t->n, sizeof(*t->at), compare);
	for (uint32_t i = 1; i < t->n; i++)
		if (compare_ids(&t->at[i].id, &t->at[n].id))
			t->at[++n] = t->at[i];
	t->n = n + 1;
}

void times_cut_keys(struct times *t, uint64_t first, uint64_t last)
{
	struct timed_id from = timed_key(first), to = timed_key(last);
	uint32_t end = find(t, &to);

	if (t->n)
		cut(t, find(t, &from), end + is_at(t, end, &to));
}

bool times_same(const struct times *a, const struct times *b)
{
	if (a->n != b->n)
		return false;
	for (uint32_t i = 0; i < a->n; i++)
		if (compare_ids(&a->at[i].id, &b->at[i].id) || a->at[i].span != b->at[i].span)
			return false;
	return true;
}

int times_copy(struct times *to, const struct times *from)
{
	*to = (struct times){ .next = from->next };
	if (times_reserve(to, from->n))
		return -ENOMEM;
	if (from->n)
		memcpy(to->at, from->at, from->n * sizeof(*to->at));
	to->n = from->n;
	return 0;
}

void times_free(struct times *t)
{
	free(t->at);
	*t = (struct times){ .n = 0 };
}

/* ---- Spans ---- */

static const struct {
	const char *unit;
	uint64_t ns;
} units[] = { { "ms", SECOND / 1000 },
	      { "d", 86400 * SECOND },
	      { "h", 3600 * SECOND },
	      { "m", 60 * SECOND },
	      { "s", SECOND } };

#define UNITS (sizeof(units) / sizeof(*units))

/* The unit at *@s, which moves behind it. 0: none of ours. */
static uint64_t take_unit(const char **s, const char *end)
{
	if (*s == end)
		return SECOND;
	for (size_t i = 0; i < UNITS; i++) {
		size_t n = strlen(units[i].unit);

		if ((size_t)(end - *s) < n || memcmp(*s, units[i].unit, n))
			continue;
		*s += n;
		return units[i].ns;
	}
	return 0;
}

/* As they are listed: what is listed alike ends together. */
static uint64_t whole_seconds(uint64_t ns)
{
	return (ns + SECOND - 1) / SECOND * SECOND;
}

bool span_parse(const char *text, size_t len, uint64_t *ns)
{
	const char *s = text, *end = text + len;

	*ns = 0;
	if (!len)
		return false;
	while (s < end) {
		uint64_t number = 0, unit;

		if (!isdigit((unsigned char)*s))
			return false;
		for (; s < end && isdigit((unsigned char)*s); s++) {
			number = number * 10 + *s - '0';
			if (number > SPAN_MAX / SECOND * 1000)
				return false;
		}
		unit = take_unit(&s, end);
		if (!unit || number > SPAN_MAX / unit)
			return false;
		*ns += number * unit;
		if (*ns > SPAN_MAX)
			return false;
	}
	*ns = whole_seconds(*ns);
	return true;
}

void span_print(uint64_t ns, char text[SPAN_TEXT])
{
	uint64_t rest = whole_seconds(ns);
	size_t at = 0;

	snprintf(text, SPAN_TEXT, "0s");
	for (size_t i = 1; i < UNITS; i++) {
		uint64_t number = rest / units[i].ns;

		rest %= units[i].ns;
		if (number)
			at += snprintf(text + at, SPAN_TEXT - at, "%" PRIu64 "%s", number,
				       units[i].unit);
	}
}
