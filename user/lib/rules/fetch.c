/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * fetch.c - instructions that get bytes out of a frame.
 *
 * Three ways, the first two in every program: straight out of the first buffer, behind a check of
 * its length that serves all later loads; straight out of a copy of the frame's beginning, where
 * the first buffer is too short for that although the frame is not; and, from anywhere, by a call.
 */
#include "emit.h"

/* Loads from beyond are rare enough to be function calls: offsets of instructions end here. */
#define FAR 0x7fff

/*
 * What is added to a pointer is masked behind the comparison that bounds it. The verifier also goes
 * where no frame can: past `r1 <= 244` with an r1 that it knows to be at least 243 and 2 modulo 4,
 * which it then takes for 246. A mask holds there, too; so the copy has room for as much again. And
 * a packet pointer is followed up to 0xffff (MAX_PACKET_OFF), half for this and half for FAR.
 */
#define PACKET_MASK   0x7fff
#define GATHERED_MASK (AFXDP_GATHERED - 1)

/*
 * The frame's length, where bytes come from the copy. It is loaded for every comparison: of a
 * register the verifier would remember what each one said, and would have to go through all that
 * follows once for every such past.
 */
#define GATHERED_LENGTH offsetof(struct afxdp_gathered, length)

static bool is_gathered(const struct facts *f)
{
	return f->world & WORLD_GATHERED;
}

enum place {
	IN_FRAME,  /* one load, from *@at */
	IN_TAG,	   /* of the tag that was taken off */
	IN_PIECES, /* of the tag and what is beside it */
	BEYOND,	   /* too far for an instruction, or for the copy */
};

static enum place place_of(const struct facts *f, const struct value *v, uint32_t *at)
{
	uint32_t k = v->k, end = k + v->op;

	*at = k;
	if (end > (is_gathered(f) ? AFXDP_GATHERED : FAR))
		return BEYOND;
	if (!(f->world & WORLD_STRIPPED) || end <= TAG_AT)
		return IN_FRAME;
	if (k >= TAG_END) {
		*at = k - TAG_SIZE;
		return IN_FRAME;
	}
	return k >= TAG_AT && end <= TAG_END ? IN_TAG : IN_PIECES;
}

bool fetch_is_direct(const struct facts *f, const struct value *v)
{
	uint32_t at;

	return v->a == NO_VALUE && place_of(f, v, &at) == IN_FRAME;
}

bool fetch_is_simple(const struct facts *f, const struct value *v)
{
	uint32_t at;

	if (v->a != NO_VALUE)
		return false;
	switch (place_of(f, v, &at)) {
	case IN_FRAME:
		return at + v->op <= f->linear;
	case IN_TAG:
		return true;
	default:
		return false;
	}
}

bool fetch_is_decided(const struct facts *f, const struct value *v, bool *there)
{
	uint32_t at;

	*there = fetch_is_simple(f, v);
	if (*there)
		return true;
	return v->a == NO_VALUE && place_of(f, v, &at) == IN_FRAME && at + v->op >= f->below;
}

static uint8_t size_code(uint32_t size)
{
	return size == 4 ? BPF_W : size == 2 ? BPF_H : BPF_B;
}

void emit_to_host(struct compiler *c, uint8_t reg, uint32_t size)
{
	if (size > 1)
		emit(c, TO_BE(reg, 8 * size));
}

/* The rule does not match (or, looking for the source address, ends), because the frame is too
 * short for @v. */
static uint32_t fail_target(struct compiler *c, uint32_t v)
{
	struct facts f = c->now;
	uint32_t at;

	if (c->vs.v[v].a != NO_VALUE)
		facts_add(&f, FACT(FACT_SHORT, v), 1);
	else if (place_of(&f, &c->vs.v[v], &at) == IN_FRAME && at + c->vs.v[v].op < f.below)
		f.below = at + c->vs.v[v].op;
	return edge(c, c->too_short, &f, NO_ACC);
}

/* ---- By a call ---- */

/* r3 is the place, as if no tag had been taken off; the helper knows about tags and about frames in
 * several buffers. */
static void call_load(struct compiler *c, uint32_t size)
{
	emit(c, MOV64(BPF_REG_1, R_CTX));
	emit(c, MOV64(BPF_REG_2, R_PARSE));
	emit(c, MOV32_K(BPF_REG_4, size));
	emit_call(c, SYMBOL_LOAD);
}

