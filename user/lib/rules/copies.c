/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * copies.c - expressions whose frames are copied for a reader (../copies.h). They stand in front of
 * the rules, and are none of them: rules keep their numbers, and a reader may come and go.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../prog.h"
#include "../copies.h"
#include "hook.h"
#include "internal.h"
#include "scan.h"

struct afxdp_copy {
	uint32_t refs; /* rules and readers, in several threads */
	char *text;
	uint32_t every, slot;
	struct expr expr; /* without sets it is the same with all rules */
	bool sets;
};

static int compile_text(struct expr *e, const char *text, struct afxdp_rules *r, char *err,
			size_t errlen)
{
	char why[512] = "";
	int ret;

	if (!strcmp(text, "all"))
		text = "";
	ret = rules_check_sets(text, why, sizeof(why))
		      ?: expr_compile(e, text, NULL, rules_find_kind_of, r, why, sizeof(why));
	if (ret == -EINVAL)
		snprintf(err, errlen, "'%.60s': %s", text, why);
	else if (ret)
		snprintf(err, errlen, "%s", why[0] ? why : strerror(-ret));
	return ret;
}

int afxdp_copy_new(struct afxdp_copy **out, const char *text, uint32_t every, uint32_t slot,
		   char *err, size_t errlen)
{
	struct afxdp_copy *c = calloc(1, sizeof(*c));
	int ret = 0;

	*out = NULL;
	if (!c || !(c->text = strdup(text))) {
		free(c);
		snprintf(err, errlen, "out of memory");
		return -ENOMEM;
	}
	c->refs = 1;
	c->every = every;
	c->slot = slot;
	c->sets = strchr(text, '@');
	if (!c->sets)
		ret = compile_text(&c->expr, text, NULL, err, errlen);
	if (ret) {
		afxdp_copy_put(c);
		return ret;
	}
	*out = c;
	return 0;
}

struct afxdp_copy *afxdp_copy_get(struct afxdp_copy *c)
{
	__atomic_fetch_add(&c->refs, 1, __ATOMIC_RELAXED);
	return c;
}

void afxdp_copy_put(struct afxdp_copy *c)
{
	if (!c || __atomic_sub_fetch(&c->refs, 1, __ATOMIC_ACQ_REL))
		return;
	expr_free(&c->expr);
	free(c->text);
	free(c);
}

const char *afxdp_copy_text(const struct afxdp_copy *c)
{
	return c->text;
}

int copy_parse(const char **s, struct action_args *args, char *err, size_t errlen)
{
	char word[32] = "";
	uint64_t every = 1, snap = AFXDP_COPY_SNAP;
	bool wrong = !args->to;

	if (wrong)
		snprintf(err, errlen, "'copy': to which sink? One with a name: copy to NAME");
	if (!wrong && !strncmp(*s, "1/", 2)) {
		wrong = !scan_word(s, word, sizeof(word)) ||
			!scan_number(word + 2, word + strlen(word), UINT32_MAX, &every) || !every;
		if (wrong)
			snprintf(err, errlen, "'copy %s': the share is written 1/N, N from 1 to %u",
				 word, UINT32_MAX);
	}
	if (!wrong && scan_take(s, "snap")) {
		wrong = !scan_word(s, word, sizeof(word)) ||
			!scan_number(word, word + strlen(word), AFXDP_COPY_SNAP_MAX, &snap) ||
			!snap;
		if (wrong)
			snprintf(err, errlen, "'snap %s': bytes of a frame are from 1 to %u", word,
				 AFXDP_COPY_SNAP_MAX);
	}
	args->every = every;
	args->snap = snap;
	return wrong ? -EINVAL : 0;
}

/* ---- of rules ---- */

static void remove_copy(struct afxdp_rules *r, uint32_t i)
{
	afxdp_copy_put(r->copying[i].copy);
	expr_free(&r->copying[i].expr);
	memmove(&r->copying[i], &r->copying[i + 1], (--r->copies - i) * sizeof(*r->copying));
}

static int add_copy(struct afxdp_rules *r, struct afxdp_copy *c, const struct expr *expr, char *err,
		    size_t errlen)
{
	struct copying *to = &r->copying[r->copies];
	int ret;

	*to = (struct copying){ .copy = c };
	if (expr || !c->sets)
		ret = expr_copy(&to->expr, expr ?: &c->expr);
	else
		ret = compile_text(&to->expr, c->text, r, err, errlen);
	if (ret) {
		expr_free(&to->expr);
		return ret;
	}
	afxdp_copy_get(c);
	r->copies++;
	return 0;
}

