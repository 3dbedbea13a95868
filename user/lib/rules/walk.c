/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* walk.c - one frame, or all, through the decision graph of a rule's expression. */
#include "walk.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "flow.h"

struct walk {
	const struct afxdp_rules *r;
	const struct afxdp_explain_frame *f;
	const struct source *source;
	struct values vs;
	struct graph g;
	uint32_t *number; /* of nodes, as they are told: 0 is none yet */
	uint32_t *found;  /* nodes by number - 1 */
	uint32_t numbers;
	uint32_t (*left)[REGS]; /* registers that loops were left with, by id */
	afxdp_explain_each *each;
	void *arg;
};

static uint32_t evaluate(const struct walk *w, uint32_t v);

/* A place: sums of classic BPF do not wrap there. */
static uint64_t place(const struct walk *w, uint32_t base, uint32_t k)
{
	return (base == NO_VALUE ? 0 : (uint64_t)evaluate(w, base)) + k;
}

/* The value is only asked for where the graph has seen that it is there. */
static uint32_t evaluate(const struct walk *w, uint32_t v)
{
	const struct value *x = &w->vs.v[v];
	uint32_t n;

	switch (x->kind) {
	case VALUE_LEN:
		return w->f->len;
	case VALUE_LOAD:
		answer_load(w->f, place(w, x->a, x->k), x->op, &n);
		return n;
	case VALUE_ALU:
		return alu_fold(x->op, evaluate(w, x->a), evaluate(w, x->b));
	case VALUE_SET:
		if (x->op == 4)
			return answer_set4(w->r, x->k, evaluate(w, x->a));
		return answer_set6(w->r, x->k, w->f, place(w, x->a, w->vs.v[x->b].k));
	case VALUE_KEY:
		return answer_key(
			w->r, x->k,
			AFXDP_SET_KEY(evaluate(w, x->a), x->b == NO_VALUE ? 0 : evaluate(w, x->b)));
	case VALUE_RANK:
		return answer_rank(w->r, x->k, evaluate(w, x->a));
	case VALUE_INNER:
		return answer_inner(w->f);
	case VALUE_LOOP:
		return w->left[x->k][x->op];
	default:
		return x->k;
	}
}

/* ---- Loops: the classic program itself ---- */

static bool turn_load(const struct walk *w, const struct cbpf *i, uint32_t *reg)
{
	uint32_t size = BPF_SIZE(i->code) == BPF_W ? 4 : BPF_SIZE(i->code) == BPF_H ? 2 : 1, n;
	uint32_t to = BPF_CLASS(i->code) == BPF_LD ? REG_A : REG_X;

	switch (BPF_MODE(i->code)) {
	case BPF_IMM:
		reg[to] = i->k;
		return true;
	case BPF_MEM:
		reg[to] = reg[REG_MEM + i->k];
		return true;
	}
	if (!answer_load(w->f, (BPF_MODE(i->code) == BPF_IND ? (uint64_t)reg[REG_X] : 0) + i->k,
			 size, &n))
		return false;
	reg[to] = BPF_MODE(i->code) == BPF_MSH ? (n & 0xf) << 2 : n;
	return true;
}

/* One instruction. Return: where it goes on; UINT32_MAX: the frame is too short. */
static uint32_t turn_one(const struct walk *w, uint32_t pc, uint32_t *reg)
{
	const struct cbpf *i = &w->source->code[pc];
	uint32_t t, f, operand = BPF_SRC(i->code) == BPF_X ? reg[REG_X] : i->k;

	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
	case BPF_LDX:
		return turn_load(w, i, reg) ? pc + 1 : UINT32_MAX;
	case BPF_ST:
	case BPF_STX:
		reg[REG_MEM + i->k] = reg[BPF_CLASS(i->code) == BPF_ST ? REG_A : REG_X];
		return pc + 1;
	case BPF_ALU:
		reg[REG_A] = BPF_OP(i->code) == BPF_NEG
				     ? -reg[REG_A]
				     : alu_fold(BPF_OP(i->code), reg[REG_A], operand);
		return pc + 1;
	case BPF_JMP:
		flow_targets(i, pc, &t, &f);
		return t == f || cond_fold(BPF_OP(i->code), reg[REG_A], operand) ? t : f;
	}
	reg[CBPF_MISCOP(i->code) == CBPF_TAX ? REG_X : REG_A] =
		reg[CBPF_MISCOP(i->code) == CBPF_TAX ? REG_A : REG_X];
	return pc + 1;
}

/* As many turns as emit.c allows. Return: the exit; -1: none, no match. */
static int run_loop(const struct walk *w, const struct loop *l)
{
	uint32_t turns = w->f->len / 4 + 16, pc = l->head, *reg = w->left[l->id];

	if (turns > 1 << 14)
		turns = 1 << 14;
	for (int r = 0; r < REGS; r++)
		reg[r] = l->in[r] == NO_VALUE ? 0 : evaluate(w, l->in[r]);
	while (turns) {
		pc = turn_one(w, pc, reg);
		if (pc == UINT32_MAX)
			return -1;
		for (uint32_t e = 0; e < l->exits; e++)
			if (l->exit[e].pc == pc)
				return e;
		turns -= pc == l->head;
	}
	return -1;
}

/* ---- Telling ---- */

/* A node's number; it has one from now on. */
static uint32_t number(struct walk *w, uint32_t node)
{
	if (!w->number[node]) {
		w->found[w->numbers++] = node;
		w->number[node] = w->numbers;
	}
	return w->number[node];
}

static void say_target(struct walk *w, char *text, size_t size, uint32_t node)
{
	if (node == FAIL || node == MATCH)
		snprintf(text, size, node == MATCH ? "match" : "no match");
	else
		snprintf(text, size, "%u", number(w, node));
}

