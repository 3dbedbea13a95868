/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* question.c - values and questions of the compiler's in words, as far as there is room. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "walk.h"

static const char *alu_sign(uint8_t op)
{
	switch (op) {
	case BPF_ADD:
		return "+";
	case BPF_SUB:
		return "-";
	case BPF_MUL:
		return "*";
	case BPF_DIV:
		return "/";
	case BPF_MOD:
		return "%";
	case BPF_OR:
		return "|";
	case BPF_AND:
		return "&";
	case BPF_XOR:
		return "^";
	case BPF_LSH:
		return "<<";
	}
	return ">>";
}

/* What an expression of this depth is called in a line of text is of no use. */
#define DEPTH 6

struct text {
	const struct afxdp_rules *r;
	const struct values *vs;
	char *at;
	size_t room;
};

__attribute__((format(printf, 2, 3))) static void say(struct text *t, const char *format, ...)
{
	va_list args;
	int n;

	va_start(args, format);
	n = vsnprintf(t->at, t->room, format, args);
	va_end(args);
	if (n < 0)
		return;
	if ((size_t)n >= t->room)
		n = t->room - 1;
	t->at += n;
	t->room -= n;
}

static void say_value(struct text *t, uint32_t v, int depth);

static void say_load(struct text *t, uint32_t base, uint32_t k, uint32_t size, int depth)
{
	say(t, "ether[");
	if (base != NO_VALUE)
		say_value(t, base, depth);
	if (base == NO_VALUE || k)
		say(t, base == NO_VALUE ? "%u" : " + %u", k);
	say(t, size > 1 ? ":%u]" : "]", size);
}

/* A set that was made of a list has no name that anybody wrote. */
static void say_set(struct text *t, uint32_t set)
{
	const struct set *s = t->r->set[set];

	say(t, s->ranked.n ? "the rules of %s" : " in @%s", s->name);
}

static void say_known(struct text *t, const struct value *x, int depth)
{
	switch (x->kind) {
	case VALUE_SET:
		if (x->op == 4)
			say_value(t, x->a, depth);
		else
			say_load(t, x->a, t->vs->v[x->b].k, 16, depth);
		break;
	case VALUE_KEY:
		if (x->b != NO_VALUE) {
			say_value(t, x->b, depth);
			say(t, " with ");
		}
		say_value(t, x->a, depth);
		break;
	default:
		say(t, "place of ");
		say_value(t, x->a, depth);
		say(t, " among ");
	}
	say_set(t, x->k);
}

static void say_value(struct text *t, uint32_t v, int depth)
{
	const struct value *x = &t->vs->v[v];

	if (depth == DEPTH) {
		say(t, "...");
		return;
	}
	depth++;
	switch (x->kind) {
	case VALUE_CONST:
		say(t, x->k < 10 ? "%u" : "0x%x", x->k);
		break;
	case VALUE_LEN:
		say(t, "len");
		break;
	case VALUE_LOAD:
		say_load(t, x->a, x->k, x->op, depth);
		break;
	case VALUE_ALU:
		say(t, "(");
		say_value(t, x->a, depth);
		say(t, " %s ", alu_sign(x->op));
		say_value(t, x->b, depth);
		say(t, ")");
		break;
	case VALUE_INNER:
		say(t, "inner");
		break;
	case VALUE_LOOP:
		say(t, "%s of loop %u", x->op == REG_A ? "A" : x->op == REG_X ? "X" : "M", x->k);
		break;
	default:
		say_known(t, x, depth);
	}
}

bool question_turned(const struct values *vs, const struct node *n)
{
	const struct cond *c = &vs->c[n->what];

	return n->kind == NODE_TEST && c->op == BPF_JEQ &&
	       (vs->v[c->a].kind == VALUE_SET || vs->v[c->a].kind == VALUE_KEY);
}

static void say_cond(struct text *t, const struct node *n)
{
	const struct cond *c = &t->vs->c[n->what];

	if (question_turned(t->vs, n)) {
		say_value(t, c->a, 0);
		return;
	}
	say_value(t, c->a, 0);
	say(t, " %s ",
	    c->op == BPF_JEQ   ? "=="
	    : c->op == BPF_JGT ? ">"
	    : c->op == BPF_JGE ? ">="
			       : "&");
	say_value(t, c->b, 0);
}

void question_value(const struct afxdp_rules *r, const struct values *vs, uint32_t v, char *text,
		    size_t size)
{
	struct text t = { .r = r, .vs = vs, .at = text, .room = size };

	*text = '\0';
	say_value(&t, v, 0);
}

void question_node(const struct afxdp_rules *r, const struct values *vs, const struct node *n,
		   char *text, size_t size)
{
	struct text t = { .r = r, .vs = vs, .at = text, .room = size };

	*text = '\0';
	switch (n->kind) {
	case NODE_LOAD:
		say(&t, "load ");
		say_value(&t, n->what, 0);
		break;
	case NODE_TEST:
		say_cond(&t, n);
		break;
	case NODE_LOOP:
		say(&t, "loop %u: step over headers", n->what);
		break;
	case NODE_KEY4:
	case NODE_KEY6:
		say(&t, "the limit's key: ");
		say_value(&t, n->what, 0);
		break;
	}
}
