/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * times.h - elements of a set that end by themselves, and when.
 *
 * Beside the lists of elements (set.h), because most sets have none: sorted by element, and whoever
 * takes an element out of its list takes it out here.
 */
#ifndef AFXDP_RULES_TIMES_H
#define AFXDP_RULES_TIMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct prefix;

/* An IPv6 prefix as its list has it; an IPv4 prefix or a key in @high, with a length that no prefix
 * has. */
struct timed_id {
	uint64_t high, low;
	uint32_t length;
};

struct timed {
	struct timed_id id;
	uint64_t due;  /* ns of CLOCK_MONOTONIC */
	uint64_t span; /* ns, as it was written */
};

struct times {
	struct timed *at;
	uint32_t n, room;
	uint64_t next; /* none is due before; it may be that none is due then */
};

struct timed_id timed_prefix(const struct prefix *p);
struct timed_id timed_key(uint64_t key);

/** times_now() - ns of CLOCK_MONOTONIC. */
uint64_t times_now(void);

/** times_due() - when element @id ends; 0: never. */
uint64_t times_due(const struct times *t, struct timed_id id);

/** times_reserve() - room for @more. Return: 0 or -ENOMEM. */
int times_reserve(struct times *t, uint32_t more);

/** times_put() - @id ends at @due, 0: never. There is room. */
void times_put(struct times *t, struct timed_id id, uint64_t due, uint64_t span);

/** times_append(), times_sort() - one behind the last, for which there is room; then all in order,
 * the later of two for the same element. */
void times_append(struct times *t, struct timed_id id, uint64_t due, uint64_t span);
void times_sort(struct times *t);

/* Take out all from key @first to key @last. */
void times_cut_keys(struct times *t, uint64_t first, uint64_t last);

/** times_same() - the same elements with the same spans? When they end does not matter. */
bool times_same(const struct times *a, const struct times *b);
int times_copy(struct times *to, const struct times *from);
void times_free(struct times *t);

/* Longer is as good as for ever: ten years. */
#define SPAN_MAX (3650ULL * 86400 * 1000000000)

/** span_parse() - `10m`, `1h30m`, `1d2h3m4s5ms`; seconds without a unit. Rounded up to seconds; 0
 * is 0. */
bool span_parse(const char *text, size_t len, uint64_t *ns);

/* As span_parse() reads it, in seconds, rounded up. */
#define SPAN_TEXT 32
void span_print(uint64_t ns, char text[SPAN_TEXT]);

#endif