static void fetch_by_call(struct compiler *c, uint32_t v)
{
	uint32_t base = c->vs.v[v].a, k = c->vs.v[v].k;

	if (base == NO_VALUE) {
		emit(c, MOV32_K(BPF_REG_3, k));
	} else {
		eval(c, base);
		emit(c, MOV64(BPF_REG_3, BPF_REG_0));
		emit(c, ALU64_K(BPF_ADD, BPF_REG_3, k));
	}
	call_load(c, c->vs.v[v].op);
	emit_leave(c, JMP64_K(BPF_JSLT, BPF_REG_0, 0), fail_target(c, v));
}

/* ---- Where the place is known ---- */

/* Bytes of the tag itself: its type and its control information are in the parse result. */
static void fetch_from_tag(struct compiler *c, uint8_t reg, const struct value *v)
{
	uint32_t shift = 8 * (TAG_END - v->k - v->op);

	if (v->k >= TAG_AT + 2) {
		emit(c, LDX(BPF_H, reg, R_PARSE, PARSE(vlan_tci)));
	} else {
		emit(c, LDX(BPF_W, reg, R_PARSE, PARSE(flags)));
		emit(c, ALU32_K(BPF_RSH, reg, __builtin_ctz(AFXDP_META_VLAN_AD)));
		emit(c, ALU32_K(BPF_AND, reg, 1));
		emit(c, ALU32_K(BPF_MUL, reg, 0x88a8 - 0x8100));
		emit(c, ALU32_K(BPF_ADD, reg, 0x8100));
		emit(c, ALU32_K(BPF_LSH, reg, 16));
		emit(c, LDX(BPF_H, BPF_REG_2, R_PARSE, PARSE(vlan_tci)));
		emit(c, ALU32_X(BPF_OR, reg, BPF_REG_2));
	}
	if (shift)
		emit(c, ALU32_K(BPF_RSH, reg, shift));
	if (v->op < 4)
		emit(c, ALU32_K(BPF_AND, reg, (1u << 8 * v->op) - 1));
}

/* Make sure that there are @end bytes where R_DATA points. */
static void need(struct compiler *c, uint32_t v, uint32_t end)
{
	uint32_t ask = linear_tier(c, end);

	if (end <= c->now.linear)
		return;
	if (end >= c->now.below) {
		/* Known not to be: nothing runs here. */
		block_goto(&c->blocks, c->at, edge(c, c->too_short, &c->now, NO_ACC));
		c->at = block_new(&c->blocks);
		return;
	}
	if (is_gathered(&c->now)) {
		emit(c, LDX(BPF_W, BPF_REG_1, R_DATA, GATHERED_LENGTH));
		emit_leave(c, JMP64_K(BPF_JLT, BPF_REG_1, end), fail_target(c, v));
		c->now.linear = end;
		return;
	}
	emit(c, MOV64(BPF_REG_1, R_DATA));
	emit(c, ALU64_K(BPF_ADD, BPF_REG_1, ask));
	emit_leave(c, JMP64_X(BPF_JGT, BPF_REG_1, R_END), gather_edge(c, c->node, &c->now));
	c->now.linear = ask;
}

void fetch_simple(struct compiler *c, uint8_t reg, const struct value *v)
{
	uint32_t at;

	if (place_of(&c->now, v, &at) == IN_TAG) {
		fetch_from_tag(c, reg, v);
		return;
	}
	emit(c, LDX(size_code(v->op), reg, R_DATA, at));
	emit_to_host(c, reg, v->op);
}

void fetch_constant(struct compiler *c, uint32_t v, bool raw)
{
	const struct value x = c->vs.v[v];
	uint32_t at;

	switch (place_of(&c->now, &x, &at)) {
	case IN_FRAME:
		need(c, v, at + x.op);
		emit(c, LDX(size_code(x.op), BPF_REG_0, R_DATA, at));
		if (!raw)
			emit_to_host(c, BPF_REG_0, x.op);
		break;
	case IN_TAG:
		fetch_from_tag(c, BPF_REG_0, &x);
		break;
	default:
		fetch_by_call(c, v);
	}
}

/* ---- Where the place is computed ---- */

/* Go to @slow unless r1, which is at most @max, is at most @limit. */
static void bound(struct compiler *c, uint32_t max, uint32_t limit, uint32_t mask, uint32_t slow)
{
	if (max > limit)
		emit_leave(c, JMP64_K(BPF_JGT, BPF_REG_1, limit), slow);
	emit(c, ALU64_K(BPF_AND, BPF_REG_1, mask));
}

