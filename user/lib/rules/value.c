/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "value.h"

#include <afxdp/abi.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

enum {
	INDEX_VALUES,
	INDEX_CONDS
};

static uint32_t mix(uint32_t h, uint32_t x)
{
	/* FNV-1a's prime over whole words, then a shift so that high bits reach the mask. */
	h = (h ^ x) * 16777619u;
	return h ^ h >> 15;
}

static uint32_t value_hash(const struct value *v)
{
	return mix(mix(mix(mix(2166136261u, v->kind << 8 | v->op), v->k), v->a), v->b);
}

static uint32_t cond_hash(const struct cond *c)
{
	return mix(mix(mix(2166136261u, c->op), c->a), c->b);
}

static uint32_t hash_at(const struct values *vs, int which, uint32_t i)
{
	return which == INDEX_VALUES ? value_hash(&vs->v[i]) : cond_hash(&vs->c[i]);
}

/* Room for one more in table @which, at most half full. */
static bool index_grow(struct values *vs, int which, uint32_t n)
{
	uint32_t size = vs->index[which] ? (vs->mask[which] + 1) * 2 : 256, mask = size - 1;
	uint32_t *table;

	if (vs->index[which] && (n + 1) * 2 <= vs->mask[which] + 1)
		return true;
	table = calloc(size, sizeof(*table));
	if (!table)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t at = hash_at(vs, which, i) & mask;

		while (table[at])
			at = (at + 1) & mask;
		table[at] = i + 1;
	}
	free(vs->index[which]);
	vs->index[which] = table;
	vs->mask[which] = mask;
	return true;
}

static bool grow(void **array, uint32_t n, uint32_t *room, size_t size)
{
	uint32_t want = *room ? *room * 2 : 64;
	void *p;

	if (n < *room)
		return true;
	p = realloc(*array, want * size);
	if (!p)
		return false;
	*array = p;
	*room = want;
	return true;
}

static bool same_value(const struct value *x, const struct value *y)
{
	return x->kind == y->kind && x->op == y->op && x->k == y->k && x->a == y->a && x->b == y->b;
}

static uint32_t value_get(struct values *vs, struct value v)
{
	uint32_t at;

	v.slot = -1;
	if (!index_grow(vs, INDEX_VALUES, vs->n) ||
	    !grow((void **)&vs->v, vs->n, &vs->room, sizeof(*vs->v))) {
		vs->failed = true;
		return 0;
	}
	at = value_hash(&v) & vs->mask[INDEX_VALUES];
	for (; vs->index[INDEX_VALUES][at]; at = (at + 1) & vs->mask[INDEX_VALUES]) {
		uint32_t i = vs->index[INDEX_VALUES][at] - 1;

		if (same_value(&vs->v[i], &v))
			return i;
	}
	vs->v[vs->n] = v;
	vs->index[INDEX_VALUES][at] = vs->n + 1;
	return vs->n++;
}

uint32_t cond_get(struct values *vs, uint8_t op, uint32_t a, uint32_t b)
{
	struct cond c = { .op = op, .a = a, .b = b };
	uint32_t at;

	if (!index_grow(vs, INDEX_CONDS, vs->n_conds) ||
	    !grow((void **)&vs->c, vs->n_conds, &vs->conds_room, sizeof(*vs->c))) {
		vs->failed = true;
		return 0;
	}
	at = cond_hash(&c) & vs->mask[INDEX_CONDS];
	for (; vs->index[INDEX_CONDS][at]; at = (at + 1) & vs->mask[INDEX_CONDS]) {
		uint32_t i = vs->index[INDEX_CONDS][at] - 1;

		if (vs->c[i].op == op && vs->c[i].a == a && vs->c[i].b == b)
			return i;
	}
	vs->c[vs->n_conds] = c;
	vs->index[INDEX_CONDS][at] = vs->n_conds + 1;
	return vs->n_conds++;
}

void values_free(struct values *vs)
{
	free(vs->v);
	free(vs->c);
	free(vs->index[INDEX_VALUES]);
	free(vs->index[INDEX_CONDS]);
	memset(vs, 0, sizeof(*vs));
}

uint32_t value_const(struct values *vs, uint32_t k)
{
	return value_get(
		vs, (struct value){
			    .kind = VALUE_CONST, .k = k, .a = NO_VALUE, .b = NO_VALUE, .max = k });
}

uint32_t value_len(struct values *vs)
{
	return value_get(
		vs, (struct value){
			    .kind = VALUE_LEN, .a = NO_VALUE, .b = NO_VALUE, .max = UINT32_MAX });
}

uint32_t value_load(struct values *vs, uint32_t size, uint32_t base, uint32_t k)
{
	return value_get(vs,
			 (struct value){ .kind = VALUE_LOAD,
					 .op = size,
					 .k = k,
					 .a = base,
					 .b = NO_VALUE,
					 .max = size == 4 ? UINT32_MAX : (1u << 8 * size) - 1 });
}

