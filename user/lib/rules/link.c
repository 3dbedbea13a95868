/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * link.c - compiled rules into the program, between libbpf's relocation and the kernel.
 *
 * A program comes to us as libbpf made it: the main function, then every function it calls, one
 * behind the other, with relative calls. We take it apart at the functions' borders, exchange
 * afxdp_classify(), add ours, leave out what nobody calls any more (the verifier refuses code that
 * cannot be reached), and put it together again, with the debug information that says where
 * functions begin.
 */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "insn.h"
#include "internal.h"

static const char *const symbol_names[] = {
	[SYMBOL_LOAD] = "afxdp_load",
	[SYMBOL_GATHER] = "afxdp_gather",
	[SYMBOL_INNER] = "afxdp_inner",
	[SYMBOL_SET4] = "afxdp_set4",
	[SYMBOL_SET6] = "afxdp_set6",
	[SYMBOL_SET_FIND] = "afxdp_set_find",
	[SYMBOL_RANK4] = "afxdp_rank4",
	[SYMBOL_KEY] = "afxdp_key",
	[SYMBOL_COUNT] = "afxdp_count",
	[SYMBOL_LIMIT] = "afxdp_limit",
	[SYMBOL_LIMIT_SOURCE] = "afxdp_limit_source",
	[SYMBOL_SAMPLE] = "afxdp_sample",
	[SYMBOL_COPY] = "afxdp_copy",
};

#define CLASSIFY "afxdp_classify"
#define LOOP	 "afxdp_loop"
/* In the place of afxdp_classify() where rules copy, and what it calls. */
#define TEE	 "afxdp_tee"
#define DECIDE	 "afxdp_decide"

/* One function: libbpf's (from) or ours. */
struct unit {
	const struct bpf_insn *insn;
	uint32_t n, from, type_id;
	bool ours, kept;
	int set; /* a copy of a look-up function for that set; -1: no copy */
	uint32_t place;
};

struct linker {
	struct afxdp_rules *r;
	struct unit *unit;
	uint32_t units, theirs; /* libbpf's come first */
	uint32_t symbol[SYMBOLS];
	uint32_t classify;
	int tee, decide;
	uint32_t sets; /* the first of the copies */
	int set_none;  /* the map that they have another one for */
	int gathered;  /* the map that our functions refer to */
	const struct bpf_prog_load_opts *opts;
};

static const void *record(const void *base, uint32_t size, uint32_t i)
{
	return (const char *)base + (size_t)size * i;
}

static int refuse(struct linker *l, int err, const char *what)
{
	snprintf(l->r->link_error, sizeof(l->r->link_error), "%s", what);
	return err;
}

static const char *unit_name(const struct linker *l, uint32_t i)
{
	const struct btf_type *t = btf__type_by_id(l->r->btf, l->unit[i].type_id);

	return t ? btf__name_by_offset(l->r->btf, t->name_off) : "";
}

static int find_unit(const struct linker *l, const char *name)
{
	for (uint32_t i = 0; i < l->theirs; i++)
		if (!strcmp(unit_name(l, i), name))
			return i;
	return -ENOENT;
}

static int split(struct linker *l, const struct bpf_insn *insn, uint32_t insns)
{
	const struct bpf_prog_load_opts *o = l->opts;

	l->theirs = o->func_info ? o->func_info_cnt : 0;
	l->unit = calloc(l->theirs + l->r->program.functions + SET_COPIES * l->r->sets,
			 sizeof(*l->unit));
	if (!l->unit)
		return -ENOMEM;
	for (uint32_t i = 0; i < l->theirs; i++) {
		const struct bpf_func_info *f = record(o->func_info, o->func_info_rec_size, i);
		const struct bpf_func_info *next = record(o->func_info, o->func_info_rec_size,
							  i + 1);
		uint32_t end = i + 1 < l->theirs ? next->insn_off : insns;

		l->unit[i] = (struct unit){ .insn = insn + f->insn_off,
					    .n = end - f->insn_off,
					    .from = f->insn_off,
					    .type_id = f->type_id,
					    .set = -1 };
	}
	l->units = l->theirs;
	return 0;
}

static bool is_map(const struct bpf_insn *i)
{
	return i->code == (BPF_LD | BPF_DW | BPF_IMM) && i->src_reg == BPF_PSEUDO_MAP_FD;
}

