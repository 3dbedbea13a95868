/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* inherit.c - what rules whose text is the same take over from the generation before: counters,
 * limits, samples, sets that were changed while they ran. */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "internal.h"

/* Sources that are copied at once. */
#define BATCH 1024

/* The rule of @old with the text of @rule that none before took; rules may be written twice. */
static int same_text(const struct afxdp_rules *old, const char *text, bool *taken)
{
	for (uint32_t i = 0; i < old->rules; i++) {
		if (taken[i] || strcmp(old->rule[i].text, text))
			continue;
		taken[i] = true;
		return i;
	}
	return -1;
}

/* By rule of @r, which of @old it goes on from; -1: none. NULL: no memory. */
static int *match_rules(const struct afxdp_rules *r, const struct afxdp_rules *old)
{
	bool *taken = calloc(old->rules ?: 1, sizeof(*taken));
	int *from = calloc(r->rules ?: 1, sizeof(*from));

	for (uint32_t i = 0; taken && from && i < r->rules; i++)
		from[i] = same_text(old, r->rule[i].text, taken);
	if (!taken) {
		free(from);
		from = NULL;
	}
	free(taken);
	return from;
}

int afxdp_rules_inherit(struct afxdp_rules *r, struct afxdp_rules *old)
{
	struct afxdp_hits *inherited = calloc(r->rules ?: 1, sizeof(*inherited));
	int *from = match_rules(r, old), ret = inherited && from ? 0 : -ENOMEM;

	for (uint32_t i = 0; i < r->rules && !ret; i++)
		if (from[i] >= 0)
			ret = afxdp_rules_hits(old, from[i], &inherited[i]);
	free(from);
	if (ret) {
		free(inherited);
		return ret;
	}
	free(r->inherited);
	r->inherited = inherited;
	return 0;
}

/* ---- Limits and samples ---- */

static int copy_states(const struct afxdp_rules *r, const struct afxdp_rules *old, const int *from,
		       bool *per_source)
{
	int ret = 0;

	for (uint32_t i = 0; i < r->rules && !ret; i++) {
		struct afxdp_rule_state state;
		uint32_t key = from[i];

		if (from[i] < 0)
			continue;
		*per_source |= r->rule[i].args.key != LIMIT_FOR_ALL;
		ret = bpf_map_lookup_elem(old->state_fd, &key, &state);
		if (!ret)
			ret = bpf_map_update_elem(r->state_fd, &i, &state, BPF_ANY);
	}
	return ret;
}

struct sources {
	struct afxdp_source key[BATCH];
	__u64 due[BATCH];
};

/* Keep those of @n whose rule goes on, under its new number. @to: by rule of the old generation. */
static uint32_t renumber(struct sources *s, uint32_t n, const int *to, uint32_t rules)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++) {
		if (s->key[i].rule >= rules || to[s->key[i].rule] < 0)
			continue;
		s->key[kept] = s->key[i];
		s->key[kept].rule = to[s->key[i].rule];
		s->due[kept++] = s->due[i];
	}
	return kept;
}

static int copy_sources(const struct afxdp_rules *r, const struct afxdp_rules *old, const int *from)
{
	struct sources *s = malloc(sizeof(*s));
	int *to = malloc((old->rules ?: 1) * sizeof(*to)), ret = s && to ? 0 : -ENOMEM;
	uint32_t position;
	bool first = true, more = true;

	for (uint32_t i = 0; i < old->rules && !ret; i++)
		to[i] = -1;
	for (uint32_t i = 0; i < r->rules && !ret; i++)
		if (from[i] >= 0)
			to[from[i]] = i;
	while (!ret && more) {
		uint32_t n = BATCH;

		ret = bpf_map_lookup_batch(old->sources_fd, first ? NULL : &position, &position,
					   s->key, s->due, &n, NULL);
		more = !ret;
		/* The last batch; or a bucket longer than a batch, which is passed over. */
		ret = ret == -ENOENT || ret == -ENOSPC ? 0 : ret;
		first = false;
		n = ret ? 0 : renumber(s, n, to, old->rules);
		for (uint32_t i = 0; i < n && !ret; i++)
			ret = bpf_map_update_elem(r->sources_fd, &s->key[i], &s->due[i], BPF_ANY);
	}
	free(to);
	free(s);
	return ret;
}

/* Of so many rules it is said that they begin anew; then only how many more. */
#define SAID 5

static bool has_state(const struct rule *rule)
{
	return rule->args.action == ACTION_LIMIT || rule->args.action == ACTION_SAMPLE;
}

/* How many limits and samples of @old nobody goes on from. */
static uint32_t count_lost(const struct afxdp_rules *r, const struct afxdp_rules *old,
			   const int *from)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < old->rules; i++)
		n += has_state(&old->rule[i]);
	for (uint32_t i = 0; i < r->rules; i++)
		n -= from[i] >= 0 && has_state(&r->rule[i]);
	return n;
}

/* Where a limit or sample was lost, those that are new may be the same with another text: say that
 * they begin with nothing behind them. */
static int say_anew(struct afxdp_rules *r, const struct afxdp_rules *old, const int *from)
{
	const char *name = r->name ?: "expression";
	uint32_t n = 0;
	int ret = 0;

	if (!count_lost(r, old, from))
		return 0;
	for (uint32_t i = 0; i < r->rules && !ret; i++)
		if (from[i] < 0 && has_state(&r->rule[i]) && ++n <= SAID)
			ret = rules_warn(
				r,
				"%s:%u: '%.60s' begins anew: the old rules have it not as it stands",
				name, r->rule[i].line, r->rule[i].text);
	if (n > SAID && !ret)
		ret = rules_warn(r, "%s: %u more limits and samples begin anew", name, n - SAID);
	return ret;
}

int afxdp_rules_go_on(struct afxdp_rules *r, const struct afxdp_rules *old)
{
	int *from = match_rules(r, old), ret = from ? 0 : -ENOMEM;
	bool per_source = false;

	if (!ret)
		ret = copy_states(r, old, from, &per_source);
	if (!ret && per_source)
		ret = copy_sources(r, old, from);
	if (!ret)
		ret = say_anew(r, old, from);
	free(from);
	return ret;
}

/* ---- Sets ---- */

int afxdp_rules_keep_sets(struct afxdp_rules *r, const struct afxdp_rules *old)
{
	for (uint32_t i = 0; i < r->sets; i++) {
		struct set *fresh = r->set[i], *was = NULL;
		int at = rules_find_set(old, fresh->name), ret;

		if (at >= 0)
			was = old->set[at];
		/* Time has gone by for those that end, too. */
		if (!was || (!was->changes && !was->list.times.n) || strcmp(was->path, fresh->path))
			continue;
		if (list_same(was->changes ? &was->read : &was->list, &fresh->list)) {
			set_get(was);
			was->line = fresh->line;
			r->set[i] = was;
			set_put(fresh);
			continue;
		}
		if (!was->changes)
			continue;
		ret = rules_warn(
			r,
			"set '%s': its file '%s' has other elements than before: they hold, "
			"and %u changes made at run time are gone",
			fresh->name, fresh->path, was->changes);
		if (ret)
			return ret;
	}
	return 0;
}
