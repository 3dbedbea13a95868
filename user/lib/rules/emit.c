/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* emit.c - instructions that compute values, and compare them. Those out of the frame: fetch.c. */
#include "emit.h"

#include <byteswap.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>

void emit(struct compiler *c, struct bpf_insn insn)
{
	/* An expression that asks for the same sum a thousand times over; a function is at most a
	 * tenth of that. */
	if (c->blocks.insns > 400000)
		c->err = -E2BIG;
	if (!c->err)
		block_put(&c->blocks, c->at, insn);
}

void emit_call(struct compiler *c, uint32_t symbol)
{
	emit(c, CALL_SYMBOL(symbol));
	c->acc = NO_ACC;
}

void emit_leave(struct compiler *c, struct bpf_insn jump, uint32_t taken)
{
	uint32_t next = block_new(&c->blocks);

	block_branch(&c->blocks, c->at, jump, taken, next);
	c->at = next;
}

static void emit_len(struct compiler *c, uint8_t reg)
{
	emit(c, LDX(BPF_W, reg, R_PARSE, PARSE(length)));
	emit(c, LDX(BPF_W, BPF_REG_2, R_PARSE, PARSE(flags)));
	emit(c, ALU32_K(BPF_AND, BPF_REG_2, AFXDP_META_VLAN_STRIP));
	_Static_assert(AFXDP_META_VLAN_STRIP >> 2 == TAG_SIZE, "the flag, shifted, is the size");
	emit(c, ALU32_K(BPF_RSH, BPF_REG_2, 2));
	emit(c, ALU32_X(BPF_ADD, reg, BPF_REG_2));
}

static bool in_slot(const struct compiler *c, uint32_t v)
{
	return c->vs.v[v].kind == VALUE_LOOP || facts_find(&c->now, FACT(FACT_SLOT, v));
}

/* Can @v be had without r0, without a branch and without operands put aside? */
static bool is_simple(const struct compiler *c, uint32_t v)
{
	const struct value *x = &c->vs.v[v];
	uint32_t k;

	return value_known(c, &c->now, v, &k) || in_slot(c, v) || x->kind == VALUE_LEN ||
	       (x->kind == VALUE_LOAD && fetch_is_simple(&c->now, x));
}

/* Put a simple value into r1; r0 stays. */
static void eval_simple(struct compiler *c, uint32_t v)
{
	const struct value x = c->vs.v[v];
	uint32_t k;

	if (value_known(c, &c->now, v, &k)) {
		emit(c, MOV32_K(BPF_REG_1, k));
	} else if (in_slot(c, v)) {
		emit(c, LDX(BPF_DW, BPF_REG_1, BPF_REG_10, SLOT_AT(x.slot)));
	} else if (x.kind == VALUE_LEN) {
		emit_len(c, BPF_REG_1);
	} else {
		fetch_simple(c, BPF_REG_1, &x);
	}
}

/* @a into r0 and @b into r1. */
static void eval_both(struct compiler *c, uint32_t a, uint32_t b)
{
	uint32_t temp = c->temps;

	if (is_simple(c, b)) {
		eval(c, a);
		eval_simple(c, b);
		return;
	}
	if (temp == TEMPS) {
		c->why = "its arithmetic is nested too deeply";
		c->err = -E2BIG;
		return;
	}
	eval(c, b);
	emit(c, STX(BPF_DW, BPF_REG_10, TEMP_AT(temp), BPF_REG_0));
	c->temps++;
	eval(c, a);
	emit(c, LDX(BPF_DW, BPF_REG_1, BPF_REG_10, TEMP_AT(temp)));
	c->temps = temp;
}

static void eval_alu(struct compiler *c, const struct value *x)
{
	bool shift = x->op == BPF_LSH || x->op == BPF_RSH;
	uint32_t k;

	if (value_known(c, &c->now, x->b, &k)) {
		eval(c, x->a);
		if (shift && k > 31)
			emit(c, MOV32_K(BPF_REG_0, 0));
		else
			emit(c, ALU32_K(x->op, BPF_REG_0, k));
		return;
	}
	eval_both(c, x->a, x->b);
	/* Classic BPF shifts everything out; eBPF takes the count modulo 32. */
	if (shift) {
		struct bpf_insn skip = JMP32_K(BPF_JLE, BPF_REG_1, 31);

		skip.off = 1;
		emit(c, skip);
		emit(c, MOV32_K(BPF_REG_0, 0));
	}
	emit(c, ALU32_X(x->op, BPF_REG_0, BPF_REG_1));
}

/* The place of an IPv6 address into r3. */
static void eval_place(struct compiler *c, uint32_t base, uint32_t k)
{
	if (base == NO_VALUE) {
		emit(c, MOV32_K(BPF_REG_3, k));
		return;
	}
	eval(c, base);
	emit(c, MOV64(BPF_REG_3, BPF_REG_0));
	emit(c, ALU64_K(BPF_ADD, BPF_REG_3, k));
}