/* The one map that a function of theirs uses. libbpf has put its descriptor into the instructions;
 * from 1.4 on it tells it to nobody before the whole object is loaded. */
static int map_of(const struct linker *l, enum symbol function)
{
	uint32_t unit = l->symbol[function];

	for (uint32_t i = 0; unit != UINT32_MAX && i < l->unit[unit].n; i++)
		if (is_map(&l->unit[unit].insn[i]))
			return l->unit[unit].insn[i].imm;
	return -ENOENT;
}

/* Our functions have their counterparts' types, which is how the verifier knows their arguments. */
static int add_ours(struct linker *l)
{
	int classify = find_unit(l, CLASSIFY), loop = find_unit(l, LOOP);

	if (classify < 0)
		return refuse(l, -ENOENT,
			      "the BPF object, or this kernel, has no debug information (BTF) by "
			      "which " CLASSIFY "() can be found");
	l->classify = classify;
	l->tee = find_unit(l, TEE);
	l->decide = find_unit(l, DECIDE);
	if (rules_copy_anything(l->r) && (l->tee < 0 || l->decide < 0))
		return refuse(l, -ENOENT, "the BPF object has no function " TEE "()");
	for (int s = 0; s < SYMBOLS; s++) {
		int unit = find_unit(l, symbol_names[s]);

		l->symbol[s] = unit < 0 ? UINT32_MAX : (uint32_t)unit;
	}
	l->gathered = map_of(l, SYMBOL_GATHER);
	if (l->gathered < 0)
		return refuse(l, -ENOENT, "the BPF object has no map 'gathered'");
	for (uint32_t i = 0; i < l->r->program.functions; i++) {
		const struct function *f = &l->r->program.function[i];
		int like = f->kind == FUNCTION_LOOP ? loop : classify;

		if (like < 0)
			return refuse(l, -ENOENT, "the BPF object has no function " LOOP "()");
		l->unit[l->units++] = (struct unit){ .insn = f->insn,
						     .n = f->n,
						     .from = l->unit[like].from,
						     .type_id = l->unit[like].type_id,
						     .ours = true,
						     .set = -1 };
	}
	return 0;
}

/* One copy of the look-up for every set: so its map is a constant there. */
static int add_sets(struct linker *l)
{
	bool have;

	l->sets = l->units;
	l->set_none = map_of(l, SYMBOL_SET_FIND);
	have = l->set_none >= 0;
	for (int i = 0; i < SET_COPIES; i++)
		have &= l->symbol[SYMBOL_SET4 + i] != UINT32_MAX;
	if (l->r->sets && !have)
		return refuse(l, -ENOENT, "the BPF object has no look-up in sets");
	for (uint32_t i = 0; i < SET_COPIES * l->r->sets; i++) {
		l->unit[l->units] = l->unit[l->symbol[SYMBOL_SET4 + i % SET_COPIES]];
		l->unit[l->units++].set = i / SET_COPIES;
	}
	return 0;
}

static bool is_reference(const struct bpf_insn *i)
{
	return (i->code == (BPF_JMP | BPF_CALL) && i->src_reg == BPF_PSEUDO_CALL) ||
	       (i->code == (BPF_LD | BPF_DW | BPF_IMM) && i->src_reg == BPF_PSEUDO_FUNC);
}

/* The unit that instruction @at of @u refers to, or NULL. */
static struct unit *referee(struct linker *l, const struct unit *u, uint32_t at)
{
	uint32_t to = u->from + at + 1 + u->insn[at].imm, symbol = u->insn[at].imm, i;

	if (u->ours) {
		if (symbol >= SYMBOL_IN_SET)
			i = l->sets + symbol - SYMBOL_IN_SET;
		else if (symbol >= SYMBOL_OWN)
			i = l->theirs + symbol - SYMBOL_OWN;
		else
			i = l->symbol[symbol];
		return i < l->units ? &l->unit[i] : NULL;
	}
	for (i = 0; i < l->theirs && l->unit[i].from != to; i++)
		;
	if (i == l->theirs)
		return NULL;
	if (i == l->classify && rules_copy_anything(l->r))
		i = l->tee;
	else if (i == l->classify || (int)i == l->decide)
		i = l->theirs;
	else if (i == l->symbol[SYMBOL_SET_FIND] && u->set >= 0)
		i = l->sets + SET_COPIES * u->set + SYMBOL_SET_FIND - SYMBOL_SET4;
	return &l->unit[i];
}

