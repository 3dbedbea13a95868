/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * explain.c - rules that no frame can match, and why: by themselves, or because of one before.
 *
 * The compiler finds questions that are answered already, so it is asked: of the rule alone, of the
 * rule behind each one before it. Networks it does not compare: that is done here. What neither
 * sees is not said.
 */
#include <errno.h>
#include <string.h>
#include "internal.h"

/* Explain so many rules; then only how many more there are. */
#define EXPLAINED 8

/* Compile so many pairs of rules for that: where rules are to be loaded, and where nobody waits for
 * them. */
#define PAIRS	   200
#define MANY_PAIRS 3000

/* Does any frame match @rule that @before, unless it is NULL, does not decide over? */
static int matches_behind(const struct rule *before, const struct rule *rule, bool *yes)
{
	struct program program = { .functions = 0 };
	struct rule_input input[2];
	uint32_t n = 0, at;
	const char *why;
	int err;

	if (before)
		input[n++] = rules_input(before, &before->expr);
	input[n] = rules_input(rule, &rule->expr);
	input[n].number = n;
	err = compile_thoroughly(input, n + 1, &program, &why, &at);
	*yes = input[n].reached;
	program_free(&program);
	/* Too much for one function where they are of several: nothing is known then. */
	if (err == -E2BIG || err == -EINVAL) {
		*yes = true;
		err = 0;
	}
	return err;
}

static bool contains(const struct prefix *a, const struct prefix *b)
{
	uint32_t length = prefix4_length(a->v4);

	if (a->ipv6 != b->ipv6)
		return false;
	if (a->ipv6)
		return prefix6_contains(&a->v6, &b->v6);
	return length <= prefix4_length(b->v4) &&
	       !((prefix4_address(a->v4) ^ prefix4_address(b->v4)) & ~prefix4_rest(length));
}

/* Both are about one network each: has each frame of @b been one of @a's? */
static bool covers(const struct one_address *a, const struct one_address *b)
{
	return a->is && b->is && a->inner == b->inner && contains(&a->prefix, &b->prefix) &&
	       (!*a->protocol || !strcmp(a->protocol, b->protocol)) &&
	       (!*a->direction || !strcmp(a->direction, "src or dst ") ||
		!strcmp(a->direction, b->direction));
}

static int find_covering(const struct afxdp_rules *r, uint32_t i)
{
	for (uint32_t j = 0; r->rule[i].one.is && j < i; j++)
		if (action_decides(r->rule[j].args.action) &&
		    covers(&r->rule[j].one, &r->rule[i].one))
			return j;
	return -1;
}

/* The rule before @i that by itself decides over all its frames; -1: none, or nobody looked. */
static int find_shadow(const struct afxdp_rules *r, uint32_t i, uint32_t *pairs, int *err)
{
	bool matches = true;

	for (uint32_t j = 0; j < i && *pairs; j++) {
		/* Of two that are about one network each enough is known: covers(). */
		if (!action_decides(r->rule[j].args.action) ||
		    (r->rule[j].one.is && r->rule[i].one.is))
			continue;
		--*pairs;
		*err = matches_behind(&r->rule[j], &r->rule[i], &matches);
		if (*err || !matches)
			return *err ? -1 : (int)j;
	}
	return -1;
}

static int say_contradiction(struct afxdp_rules *r, const struct rule *rule)
{
	return rules_warn(r, "%s:%u: '%.60s' never matches: it contradicts itself",
			  r->name ?: "expression", rule->line, rule->text);
}

/* @by: the index of the rule; -1: of all of them together. */
static int say_shadowed(struct afxdp_rules *r, const struct rule *rule, int by)
{
	const char *name = r->name ?: "expression";
	const struct rule *shadow = &r->rule[by];

	if (by < 0)
		return rules_warn(
			r,
			"%s:%u: '%.60s' never matches: the rules before it decide over all "
			"its frames",
			name, rule->line, rule->text);
	return rules_warn(r,
			  "%s:%u: '%.60s' never matches: line %u, '%.60s', decides over all its "
			  "frames",
			  name, rule->line, rule->text, shadow->line, shadow->text);
}

/* @known: that no frame matches it. Return: 1: nothing to be said; 0; -errno. */
static int explain_one(struct afxdp_rules *r, uint32_t i, bool known, uint32_t *pairs)
{
	const struct rule *rule = &r->rule[i];
	int by = find_covering(r, i), err = 0;
	bool alone = true;

	if (by >= 0)
		return say_shadowed(r, rule, by);
	err = matches_behind(NULL, rule, &alone);
	if (err)
		return err;
	if (!alone)
		return say_contradiction(r, rule);
	by = find_shadow(r, i, pairs, &err);
	if (err)
		return err;
	return by >= 0 || known ? say_shadowed(r, rule, by) : 1;
}

int rules_explain(struct afxdp_rules *r)
{
	uint32_t n = 0, pairs = PAIRS;
	int err = 0;

	for (uint32_t i = 0; i < r->rules && err >= 0; i++) {
		if (r->rule[i].reached)
			continue;
		if (++n <= EXPLAINED)
			err = explain_one(r, i, true, &pairs);
	}
	if (n > EXPLAINED && err >= 0)
		err = rules_warn(r, "%s: %u more rules never match", r->name ?: "expression",
				 n - EXPLAINED);
	return err < 0 ? err : 0;
}

int afxdp_rules_explain(struct afxdp_rules *r)
{
	uint32_t pairs = MANY_PAIRS;
	int err = 0;

	for (uint32_t i = 0; i < r->rules && err >= 0; i++)
		if (r->rule[i].reached)
			err = explain_one(r, i, false, &pairs);
	return err < 0 ? err : 0;
}
