/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* usage.h - who uses which value and condition, which decides what is worth remembering. */
#ifndef AFXDP_RULES_USAGE_H
#define AFXDP_RULES_USAGE_H

#include "compile.h"

/* What one rule asks, everything once. */
struct asked {
	uint32_t *value, values, values_room;
	uint32_t *cond, conds, conds_room;
};

struct usage {
	uint32_t first, last;
	struct asked *asked;		/* by rule, from `first` on */
	uint32_t *end, ends, ends_room; /* where loads from constant places end, ascending */
};

/** usage_count() - for rules [first, last): counts in @vs, stack slots for the most used. Return: 0
 * or -ENOMEM; usage_free() in any case. */
int usage_count(struct usage *u, struct values *vs, const struct rule_input *rule, uint32_t first,
		uint32_t last);

/**
 * usage_enter() - @rule is being compiled: it no longer counts among those to come; instead its
 * nodes are put in topological order.
 *
 * Return: the order, by node, the caller's to free; NULL if there is no memory.
 */
uint32_t *usage_enter(struct usage *u, struct values *vs, const struct graph *g, uint32_t rule);

/* Will anything from @place of rule @rule on, or a later rule, ask for this? */
static inline bool is_wanted(const struct use *use, uint32_t rule, uint32_t place)
{
	return use->rules || (use->rule == rule + 1 && use->last >= place);
}
void usage_free(struct usage *u);

/* Length of the headers that loads fall into. One check of a frame's length serves all loads from
 * one such stretch. */
uint32_t usage_tier(const struct usage *u, uint32_t end);

/** usage_common() - the length worth checking before the first rule; 0 if there is none. */
uint32_t usage_common(const struct usage *u);

#endif