uint32_t value_set4(struct values *vs, uint32_t set, uint32_t word)
{
	return value_get(
		vs,
		(struct value){
			.kind = VALUE_SET, .op = 4, .k = set, .a = word, .b = NO_VALUE, .max = 1 });
}

uint32_t value_set6(struct values *vs, uint32_t set, uint32_t word)
{
	const struct value last = vs->v[word];

	return value_get(vs, (struct value){ .kind = VALUE_SET,
					     .op = 6,
					     .k = set,
					     .a = last.a,
					     .b = value_const(vs, last.k - 12),
					     .max = 1 });
}

uint32_t value_key(struct values *vs, uint32_t set, uint32_t high, uint32_t low)
{
	return value_get(
		vs, (struct value){ .kind = VALUE_KEY, .k = set, .a = high, .b = low, .max = 1 });
}

uint32_t value_rank4(struct values *vs, uint32_t set, uint32_t word)
{
	return value_get(vs, (struct value){ .kind = VALUE_RANK,
					     .k = set,
					     .a = word,
					     .b = NO_VALUE,
					     .max = AFXDP_RULES_MAX });
}

uint32_t value_inner(struct values *vs)
{
	return value_get(
		vs, (struct value){
			    .kind = VALUE_INNER, .a = NO_VALUE, .b = NO_VALUE, .max = UINT32_MAX });
}

uint32_t value_loop(struct values *vs, uint32_t loop, uint8_t reg)
{
	return value_get(vs, (struct value){ .kind = VALUE_LOOP,
					     .op = reg,
					     .k = loop,
					     .a = NO_VALUE,
					     .b = NO_VALUE,
					     .max = UINT32_MAX });
}

uint32_t alu_fold(uint8_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_ADD:
		return a + b;
	case BPF_SUB:
		return a - b;
	case BPF_MUL:
		return a * b;
	case BPF_DIV:
		return a / b;
	case BPF_MOD:
		return a % b;
	case BPF_OR:
		return a | b;
	case BPF_AND:
		return a & b;
	case BPF_XOR:
		return a ^ b;
	case BPF_LSH:
		return b < 32 ? a << b : 0;
	case BPF_RSH:
		return b < 32 ? a >> b : 0;
	}
	return 0;
}

bool cond_fold(uint8_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JGT:
		return a > b;
	case BPF_JGE:
		return a >= b;
	}
	return a & b;
}

/* All ones up to the highest bit of @x. */
static uint32_t ones(uint32_t x)
{
	return x ? UINT32_MAX >> __builtin_clz(x) : 0;
}

static uint32_t clamp(uint64_t x)
{
	return x > UINT32_MAX ? UINT32_MAX : x;
}

static uint32_t alu_max(const struct values *vs, uint8_t op, uint32_t a, uint32_t b)
{
	uint32_t am = vs->v[a].max, bm = vs->v[b].max;
	bool fixed = value_is_const(vs, b);
	uint64_t m = UINT32_MAX;

	switch (op) {
	case BPF_ADD:
		m = (uint64_t)am + bm;
		break;
	case BPF_MUL:
		m = (uint64_t)am * bm;
		break;
	case BPF_AND:
		return am < bm ? am : bm;
	case BPF_OR:
	case BPF_XOR:
		return ones(am | bm);
	case BPF_MOD:
		return fixed && bm - 1 < am ? bm - 1 : am;
	case BPF_DIV:
		return fixed ? am / bm : am;
	case BPF_RSH:
		return fixed ? alu_fold(op, am, bm) : am;
	case BPF_LSH:
		m = fixed && bm < 32 ? (uint64_t)am << bm : UINT32_MAX;
		break;
	}
	return clamp(m);
}

/* a op k is a: nothing to compute. */
static bool is_identity(const struct values *vs, uint8_t op, uint32_t a, uint32_t k)
{
	switch (op) {
	case BPF_ADD:
	case BPF_SUB:
	case BPF_OR:
	case BPF_XOR:
	case BPF_LSH:
	case BPF_RSH:
		return !k;
	case BPF_MUL:
	case BPF_DIV:
		return k == 1;
	case BPF_AND:
		return k == ones(k) && vs->v[a].max <= k;
	}
	return false;
}

uint32_t value_alu(struct values *vs, uint8_t op, uint32_t a, uint32_t b)
{
	struct value v = { .kind = VALUE_ALU, .op = op, .a = a, .b = b };

	if (vs->failed)
		return 0;
	if (value_is_const(vs, b)) {
		if (value_is_const(vs, a))
			return value_const(vs, alu_fold(op, vs->v[a].k, vs->v[b].k));
		if (is_identity(vs, op, a, vs->v[b].k))
			return a;
	}
	v.max = alu_max(vs, op, a, b);
	if (!v.max)
		return value_const(vs, 0);
	return value_get(vs, v);
}
