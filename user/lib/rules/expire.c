/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* expire.c - elements of sets that end by themselves. */
#include <errno.h>
#include "../prog.h"
#include "internal.h"

/* So many at a time: a list of a million, from which each is taken out, moves some megabytes for
 * every one. */
#define AT_ONCE 200

/* Cells that were replaced can be used again. */
static int settle(struct set *s)
{
	if (!s->cells.given.n)
		return 0;
	afxdp_quiesce();
	return set4_reuse(&s->cells);
}

static int take_from_map(struct set *s, const struct prefix *p)
{
	int err;

	if (!s->cells.cell)
		return 0;
	if (p->ipv6)
		return set6_change(&s->table6, &s->list, &p->v6, false);
	err = set4_change(&s->cells, &s->list, p->v4);
	if (err != -ENOSPC || !s->cells.given.n)
		return err;
	err = settle(s);
	return err ? err : set4_change(&s->cells, &s->list, p->v4);
}

static int take_prefix(struct set *s, const struct timed_id *id)
{
	struct prefix p = { .ipv6 = id->length <= 128 };
	int err;

	if (p.ipv6)
		p.v6 = (struct prefix6){ id->high, id->low, id->length };
	else
		p.v4 = id->high;
	if (list_del(&s->list, &p))
		return 0;
	err = take_from_map(s, &p);
	if (!err)
		return 0;
	/* It goes back to where there was room for it. */
	list_add(&s->list, &p);
	if (p.ipv6)
		set6_undo(&s->table6, &s->list, &p.v6, false);
	return err;
}

static int take_key(struct set *s, const struct timed_id *id)
{
	const struct element e = { .kind = s->list.kind, .first = id->high, .last = id->high };

	if (list_change_keys(&s->list, &e, false) || !s->cells.cell)
		return 0;
	return keys_change(s->cells.cell, NULL, &e, false);
}

static int take_one(struct set *s, const struct timed_id *id)
{
	return s->list.kind == SET_ADDRESSES ? take_prefix(s, id) : take_key(s, id);
}

static int take_all(struct set *s, uint64_t now, uint32_t *budget, uint32_t *taken)
{
	struct times *t = &s->list.times;
	uint32_t kept = 0;
	int err = 0;

	t->next = UINT64_MAX;
	for (uint32_t i = 0; i < t->n; i++) {
		struct timed one = t->at[i];

		if (one.due <= now && !err) {
			err = *budget ? take_one(s, &one.id) : -EAGAIN;
			if (!err) {
				--*budget;
				++*taken;
				continue;
			}
		}
		t->at[kept++] = one;
		if (one.due < t->next)
			t->next = one.due;
	}
	t->n = kept;
	return err;
}

int set_expire(struct set *s, uint64_t now, uint32_t *budget)
{
	uint32_t taken = 0;
	int err = set_begin_change(s), late;

	if (err)
		return err;
	err = take_all(s, now, budget, &taken);
	late = settle(s);
	set_end_change(s, taken);
	return err ?: late;
}

int afxdp_rules_expire(struct afxdp_rules *r, uint64_t now, const char **set)
{
	uint32_t budget = AT_ONCE;

	for (uint32_t i = 0; i < r->sets; i++) {
		struct set *s = r->set[i];
		int err;

		if (!s->list.times.n || s->list.times.next > now)
			continue;
		err = set_expire(s, now, &budget);
		*set = s->name;
		if (err)
			return err;
	}
	return 0;
}

uint64_t afxdp_rules_due(const struct afxdp_rules *r)
{
	uint64_t due = UINT64_MAX;

	for (uint32_t i = 0; i < r->sets; i++)
		if (r->set[i]->list.times.n && r->set[i]->list.times.next < due)
			due = r->set[i]->list.times.next;
	return due;
}