static void call_set(struct compiler *c, const struct value *x)
{
	uint32_t symbol = SYMBOL_IN_SET + SET_COPIES * x->k;

	if (x->op == 4) {
		eval(c, x->a);
		emit(c, MOV64(BPF_REG_1, BPF_REG_0));
		emit_call(c, symbol);
		return;
	}
	eval_place(c, x->a, c->vs.v[x->b].k);
	emit(c, MOV64(BPF_REG_1, R_CTX));
	emit(c, MOV64(BPF_REG_2, R_PARSE));
	emit_call(c, symbol + SYMBOL_SET6 - SYMBOL_SET4);
}

static void call_key(struct compiler *c, const struct value *x)
{
	if (x->b != NO_VALUE) {
		eval_both(c, x->a, x->b);
		emit(c, ALU64_K(BPF_LSH, BPF_REG_0, 32));
		emit(c, ALU64_X(BPF_OR, BPF_REG_1, BPF_REG_0));
	} else {
		eval(c, x->a);
		emit(c, MOV64(BPF_REG_1, BPF_REG_0));
		emit(c, ALU64_K(BPF_LSH, BPF_REG_1, 32));
	}
	emit_call(c, SYMBOL_IN_SET + SET_COPIES * x->k + SYMBOL_KEY - SYMBOL_SET4);
}

/* Keep r0, which is @v, for whoever asks next. */
static void have(struct compiler *c, uint32_t v)
{
	int slot = c->vs.v[v].slot;

	c->acc = v * 2;
	if (slot < 0)
		return;
	emit(c, STX(BPF_DW, BPF_REG_10, SLOT_AT(slot), BPF_REG_0));
	facts_add(&c->now, FACT(FACT_SLOT, v), 1);
}

/* @v into r0, in host order. */
void eval(struct compiler *c, uint32_t v)
{
	const struct value x = c->vs.v[v];
	uint32_t k;

	if (c->err || c->acc == v * 2)
		return;
	if (c->acc == v * 2 + 1) {
		emit_to_host(c, BPF_REG_0, x.op);
		c->acc = v * 2;
		return;
	}
	if (value_known(c, &c->now, v, &k)) {
		emit(c, MOV32_K(BPF_REG_0, k));
		c->acc = NO_ACC;
		return;
	}
	if (in_slot(c, v)) {
		emit(c, LDX(BPF_DW, BPF_REG_0, BPF_REG_10, SLOT_AT(x.slot)));
		c->acc = v * 2;
		return;
	}
	switch (x.kind) {
	case VALUE_LEN:
		emit_len(c, BPF_REG_0);
		break;
	case VALUE_LOAD:
		if (x.a == NO_VALUE)
			fetch_constant(c, v, false);
		else
			fetch_variable(c, v);
		break;
	case VALUE_ALU:
		eval_alu(c, &x);
		break;
	case VALUE_SET:
		call_set(c, &x);
		break;
	case VALUE_KEY:
		call_key(c, &x);
		break;
	case VALUE_RANK:
		eval(c, x.a);
		emit(c, MOV64(BPF_REG_1, BPF_REG_0));
		emit_call(c, SYMBOL_IN_SET + SET_COPIES * x.k + SYMBOL_RANK4 - SYMBOL_SET4);
		break;
	case VALUE_INNER:
		emit(c, MOV64(BPF_REG_1, R_CTX));
		emit(c, MOV64(BPF_REG_2, R_PARSE));
		emit_call(c, SYMBOL_INNER);
		break;
	}
	have(c, v);
}

/* Compare where the bytes lie, and turn the constant around instead of them. */
static bool test_raw(struct compiler *c, const struct cond *cond, uint32_t k, struct bpf_insn *jump)
{
	const struct value x = c->vs.v[cond->a];

	if (x.kind != VALUE_LOAD || x.op == 1 || c->acc == cond->a * 2 ||
	    !fetch_is_direct(&c->now, &x) || (cond->op != BPF_JEQ && cond->op != BPF_JSET))
		return false;
	if (c->acc != cond->a * 2 + 1)
		fetch_constant(c, cond->a, true);
	c->acc = cond->a * 2 + 1;
	*jump = JMP32_K(cond->op, BPF_REG_0, x.op == 2 ? bswap_16(k) : bswap_32(k));
	return true;
}

/* What the outcome @yes of condition @id tells. Facts that nobody else asks for are not kept. */
static void learn(const struct compiler *c, struct facts *f, uint32_t id, bool yes)
{
	const struct cond *cond = &c->vs.c[id];

	if (cond->op == BPF_JEQ && yes && value_is_const(&c->vs, cond->b) &&
	    (c->vs.v[cond->a].use.nodes > 1 || c->thorough))
		learn_equal(c, f, cond->a, c->vs.v[cond->b].k);
	else if (cond->use.nodes > 1 || c->thorough)
		facts_add(f, FACT(FACT_COND, id), yes);
}