static int keep_reachable(struct linker *l)
{
	bool more = true;

	l->unit[0].kept = true;
	while (more) {
		more = false;
		for (uint32_t i = 0; i < l->units; i++) {
			struct unit *u = &l->unit[i], *to;

			for (uint32_t at = 0; u->kept && at < u->n; at++) {
				if (!is_reference(&u->insn[at]))
					continue;
				to = referee(l, u, at);
				if (!to)
					return refuse(l, -ENOENT,
						      "the BPF object lacks a function that "
						      "compiled rules call");
				more |= !to->kept;
				to->kept = true;
			}
		}
	}
	return 0;
}

static void count_places(struct linker *l)
{
	struct linked *k = &l->r->linked;

	for (uint32_t i = 0; i < l->units; i++) {
		if (!l->unit[i].kept)
			continue;
		l->unit[i].place = k->insns;
		k->insns += l->unit[i].n;
		k->funcs++;
	}
}

static void copy_insns(struct linker *l, const struct unit *u)
{
	struct bpf_insn *to = l->r->linked.insn + u->place;

	memcpy(to, u->insn, u->n * sizeof(*to));
	for (uint32_t at = 0; at < u->n; at++) {
		if (is_reference(&u->insn[at]))
			to[at].imm = (int)referee(l, u, at)->place - (int)(u->place + at) - 1;
		else if (is_map(&to[at]) && u->ours)
			to[at].imm = l->gathered;
		else if (is_map(&to[at]) && u->set >= 0 && to[at].imm == l->set_none)
			to[at].imm = l->r->set[u->set]->map_fd;
	}
}

/* Lines of libbpf's functions move along; ours say where their counterpart is in the source. */
static void copy_lines(struct linker *l, const struct unit *u)
{
	const struct bpf_prog_load_opts *o = l->opts;
	struct linked *k = &l->r->linked;

	for (uint32_t i = 0; o->line_info && i < o->line_info_cnt; i++) {
		const struct bpf_line_info *line = record(o->line_info, o->line_info_rec_size, i);

		if (line->insn_off < u->from || line->insn_off >= u->from + (u->ours ? 1 : u->n))
			continue;
		k->line[k->lines] = *line;
		k->line[k->lines++].insn_off = line->insn_off - u->from + u->place;
	}
}

static int assemble(struct linker *l)
{
	struct linked *k = &l->r->linked;
	uint32_t at = 0;

	k->insn = calloc(k->insns, sizeof(*k->insn));
	k->func = calloc(k->funcs, sizeof(*k->func));
	k->line = calloc((SET_COPIES * l->r->sets + 1) * l->opts->line_info_cnt + l->units,
			 sizeof(*k->line));
	if (!k->insn || !k->func || !k->line)
		return -ENOMEM;
	for (uint32_t i = 0; i < l->units; i++) {
		const struct unit *u = &l->unit[i];

		if (!u->kept)
			continue;
		copy_insns(l, u);
		copy_lines(l, u);
		k->func[at++] = (struct bpf_func_info){ u->place, u->type_id };
	}
	return 0;
}

int rules_link(struct afxdp_rules *r, struct bpf_program *prog, struct bpf_prog_load_opts *opts)
{
	struct linker l = { .r = r, .opts = opts };
	struct linked *k = &r->linked;
	int err;

	linked_free(k);
	err = split(&l, bpf_program__insns(prog), bpf_program__insn_cnt(prog));
	if (!err)
		err = add_ours(&l);
	if (!err)
		err = add_sets(&l);
	if (!err)
		err = keep_reachable(&l);
	if (err)
		goto out;
	count_places(&l);
	err = assemble(&l);
	if (!err)
		err = bpf_program__set_insns(prog, k->insn, k->insns);
	if (err)
		goto out;
	opts->func_info = k->func;
	opts->func_info_cnt = k->funcs;
	opts->func_info_rec_size = sizeof(*k->func);
	if (opts->line_info) {
		opts->line_info = k->line;
		opts->line_info_cnt = k->lines;
		opts->line_info_rec_size = sizeof(*k->line);
	}
out:
	free(l.unit);
	return err;
}

void linked_free(struct linked *l)
{
	free(l->insn);
	free(l->func);
	free(l->line);
	*l = (struct linked){ .insn = NULL };
}
