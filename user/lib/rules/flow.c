/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* flow.c - what can be said of a classic program before it is run: whether it is one, which
 * registers matter where, and where its loops are. */
#include "flow.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* Jump targets of the instruction at @pc; both the same where it does not branch. */
void flow_targets(const struct cbpf *i, uint32_t pc, uint32_t *t, uint32_t *f)
{
	if (BPF_CLASS(i->code) != BPF_JMP) {
		*t = *f = pc + 1;
	} else if (BPF_OP(i->code) == BPF_JA) {
		*t = *f = pc + 1 + i->k; /* wraps: libpcap's loops jump back that way */
	} else {
		*t = pc + 1 + i->jt;
		*f = pc + 1 + i->jf;
	}
}

/* Registers the instruction reads and writes. False if it is not one of classic BPF. */
static bool effects(const struct cbpf *i, uint32_t *reads, uint32_t *writes)
{
	uint32_t x = BPF_SRC(i->code) == BPF_X ? BIT(REG_X) : 0;
	uint32_t dst = BPF_CLASS(i->code) == BPF_LDX || BPF_CLASS(i->code) == BPF_STX ? REG_X
										      : REG_A;
	uint32_t mem = i->k < 16 ? BIT(REG_MEM + i->k) : 0;

	*reads = *writes = 0;
	switch (BPF_CLASS(i->code)) {
	case BPF_LD:
	case BPF_LDX:
		*writes = BIT(dst);
		switch (i->code) {
		case BPF_LD | BPF_IND | BPF_W:
		case BPF_LD | BPF_IND | BPF_H:
		case BPF_LD | BPF_IND | BPF_B:
			*reads = BIT(REG_X);
			return true;
		case BPF_LD | BPF_MEM:
		case BPF_LDX | BPF_MEM:
			*reads = mem;
			return mem;
		case BPF_LD | BPF_ABS | BPF_W:
		case BPF_LD | BPF_ABS | BPF_H:
		case BPF_LD | BPF_ABS | BPF_B:
		case BPF_LD | BPF_IMM:
		case BPF_LD | BPF_LEN:
		case BPF_LDX | BPF_IMM:
		case BPF_LDX | BPF_LEN:
		case BPF_LDX | BPF_MSH | BPF_B:
			return true;
		}
		return false;
	case BPF_ST:
	case BPF_STX:
		*reads = BIT(dst);
		*writes = mem;
		return mem;
	case BPF_ALU:
		*reads = BIT(REG_A) | (BPF_OP(i->code) == BPF_NEG ? 0 : x);
		*writes = BIT(REG_A);
		return BPF_OP(i->code) <= BPF_XOR;
	case BPF_JMP:
		if (BPF_OP(i->code) == BPF_JA)
			return true;
		*reads = BIT(REG_A) | x;
		return BPF_OP(i->code) <= BPF_JSET;
	case BPF_RET:
		*reads = CBPF_RVAL(i->code) == CBPF_A ? BIT(REG_A) : 0;
		return CBPF_RVAL(i->code) == CBPF_A || CBPF_RVAL(i->code) == BPF_K;
	case BPF_MISC:
		*reads = BIT(CBPF_MISCOP(i->code) == CBPF_TAX ? REG_A : REG_X);
		*writes = BIT(CBPF_MISCOP(i->code) == CBPF_TAX ? REG_X : REG_A);
		return CBPF_MISCOP(i->code) == CBPF_TAX || CBPF_MISCOP(i->code) == CBPF_TXA;
	}
	return false;
}

static int check(struct flow *w)
{
	for (uint32_t pc = 0; pc < w->len; pc++) {
		const struct cbpf *i = &w->code[pc];
		uint32_t t, f, reads, writes;

		if (!effects(i, &reads, &writes)) {
			w->why = "libpcap answers with an instruction that is not classic BPF's";
			return -EINVAL;
		}
		if (BPF_CLASS(i->code) == BPF_RET)
			continue;
		flow_targets(i, pc, &t, &f);
		if (t >= w->len || f >= w->len) {
			w->why = "libpcap answers with a jump out of its program";
			return -EINVAL;
		}
	}
	return 0;
}

