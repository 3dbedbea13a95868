/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * compile.c - rules into functions: into one, or if they do not fit, into several and one that asks
 * these in turn.
 */
#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include "specialise.h"

/* Sets of facts a rule is entered with, in one world. Ethertype, protocol and fragments make about
 * nine; a few more cost verifier time and save nothing, fewer and rules ask again what is known. */
#define VARIANTS 12

/* And those a node inside a rule is met with; then it is compiled with those of the rule's start. */
#define NODE_VARIANTS 8

/* Of each, where not the code counts but what is found out. */
#define THOROUGH_VARIANTS 100

/* Jumps reach 32767 instructions; and the verifier takes less than half as long for two halves. */
#define FUNCTION_MAX 15000

bool out_of_memory(struct compiler *c)
{
	c->err = -ENOMEM;
	return false;
}

bool room(struct compiler *c, void **array, uint32_t n, uint32_t *room, size_t size)
{
	uint32_t want = *room ? *room * 2 : 64;
	void *p;

	if (n < *room)
		return true;
	p = realloc(*array, want * size);
	if (!p)
		return out_of_memory(c);
	*array = p;
	*room = want;
	return true;
}

uint32_t linear_tier(const struct compiler *c, uint32_t end)
{
	return usage_tier(&c->spec->usage, end);
}

/* The type of a tag that was taken off is known: most rules are about something else, and decided. */
static void write_stripped_entry(struct compiler *c, uint32_t linear, struct ways *in)
{
	uint32_t type = value_load(&c->vs, 2, NO_VALUE, 12), ad = block_new(&c->blocks);
	struct facts q = { .world = WORLD_STRIPPED, .linear = linear, .below = FRAME_UNBOUNDED };

	if (c->vs.v[type].use.rules) {
		struct facts f = q;

		emit_leave(c, JMP32_K(BPF_JSET, BPF_REG_0, AFXDP_META_VLAN_AD), ad);
		facts_add(&f, FACT(FACT_EQUALS, type), 0x88a8);
		facts_add(&q, FACT(FACT_EQUALS, type), 0x8100);
		add_way(c, in, (struct way){ facts_intern(&c->facts, &f), NO_ACC, ad });
	}
	add_way(c, in, (struct way){ facts_intern(&c->facts, &q), NO_ACC, c->at });
}

/*
 * The entry: registers, then the ways in. A frame whose device took a tag off is another world, and
 * so is one whose first buffer is too short.
 */
static void write_entry(struct compiler *c, uint32_t entry, struct ways *in)
{
	uint32_t linear = usage_common(&c->spec->usage), too_short = block_new(&c->blocks);
	uint32_t stripped = block_new(&c->blocks), none = block_new(&c->blocks);
	struct facts f = { .linear = linear, .below = FRAME_UNBOUNDED };

	c->at = entry;
	block_return(&c->blocks, none, c->none);
	emit(c, MOV64(R_CTX, BPF_REG_1));
	emit(c, MOV64(R_PARSE, BPF_REG_2));
	emit_leave(c, JMP64_K(BPF_JEQ, R_PARSE, 0), none);
	emit(c, LDX(BPF_W, R_DATA, R_CTX, offsetof(struct xdp_md, data)));
	emit(c, LDX(BPF_W, R_END, R_CTX, offsetof(struct xdp_md, data_end)));
	if (linear) {
		emit(c, MOV64(BPF_REG_1, R_DATA));
		emit(c, ALU64_K(BPF_ADD, BPF_REG_1, linear));
		emit_leave(c, JMP64_X(BPF_JGT, BPF_REG_1, R_END), too_short);
	}
	emit(c, LDX(BPF_W, BPF_REG_0, R_PARSE, PARSE(flags)));
	emit_leave(c, JMP32_K(BPF_JSET, BPF_REG_0, AFXDP_META_VLAN_STRIP), stripped);
	add_way(c, in, (struct way){ facts_intern(&c->facts, &f), NO_ACC, c->at });
	c->at = stripped;
	write_stripped_entry(c, linear, in);
	if (linear) {
		c->at = too_short;
		c->now = (struct facts){ .below = FRAME_UNBOUNDED };
		write_gather(c);
		add_way(c, in, (struct way){ facts_intern(&c->facts, &c->now), NO_ACC, c->at });
	}
	if (c->facts.failed)
		out_of_memory(c);
}