/* Out of the copy, at r1 + @k. */
static void fetch_gathered(struct compiler *c, uint32_t v, uint32_t slow)
{
	uint32_t k = c->vs.v[v].k, size = c->vs.v[v].op;

	emit(c, MOV64(BPF_REG_3, BPF_REG_1));
	emit(c, ALU64_K(BPF_ADD, BPF_REG_3, k + size));
	emit(c, LDX(BPF_W, BPF_REG_2, R_DATA, GATHERED_LENGTH));
	emit_leave(c, JMP64_X(BPF_JGT, BPF_REG_3, BPF_REG_2), fail_target(c, v));
	bound(c, c->vs.v[c->vs.v[v].a].max, AFXDP_GATHERED - k - size, GATHERED_MASK, slow);
	emit(c, MOV64(BPF_REG_2, R_DATA));
	emit(c, ALU64_X(BPF_ADD, BPF_REG_2, BPF_REG_1));
	emit(c, LDX(size_code(size), BPF_REG_0, BPF_REG_2, k));
}

/* Out of the first buffer, at r1 + @at. */
static void fetch_linear(struct compiler *c, uint32_t v, uint32_t at, uint32_t slow)
{
	uint32_t size = c->vs.v[v].op;

	bound(c, c->vs.v[c->vs.v[v].a].max, PACKET_MASK, PACKET_MASK, slow);
	emit(c, MOV64(BPF_REG_2, R_DATA));
	emit(c, ALU64_X(BPF_ADD, BPF_REG_2, BPF_REG_1));
	emit(c, MOV64(BPF_REG_3, BPF_REG_2));
	emit(c, ALU64_K(BPF_ADD, BPF_REG_3, at + size));
	emit_leave(c, JMP64_X(BPF_JGT, BPF_REG_3, R_END), slow);
	emit(c, LDX(size_code(size), BPF_REG_0, BPF_REG_2, at));
}

void fetch_variable(struct compiler *c, uint32_t v)
{
	const struct value x = c->vs.v[v];
	uint32_t at, slow, join;

	/* What a computed place is in front of, it may also be behind. */
	if (place_of(&c->now, &x, &at) == BEYOND ||
	    ((c->now.world & WORLD_STRIPPED) && x.k < TAG_END)) {
		fetch_by_call(c, v);
		return;
	}
	eval(c, x.a);
	slow = block_new(&c->blocks);
	join = block_new(&c->blocks);
	emit(c, MOV64(BPF_REG_1, BPF_REG_0));
	if (is_gathered(&c->now))
		fetch_gathered(c, v, slow);
	else
		fetch_linear(c, v, at, slow);
	emit_to_host(c, BPF_REG_0, x.op);
	block_goto(&c->blocks, c->at, join);

	c->at = slow;
	emit(c, MOV64(BPF_REG_3, BPF_REG_1));
	emit(c, ALU64_K(BPF_ADD, BPF_REG_3, x.k));
	call_load(c, x.op);
	block_branch(&c->blocks, c->at, JMP64_K(BPF_JSLT, BPF_REG_0, 0), fail_target(c, v), join);
	c->at = join;
}

/* ---- The copy ---- */

void write_gather(struct compiler *c)
{
	uint32_t none = block_new(&c->blocks);

	block_return(&c->blocks, none, c->none);
	emit(c, MOV64(BPF_REG_1, R_CTX));
	emit(c, MOV64(BPF_REG_2, R_PARSE));
	emit_call(c, SYMBOL_GATHER);
	emit(c, LD_IMM64_LOW(BPF_REG_1, BPF_PSEUDO_MAP_FD, 0));
	emit(c, LD_IMM64_HIGH(0));
	emit(c, ST_K(BPF_W, BPF_REG_10, TEMP_AT(0), 0));
	emit(c, MOV64(BPF_REG_2, BPF_REG_10));
	emit(c, ALU64_K(BPF_ADD, BPF_REG_2, TEMP_AT(0)));
	emit(c, CALL_HELPER(BPF_FUNC_map_lookup_elem));
	emit_leave(c, JMP64_K(BPF_JEQ, BPF_REG_0, 0), none);
	emit(c, MOV64(R_DATA, BPF_REG_0));
	/* All that is known of the frame still holds. */
	c->now.world = WORLD_GATHERED;
}