/* Which registers somebody further down still reads. Loops need a second look. */
static void find_live(struct flow *w)
{
	bool changed = true;

	while (changed) {
		changed = false;
		for (uint32_t pc = w->len; pc-- > 0;) {
			uint32_t reads, writes, live = 0, t, f;

			effects(&w->code[pc], &reads, &writes);
			if (BPF_CLASS(w->code[pc].code) != BPF_RET) {
				flow_targets(&w->code[pc], pc, &t, &f);
				live = (w->live[t] | w->live[f]) & ~writes;
			}
			live |= reads;
			if (live != w->live[pc]) {
				w->live[pc] = live;
				changed = true;
			}
		}
	}
}

static struct loop *loop_of(struct flow *w, uint32_t pc)
{
	for (uint32_t i = 0; i < w->g->loops; i++) {
		struct loop *l = &w->g->loop[i];

		if (pc >= l->head && pc <= l->end)
			return l;
	}
	return NULL;
}

static int add_exit(struct flow *w, struct loop *l, uint32_t pc)
{
	for (uint32_t i = 0; i < l->exits; i++)
		if (l->exit[i].pc == pc)
			return 0;
	if (l->exits == LOOP_EXITS) {
		w->why = "its loop has more exits than libpcap's have";
		return -EINVAL;
	}
	l->exit[l->exits].pc = pc;
	l->exit[l->exits].live = w->live[pc];
	l->exits++;
	return 0;
}

/* Every jump backwards makes the instructions between a loop; those with one head are one. */
static int collect_loops(struct flow *w)
{
	for (uint32_t pc = 0; pc < w->len; pc++) {
		struct loop *l = NULL, *more;
		uint32_t t, f;

		flow_targets(&w->code[pc], pc, &t, &f);
		if (BPF_CLASS(w->code[pc].code) != BPF_JMP || t > pc)
			continue;
		for (uint32_t i = 0; i < w->g->loops; i++)
			if (w->g->loop[i].head == t)
				l = &w->g->loop[i];
		if (!l) {
			more = realloc(w->g->loop, (w->g->loops + 1) * sizeof(*more));
			if (!more)
				return -ENOMEM;
			w->g->loop = more;
			l = &more[w->g->loops++];
			memset(l, 0, sizeof(*l));
			l->id = (*w->loop_ids)++;
			l->head = t;
			w->loop_at[t] = w->g->loops;
		}
		l->end = pc;
	}
	return 0;
}

static int find_loops(struct flow *w)
{
	int err = collect_loops(w);

	for (uint32_t pc = 0; !err && pc < w->len; pc++) {
		struct loop *l = loop_of(w, pc);
		uint32_t to[2], reads, writes;

		if (BPF_CLASS(w->code[pc].code) == BPF_RET) {
			if (l)
				goto odd;
			continue;
		}
		flow_targets(&w->code[pc], pc, &to[0], &to[1]);
		effects(&w->code[pc], &reads, &writes);
		if (l)
			l->written |= writes;
		for (int i = 0; !err && i < 2; i++) {
			struct loop *into = loop_of(w, to[i]);

			if (into && into != l && to[i] != into->head)
				goto odd;
			if (l && into != l)
				err = add_exit(w, l, to[i]);
		}
	}
	for (uint32_t i = 0; !err && i + 1 < w->g->loops; i++)
		for (uint32_t j = i + 1; j < w->g->loops; j++)
			if (w->g->loop[i].end >= w->g->loop[j].head &&
			    w->g->loop[j].end >= w->g->loop[i].head)
				goto odd;
	return err;
odd:
	w->why = "its loop is not of the shape libpcap's have";
	return -EINVAL;
}

int flow_find(struct flow *w)
{
	int err = -ENOMEM;

	w->live = calloc(w->len, sizeof(*w->live));
	w->loop_at = calloc(w->len, sizeof(*w->loop_at));
	if (w->live && w->loop_at)
		err = check(w);
	if (err)
		return err;
	find_live(w);
	return find_loops(w);
}

void flow_free(struct flow *w)
{
	free(w->loop_at);
	free(w->live);
}