int rules_copy_copies(struct afxdp_rules *to, const struct afxdp_rules *from)
{
	int ret = 0;

	to->tee = from->tee;
	to->generation = from->generation;
	for (uint32_t i = 0; i < from->copies && !ret; i++)
		ret = add_copy(to, from->copying[i].copy, &from->copying[i].expr, NULL, 0);
	return ret;
}

void rules_free_copies(struct afxdp_rules *r)
{
	while (r->copies)
		remove_copy(r, r->copies - 1);
}

bool rules_copy_anything(const struct afxdp_rules *r)
{
	return r->tee && r->tee->rings_fd >= 0 && (r->copies || r->copy_rules);
}

uint32_t afxdp_rules_copy_snap(const struct afxdp_rules *r, uint32_t n)
{
	uint32_t snap = 0;

	for (uint32_t i = 0; r->copy_rules && i < r->rules; i++) {
		const struct action_args *a = &r->rule[i].args;

		if (a->action == ACTION_COPY && a->to == n + 1 && a->snap > snap)
			snap = a->snap;
	}
	return snap;
}

struct rule_input rules_copy_input(const struct afxdp_rules *r, uint32_t i)
{
	const struct afxdp_copy *c = r->copying[i].copy;
	const struct rule rule = {
		.args = { .action = ACTION_COPY, .every = c->every, .slot = c->slot }
	};
	struct rule_input input = rules_input(&rule, &r->copying[i].expr);

	input.number = AFXDP_RULE_DEFAULT;
	return input;
}

const char *rules_copy_text(const struct afxdp_rules *r, uint32_t i)
{
	return r->copying[i].copy->text;
}

static bool wanted(const struct afxdp_copy *c, struct afxdp_copy *const *list, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (list[i] == c)
			return true;
	return false;
}

bool afxdp_rules_observed(const struct afxdp_rules *r, const struct afxdp_copy *c)
{
	for (uint32_t i = 0; r && i < r->copies; i++)
		if (r->copying[i].copy == c)
			return true;
	return false;
}

static int compile_again(struct afxdp_rules *r, char *err, size_t errlen)
{
	const char *why = NULL;
	uint32_t at;
	int ret = rules_compile(r, &why, &at);

	if (ret)
		snprintf(err, errlen,
			 "with the copies in front of them the rules cannot be "
			 "compiled: %s",
			 why ?: strerror(-ret));
	return ret;
}

int afxdp_rules_observe(struct afxdp_rules *r, const struct afxdp_tee *tee,
			struct afxdp_copy *const *list, uint32_t n, const struct afxdp_copy *fresh,
			uint16_t generation, char *err, size_t errlen)
{
	bool changed = false;
	int ret;

	r->tee = tee;
	r->generation = generation;
	for (uint32_t i = r->copies; i--;) {
		if (wanted(r->copying[i].copy, list, n))
			continue;
		remove_copy(r, i);
		changed = true;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (afxdp_rules_observed(r, list[i]))
			continue;
		ret = add_copy(r, list[i], NULL, err, errlen);
		if (ret && (ret == -ENOMEM || list[i] == fresh))
			return ret;
		if (ret)
			ret = rules_warn(r, "the dump of '%.60s' ends: %s", list[i]->text, err);
		if (ret)
			return ret;
		changed = true;
	}
	return changed ? compile_again(r, err, errlen) : 0;
}

struct afxdp_rules *afxdp_rules_none(void)
{
	struct afxdp_rules *r = hook_register() ? NULL : rules_new(NULL);
	const char *why;
	uint32_t at;

	if (r && rules_compile(r, &why, &at)) {
		afxdp_rules_free(r);
		r = NULL;
	}
	return r;
}

bool afxdp_rules_idle(const struct afxdp_rules *r)
{
	return !r->name && !r->rules && !r->copies;
}

static int use_map(struct bpf_object *obj, const char *name, int fd)
{
	struct bpf_map *map = bpf_object__find_map_by_name(obj, name);
	int err = map ? bpf_map__set_autocreate(map, true) : -ENOENT;

	return err || fd < 0 ? err : bpf_map__reuse_fd(map, fd);
}

int rules_attach_copies(struct afxdp_rules *r, struct bpf_object *obj)
{
	const uint8_t yes = 1;
	int ret;

	if (!rules_copy_anything(r))
		return 0;
	ret = afxdp_prog_set_const(obj, "have_copies", &yes, sizeof(yes));
	if (!ret)
		ret = afxdp_prog_set_const(obj, "copy_generation", &r->generation,
					   sizeof(r->generation));
	if (!ret)
		ret = use_map(obj, "copy_rings", r->tee->rings_fd);
	if (!ret)
		ret = use_map(obj, "copy_slots", r->tee->slots_fd);
	return ret ?: use_map(obj, "copy_record", -1);
}