/* Put what was written on the rules' accounts. */
static void settle(const struct compiler *c)
{
	const struct specialiser *s = c->spec;

	for (uint32_t i = s->first; i < s->last; i++)
		c->rule[i].size = 0;
	for (uint32_t i = 0; i < c->blocks.n; i++)
		if (c->blocks.block[i].place != NO_BLOCK)
			c->rule[c->blocks.block[i].owner].size += block_size(&c->blocks.block[i]);
}

static int write_function(struct compiler *c, uint32_t function)
{
	struct specialiser *s = c->spec;
	uint32_t entry = block_new(&c->blocks);
	struct ways in = { .n = 0 };
	int err;

	c->blocks.owner = s->first;
	write_entry(c, entry, &in);
	for (c->current = s->first; c->current < s->last; c->current++) {
		c->blocks.owner = c->current;
		write_rule(c, &in);
		if (!c->err)
			next_ways(c, &in);
		if (c->err)
			break;
	}
	for (uint32_t i = 0; i < in.n && !c->err; i++)
		block_return(&c->blocks, in.way[i].block, c->none);
	free(in.way);
	if (c->err)
		return c->err;
	c->program->function[function].n = 0;
	err = blocks_layout(&c->blocks, entry, &c->program->function[function]);
	if (!err && c->program->function[function].n > FUNCTION_MAX)
		err = -E2BIG;
	if (!err)
		settle(c);
	return err;
}

/* Loop functions of an attempt that came to nothing. */
static void forget_functions(struct program *p, uint32_t functions)
{
	while (p->functions > functions)
		free(p->function[--p->functions].insn);
}

/* Rules [first, last) into @function; @variants 1: every rule for itself. */
static int try_function(struct compiler *c, uint32_t function, uint32_t first, uint32_t last,
			uint32_t variants)
{
	struct specialiser s = {
		.first = first,
		.last = last,
		.variants = variants,
		.node_variants = c->thorough	? THOROUGH_VARIANTS
				 : variants > 1 ? NODE_VARIANTS
						: 1,
	};
	uint32_t functions = c->program->functions;
	int err;

	for (uint32_t i = 0; i < c->loops; i++)
		c->loop_function[i] = -1;
	c->spec = &s;
	c->err = 0;
	c->current = first;
	err = usage_count(&s.usage, &c->vs, c->rule, first, last);
	if (!err)
		err = write_function(c, function);
	if (err)
		forget_functions(c->program, functions);
	free(s.met);
	free(s.work);
	free(s.out.way);
	usage_free(&s.usage);
	facts_free(&c->facts);
	blocks_free(&c->blocks);
	c->spec = NULL;
	return err;
}

/* Into one function; *@fits: they do, or it does not depend on that whether they ever will. */
static int compile_whole(struct compiler *c, uint32_t function, uint32_t first, uint32_t last,
			 bool *fits)
{
	int err = try_function(c, function, first, last,
			       c->thorough ? THOROUGH_VARIANTS : VARIANTS);

	*fits = err != -E2BIG || c->why;
	if (*fits || last - first > 1)
		return err;
	*fits = true;
	err = try_function(c, function, first, last, 1);
	c->current = first;
	return err;
}

/* Into a function of their own, or if they do not fit, each half into one. */
static int compile_part(struct compiler *c, uint32_t first, uint32_t last)
{
	uint32_t function = c->program->functions, middle = first + (last - first) / 2;
	bool fits;
	int err;

	if (!program_add(c->program, FUNCTION_CLASSIFY))
		return -ENOMEM;
	err = compile_whole(c, function, first, last, &fits);
	if (fits)
		return err;
	forget_functions(c->program, function);
	err = compile_part(c, first, middle);
	return err ? err : compile_part(c, middle, last);
}

