/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* known.c - what facts say: about values, conditions, and where a question goes on. */
#include "specialise.h"

bool value_known(const struct compiler *c, const struct facts *f, uint32_t v, uint32_t *k)
{
	const struct value *x = &c->vs.v[v];
	const struct fact *fact;
	uint32_t a, b;

	if (x->kind == VALUE_CONST) {
		*k = x->k;
		return true;
	}
	fact = f->n ? facts_find(f, FACT(FACT_EQUALS, v)) : NULL;
	if (fact) {
		*k = fact->value;
		return true;
	}
	if (!f->n || x->kind != VALUE_ALU || !value_known(c, f, x->b, &b) ||
	    !value_known(c, f, x->a, &a) || (!b && (x->op == BPF_DIV || x->op == BPF_MOD)))
		return false;
	*k = alu_fold(x->op, a, b);
	return true;
}

void learn_equal(const struct compiler *c, struct facts *f, uint32_t v, uint32_t k)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < f->n; i++) {
		const struct cond *cond = &c->vs.c[FACT_ID(f->fact[i].key)];

		if (FACT_KIND(f->fact[i].key) != FACT_COND || cond->a != v ||
		    !value_is_const(&c->vs, cond->b))
			f->fact[kept++] = f->fact[i];
	}
	f->n = kept;
	facts_add(f, FACT(FACT_EQUALS, v), k);
}

/* Is `a op k` the same for every a up to @max? */
static bool range_decides(uint8_t op, uint32_t max, uint32_t k, bool *yes)
{
	*yes = false;
	switch (op) {
	case BPF_JEQ:
		return k > max;
	case BPF_JGT:
		return k >= max;
	case BPF_JGE:
		*yes = !k;
		return !k || k > max;
	case BPF_JSET:
		return !max || !(k & UINT32_MAX >> __builtin_clz(max));
	}
	return false;
}

/* Does what comparisons of the same value with constants said decide this one? */
static bool ranges_decide(const struct compiler *c, const struct facts *f, const struct cond *cond,
			  uint32_t k, bool *yes)
{
	uint64_t low = 0, high = c->vs.v[cond->a].max, not_low, not_high;

	do {
		not_low = low;
		not_high = high;
		for (uint32_t i = 0; i < f->n; i++) {
			const struct cond *x = &c->vs.c[FACT_ID(f->fact[i].key)];
			uint64_t n;

			if (FACT_KIND(f->fact[i].key) != FACT_COND || x->a != cond->a ||
			    !value_is_const(&c->vs, x->b) || x->op == BPF_JSET)
				continue;
			n = c->vs.v[x->b].k;
			/* Behind `>= n`, and `> n` is `>= n + 1`. */
			if (x->op == BPF_JEQ && !f->fact[i].value) {
				low += low == n;
				high -= high == n && high;
				continue;
			}
			n += x->op == BPF_JGT;
			if (x->op != BPF_JEQ && !f->fact[i].value)
				high = n ? (n - 1 < high ? n - 1 : high) : 0;
			else if (n > low)
				low = n;
		}
	} while (low != not_low || high != not_high);
	*yes = false;
	switch (cond->op) {
	case BPF_JEQ:
		return k < low || k > high;
	case BPF_JGT:
		*yes = low > k;
		return *yes || high <= k;
	case BPF_JGE:
		*yes = low >= k;
		return *yes || high < k;
	}
	return false;
}

static bool cond_known(const struct compiler *c, const struct facts *f, uint32_t id, bool *yes)
{
	const struct cond *cond = &c->vs.c[id];
	const struct fact *fact = facts_find(f, FACT(FACT_COND, id));
	uint32_t a, b;

	if (fact) {
		*yes = fact->value;
		return true;
	}
	if (!value_known(c, f, cond->b, &b))
		return false;
	if (value_known(c, f, cond->a, &a)) {
		*yes = cond_fold(cond->op, a, b);
		return true;
	}
	return range_decides(cond->op, c->vs.v[cond->a].max, b, yes) ||
	       (c->thorough && ranges_decide(c, f, cond, b, yes));
}

bool node_decided(const struct compiler *c, const struct facts *f, uint32_t acc,
		  const struct node *n, bool *yes)
{
	const struct value *v = &c->vs.v[n->what];

	if (n->kind == NODE_TEST)
		return cond_known(c, f, n->what, yes);
	if (n->kind != NODE_LOAD)
		return false;
	*yes = true;
	/* What a value equals is only known of one that was loaded. */
	if (facts_find(f, FACT(FACT_EQUALS, n->what)) || facts_find(f, FACT(FACT_SLOT, n->what)) ||
	    (acc != NO_ACC && acc / 2 == n->what))
		return true;
	if (fetch_is_decided(f, v, yes))
		return true;
	*yes = false;
	return facts_find(f, FACT(FACT_SHORT, n->what));
}