/* What the frame says at @n. Return: where it goes on. */
static uint32_t ask(const struct walk *w, const struct node *n, char *said, size_t size)
{
	const struct value *x = &w->vs.v[n->what];
	bool yes;
	int e;

	switch (n->kind) {
	case NODE_LOAD: {
		uint32_t k;
		uint64_t at = place(w, x->a, x->k);

		yes = answer_load(w->f, at, x->op, &k);
		if (yes)
			snprintf(said, size, "0x%x", k);
		else
			snprintf(said, size, "no: byte %" PRIu64 " of %u", at + x->op, w->f->len);
		return n->next[yes];
	}
	case NODE_TEST: {
		const struct cond *c = &w->vs.c[n->what];
		uint32_t a = evaluate(w, c->a);

		yes = cond_fold(c->op, a, evaluate(w, c->b));
		if (question_turned(&w->vs, n))
			snprintf(said, size, yes ? "no" : "yes");
		else
			snprintf(said, size, "%s: 0x%x", yes ? "yes" : "no", a);
		return n->next[yes];
	}
	default:
		e = run_loop(w, &w->g.loop[n->what]);
		if (e < 0) {
			snprintf(said, size, "no way out");
			return n->next[0];
		}
		snprintf(said, size, "way out %d", e);
		return w->g.loop[n->what].exit[e].node;
	}
}

static int tell(struct walk *w, uint32_t node, struct afxdp_explain_step *s)
{
	s->number = number(w, node);
	question_node(w->r, &w->vs, &w->g.node[node], s->text, sizeof(s->text));
	return w->each(w->arg, s);
}

static int walk_frame(struct walk *w, bool *matches)
{
	uint32_t node = w->g.root, next;
	int ret = 0;

	while (!ret && node != FAIL && node != MATCH) {
		struct afxdp_explain_step s = { .said = "" };
		const struct node *n = &w->g.node[node];

		if (n->kind == NODE_KEY4 || n->kind == NODE_KEY6) {
			snprintf(s.said, sizeof(s.said), n->kind == NODE_KEY4 ? "0x%x" : "...%x",
				 evaluate(w, n->what));
			next = MATCH;
		} else {
			next = ask(w, n, s.said, sizeof(s.said));
		}
		ret = tell(w, node, &s);
		node = next;
	}
	*matches = node == MATCH;
	return ret;
}

/* Both ways of a question; of a look-up the words ask the opposite. */
static void say_ways(struct walk *w, const struct node *n, char *said, size_t size)
{
	bool turned = question_turned(&w->vs, n);
	char no[24], yes[24];

	say_target(w, yes, sizeof(yes), n->next[!turned]);
	say_target(w, no, sizeof(no), n->next[turned]);
	snprintf(said, size, n->kind == NODE_LOAD ? "there: %s, too short: %s" : "yes: %s, no: %s",
		 yes, no);
}

static void say_exits(struct walk *w, const struct node *n, char *said, size_t size)
{
	const struct loop *l = &w->g.loop[n->what];
	size_t at = 0;

	for (uint32_t e = 0; e < l->exits && at < size; e++) {
		char target[24];

		say_target(w, target, sizeof(target), l->exit[e].node);
		at += snprintf(said + at, size - at, "%sway out %u: %s", e ? ", " : "", e, target);
	}
}

static int walk_all(struct walk *w)
{
	int ret = 0;

	if (w->g.root != FAIL && w->g.root != MATCH)
		number(w, w->g.root);
	for (uint32_t i = 0; i < w->numbers && !ret; i++) {
		const struct node *n = &w->g.node[w->found[i]];
		struct afxdp_explain_step s = { .said = "match" };

		if (n->kind == NODE_LOAD || n->kind == NODE_TEST)
			say_ways(w, n, s.said, sizeof(s.said));
		else if (n->kind == NODE_LOOP)
			say_exits(w, n, s.said, sizeof(s.said));
		ret = tell(w, w->found[i], &s);
	}
	return ret;
}

/* Is the frame decided here, if it matches? */
static void decide(const struct afxdp_rules *r, uint32_t index, const struct afxdp_explain_frame *f,
		   struct afxdp_explain_outcome *out)
{
	enum action action = r->rule[index].args.action;

	out->decides = out->matches && !action_goes_on(action) &&
		       (action_decides(action) || answer_acted(f, index));
	out->answer = (struct afxdp_trial_answer){ action_verdict(action), index };
}

int afxdp_explain_rule(const struct afxdp_rules *r, uint32_t index,
		       const struct afxdp_explain_frame *f, afxdp_explain_each *each, void *arg,
		       struct afxdp_explain_outcome *out)
{
	struct rule_input input;
	struct walk w = { .r = r, .f = f, .each = each, .arg = arg };
	uint32_t loops = 0;
	const char *why;
	int ret;

	*out = (struct afxdp_explain_outcome){ .matches = false };
	if (index >= r->rules)
		return -ENOENT;
	input = rules_input(&r->rule[index], &r->rule[index].expr);
	w.source = &input.source;
	ret = graph_build(&w.g, &w.vs, &input.source, &loops, &why);
	if (!ret) {
		w.number = calloc(w.g.n, sizeof(*w.number));
		w.found = calloc(w.g.n, sizeof(*w.found));
		w.left = calloc(loops + 1, sizeof(*w.left));
		ret = !w.number || !w.found || !w.left ? -ENOMEM
		      : f->byte			       ? walk_frame(&w, &out->matches)
						       : walk_all(&w);
		decide(r, index, f, out);
	}
	free(w.number);
	free(w.found);
	free(w.left);
	graph_free(&w.g);
	values_free(&w.vs);
	return ret;
}