/* The function that asks each part in turn, and answers what none of them does. */
static bool write_dispatcher(struct compiler *c, uint32_t function)
{
	struct blocks *b = &c->blocks;
	uint32_t entry = block_new(b), end = block_new(b), found = block_new(b);
	bool ok;

	c->at = entry;
	emit(c, MOV64(R_CTX, BPF_REG_1));
	emit(c, MOV64(R_PARSE, BPF_REG_2));
	for (uint32_t i = function + 1; i < c->program->functions; i++) {
		if (c->program->function[i].kind != FUNCTION_CLASSIFY)
			continue;
		emit(c, MOV64(BPF_REG_1, R_CTX));
		emit(c, MOV64(BPF_REG_2, R_PARSE));
		emit_call(c, SYMBOL_OWN + i);
		emit_leave(c, JMP32_K(BPF_JNE, BPF_REG_0, CLASS_NONE), found);
	}
	block_goto(b, c->at, end);
	block_return(b, end, AFXDP_CLASS(c->otherwise, AFXDP_RULE_DEFAULT));
	block_exit(b, found);
	c->program->function[function].n = 0;
	ok = !blocks_layout(b, entry, &c->program->function[function]);
	blocks_free(b);
	return ok && !c->err;
}

/* All rules: function 0 is the whole classifier if they fit into one, else it asks the others. */
static int compile_all(struct compiler *c)
{
	uint32_t middle = c->rules / 2;
	bool fits;
	int err;

	if (!program_add(c->program, FUNCTION_CLASSIFY))
		return -ENOMEM;
	if (c->rules) {
		c->none = AFXDP_CLASS(c->otherwise, AFXDP_RULE_DEFAULT);
		err = compile_whole(c, 0, 0, c->rules, &fits);
		if (fits)
			return err;
		c->none = CLASS_NONE;
		err = compile_part(c, 0, middle);
		if (!err)
			err = compile_part(c, middle, c->rules);
		if (err)
			return err;
	}
	return write_dispatcher(c, 0) ? 0 : -ENOMEM;
}

static int build_graphs(struct compiler *c, uint32_t *at)
{
	int err = 0;

	for (uint32_t i = 0; i < c->rules && !err; i++) {
		struct rule_input *r = &c->rule[i];

		*at = i;
		r->reached = false;
		err = graph_build(&r->graph, &c->vs, &r->source, &c->loops, &c->why);
	}
	return err;
}

static int compile(struct compiler *c, const char **why, uint32_t *at)
{
	int err = build_graphs(c, at);

	c->loop_function = malloc((c->loops + 1) * sizeof(*c->loop_function));
	if (!c->loop_function)
		err = -ENOMEM;
	if (!err)
		err = compile_all(c);
	*at = c->current < c->rules ? c->current : c->rules ? c->rules - 1 : 0;
	if (err)
		*why = c->why ?: err == -E2BIG ? "it is too complex" : "out of memory";
	for (uint32_t i = 0; i < c->rules; i++)
		graph_free(&c->rule[i].graph);
	values_free(&c->vs);
	free(c->loop_function);
	return err;
}

int compile_rules(struct rule_input *rule, uint32_t rules, uint32_t otherwise,
		  struct program *program, const char **why, uint32_t *at)
{
	struct compiler c = {
		.rule = rule, .rules = rules, .otherwise = otherwise, .program = program
	};

	return compile(&c, why, at);
}

int compile_thoroughly(struct rule_input *rule, uint32_t rules, struct program *program,
		       const char **why, uint32_t *at)
{
	struct compiler c = { .rule = rule, .rules = rules, .program = program, .thorough = true };

	return compile(&c, why, at);
}