void emit_test(struct compiler *c, const struct node *n)
{
	const struct cond cond = c->vs.c[n->what];
	struct facts yes, no;
	struct bpf_insn jump;
	uint32_t k, taken, otherwise;

	if (!value_known(c, &c->now, cond.b, &k)) {
		eval_both(c, cond.a, cond.b);
		jump = JMP32_X(cond.op, BPF_REG_0, BPF_REG_1);
	} else if (!test_raw(c, &cond, k, &jump)) {
		eval(c, cond.a);
		jump = JMP32_K(cond.op, BPF_REG_0, k);
	}
	yes = no = c->now;
	learn(c, &yes, n->what, true);
	learn(c, &no, n->what, false);
	/* r0 goes along on one way only, so that the other may be shared. */
	taken = edge(c, n->next[1], &yes, NO_ACC);
	otherwise = edge(c, n->next[0], &no, c->acc);
	block_branch(&c->blocks, c->at, jump, taken, otherwise);
}

/* After a loop: its registers into the slots of the values that stand for them. */
static void leave_loop(struct compiler *c, const struct loop *l, uint32_t e)
{
	for (int r = 0; r < REGS; r++) {
		uint32_t v;

		if (!(l->written & l->exit[e].live & 1u << r))
			continue;
		v = value_loop(&c->vs, l->id, r);
		if (c->vs.v[v].slot < 0)
			continue;
		emit(c, LDX(BPF_W, BPF_REG_0, BPF_REG_10, LOOP_AT + LOOP_REG(r)));
		emit(c, STX(BPF_DW, BPF_REG_10, SLOT_AT(c->vs.v[v].slot), BPF_REG_0));
	}
	block_goto(&c->blocks, c->at, edge(c, l->exit[e].node, &c->now, NO_ACC));
}

/*
 * How often a loop may turn. Every header that `protochain` steps over has eight bytes at least, so
 * a frame holds one for every eight bytes; libpcap's code for AH may also step back, and then for
 * ever. A loop that turns more often than this is not left: no match.
 */
static void loop_limit(struct compiler *c)
{
	struct bpf_insn skip = JMP32_K(BPF_JLE, BPF_REG_1, 1 << 14);

	emit(c, LDX(BPF_W, BPF_REG_1, R_PARSE, PARSE(length)));
	emit(c, ALU32_K(BPF_RSH, BPF_REG_1, 2));
	emit(c, ALU32_K(BPF_ADD, BPF_REG_1, 16));
	skip.off = 1;
	emit(c, skip);
	emit(c, MOV32_K(BPF_REG_1, 1 << 14));
}

/* The function of a loop is written when the loop is first met. */
static int loop_once(struct compiler *c, const struct cbpf *code, const struct loop *l)
{
	int function = c->loop_function[l->id];

	if (function >= 0)
		return function;
	function = loop_function(c->program, code, l);
	c->loop_function[l->id] = function;
	if (function < 0)
		c->err = function;
	return function;
}

void emit_loop(struct compiler *c, const struct node *n)
{
	const struct rule_input *rule = &c->rule[c->current];
	const struct loop *l = &rule->graph.loop[n->what];
	int function = loop_once(c, rule->source.code, l);

	if (function < 0)
		return;
	for (int off = 0; off < LOOP_SIZE; off += 8)
		emit(c, ST_K(BPF_DW, BPF_REG_10, LOOP_AT + off, 0));
	for (int r = 0; r < REGS; r++) {
		if (l->in[r] == NO_VALUE)
			continue;
		eval(c, l->in[r]);
		emit(c, STX(BPF_W, BPF_REG_10, LOOP_AT + LOOP_REG(r), BPF_REG_0));
	}
	emit(c, STX(BPF_DW, BPF_REG_10, LOOP_AT + LOOP_CTX, R_CTX));
	emit(c, STX(BPF_DW, BPF_REG_10, LOOP_AT + LOOP_PARSE, R_PARSE));
	loop_limit(c);
	emit(c, LD_IMM64_LOW(BPF_REG_2, BPF_PSEUDO_FUNC, SYMBOL_OWN + function));
	emit(c, LD_IMM64_HIGH(0));
	emit(c, MOV64(BPF_REG_3, BPF_REG_10));
	emit(c, ALU64_K(BPF_ADD, BPF_REG_3, LOOP_AT));
	emit(c, MOV32_K(BPF_REG_4, 0));
	emit(c, CALL_HELPER(BPF_FUNC_loop));
	c->acc = NO_ACC;
	emit(c, LDX(BPF_W, BPF_REG_0, BPF_REG_10, LOOP_AT + LOOP_EXITED));
	for (uint32_t e = 0; e < l->exits && !c->err; e++) {
		uint32_t here = c->at, out = block_new(&c->blocks), next = block_new(&c->blocks);

		block_branch(&c->blocks, here, JMP32_K(BPF_JEQ, BPF_REG_0, e + 1), out, next);
		c->at = out;
		leave_loop(c, l, e);
		c->at = next;
	}
	block_goto(&c->blocks, c->at, edge(c, FAIL, &c->now, NO_ACC));
}
