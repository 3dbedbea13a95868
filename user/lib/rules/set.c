/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* set.c - a set's map: made, filled, changed. */
#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "../prog.h"
#include "set.h"

#define CELL sizeof(struct afxdp_set_cell)

/* So many lists, and the first level becomes lists: less memory, and one cache line a look-up. */
#define DIRECT_LISTS 57344

/* Room to grow before the map has to be made anew: so many cells, and a part of what there is. */
#define SPARE_HEADS   256
#define SPARE_LEAVES  1024
#define SPARE_PERCENT 10

/* A head and a word for every /16. */
_Static_assert(AFXDP_SET_TOP + AFXDP_SET_DIRECT_CELLS + 2 * 65536 +
			       3 * 65536 / 100 * SPARE_PERCENT + SPARE_HEADS <
		       1 << AFXDP_SET_HEAD_BITS,
	       "a word has room");
_Static_assert(SET_ELEMENTS_MAX < 1 << AFXDP_SET_LEAVES_BITS, "a word has room");

_Static_assert(sizeof(struct afxdp_set_bucket) == CELL, "a bucket is a cell");
_Static_assert(sizeof(struct afxdp_set_header) <= CELL, "the header is one");
_Static_assert(sizeof(struct afxdp_set_list) == CELL, "a list is a cell");
_Static_assert(sizeof(struct afxdp_set_ranks) == CELL, "and so are ranks");

/* Types for `bpftool map dump`: u32 -> struct afxdp_set_cell { u64 word[8]; }. */
static int cell_types(struct btf **btf, uint32_t *key, uint32_t *value)
{
	int word, array;

	*btf = btf__new_empty();
	if (!*btf)
		return -errno;
	*key = btf__add_int(*btf, "unsigned int", 4, 0);
	word = btf__add_int(*btf, "unsigned long long", 8, 0);
	array = btf__add_array(*btf, *key, word, 8);
	*value = btf__add_struct(*btf, "afxdp_set_cell", CELL);
	btf__add_field(*btf, "word", array, 0, 0);
	return btf__load_into_kernel(*btf);
}

static int create_map(const char *name, uint32_t cells)
{
	LIBBPF_OPTS(bpf_map_create_opts, opts, .map_flags = BPF_F_MMAPABLE);
	struct btf *btf = NULL;
	char short_name[BPF_OBJ_NAME_LEN];
	int fd;

	/* Names of maps are shorter than those of sets, and have no hyphens. */
	snprintf(short_name, sizeof(short_name), "%.*s", BPF_OBJ_NAME_LEN - 1, name);
	for (char *c = short_name; *c; c++)
		*c = *c == '-' ? '_' : *c;
	/* Without types it is dumped in hexadecimal, and works all the same. */
	if (!cell_types(&btf, &opts.btf_key_type_id, &opts.btf_value_type_id))
		opts.btf_fd = btf__fd(btf);
	else
		opts.btf_key_type_id = opts.btf_value_type_id = 0;
	fd = bpf_map_create(BPF_MAP_TYPE_ARRAY, short_name, sizeof(uint32_t), CELL, cells, &opts);
	btf__free(btf);
	return fd < 0 ? -errno : fd;
}

/* Where everything comes to lie, from how much there is of it. */
static int plan(struct cells *room, const struct set_list *l)
{
	/* Anything but 0 will do where nothing is written. */
	struct cells count = { .head_next = 1, .leaf_next = 1 };
	uint32_t heads, leaves, top = AFXDP_SET_TOP_CELLS, changeable;
	int err = set4_build(&count, l);

	if (!err && count.lists >= DIRECT_LISTS) {
		count = (struct cells){ .head_next = 1, .leaf_next = 1, .direct = true };
		top = AFXDP_SET_DIRECT_CELLS;
		err = set4_build(&count, l);
	}
	heads = count.head_next - 1;
	leaves = count.leaf_next - 1;
	changeable = count.direct ? heads + count.lists : heads;
	*room = (struct cells){ .direct = count.direct, .head_next = AFXDP_SET_TOP + top };
	room->heads_end = room->head_next + heads + changeable / 100 * SPARE_PERCENT + SPARE_HEADS;
	room->leaf_next = room->heads_end;
	room->leaves_end = room->leaf_next + leaves + leaves / 100 * SPARE_PERCENT + SPARE_LEAVES;
	return err;
}

static int map_cells(struct set *s, struct afxdp_set_cell **cell)
{
	*cell = mmap(NULL, s->size, PROT_READ | PROT_WRITE, MAP_SHARED, s->map_fd, 0);
	return *cell == MAP_FAILED ? -errno : 0;
}

/* @room: where heads and leaves begin and end; the table comes behind them. */
static int fill(struct set *s, const struct table6 *t, const struct cells *room)
{
	uint32_t cells = room->leaves_end + t->header->buckets;
	struct afxdp_set_cell *cell;
	int err;

	s->size = cells * CELL;
	err = map_cells(s, &cell);
	if (err)
		return err;
	s->cells = *room;
	s->cells.cell = cell;
	err = set4_build(&s->cells, &s->list);
	if (err)
		return err;
	memcpy(&cell[1], t->length, 128);
	memcpy(&cell[room->leaves_end], t->bucket, t->header->buckets * CELL);
	memcpy(&cell[0], t->header, sizeof(*t->header));
	s->table6 = (struct table6){ .header = (void *)&cell[0],
				     .length = (void *)&cell[1],
				     .bucket = (void *)&cell[room->leaves_end] };
	s->table6.header->buckets_at = room->leaves_end;
	s->table6.header->direct = room->direct;
	return 0;
}

static int make_hashed_map(struct set *s)
{
	struct afxdp_set_cell *cell, *mapped;
	uint32_t cells;
	int err = s->ranked.n ? ranks_build(&s->ranked, &cell, &cells)
			      : keys_build(&s->list, &cell, &cells);

	if (err)
		return err;
	s->size = cells * CELL;
	s->map_fd = create_map(s->name, cells);
	err = s->map_fd < 0 ? s->map_fd : map_cells(s, &mapped);
	if (!err) {
		memcpy(mapped, cell, s->size);
		s->cells.cell = mapped;
	}
	free(cell);
	return err;
}

int set_make_map(struct set *s)
{
	struct cells room;
	struct table6 t;
	int err;

	if (s->ranked.n || s->list.kind != SET_ADDRESSES)
		return make_hashed_map(s);
	err = plan(&room, &s->list);
	if (err)
		return err;
	err = set6_build(&t, &s->list);
	if (err)
		goto out;
	s->map_fd = create_map(s->name, room.leaves_end + t.header->buckets);
	err = s->map_fd < 0 ? s->map_fd : fill(s, &t, &room);
out:
	table6_free(&t);
	return err;
}

static int change_list(struct set *s, const struct prefix *p, bool add)
{
	return add ? list_add(&s->list, p) : list_del(&s->list, p);
}

static int change_map(struct set *s, const struct prefix *p, bool add)
{
	int err;

	if (p->ipv6)
		return set6_change(&s->table6, &s->list, &p->v6, add);
	err = set4_change(&s->cells, &s->list, p->v4);
	if (s->cells.given.n)
		afxdp_quiesce();
	return err ? err : set4_reuse(&s->cells);
}

/* In both, or in neither. */
static int change_both(struct set *s, const struct prefix *p, bool add)
{
	int err = change_list(s, p, add);

	if (err || !s->cells.cell)
		return err;
	err = change_map(s, p, add);
	if (!err)
		return 0;
	/* What was taken out goes back to where there was room for it. */
	change_list(s, p, !add);
	if (p->ipv6)
		set6_undo(&s->table6, &s->list, &p->v6, add);
	return err;
}

static uint64_t due_of(const struct element *e)
{
	return e->span ? times_now() + e->span : 0;
}

static int change_addresses(struct set *s, const struct element *e, bool add)
{
	struct times *times = &s->list.times;
	struct timed_id id = timed_prefix(&e->prefix);
	int err = times_reserve(times, 1);

	if (!err)
		err = change_both(s, &e->prefix, add);
	if (err == -EEXIST && times_due(times, id))
		err = 0;
	if (!err)
		times_put(times, id, add ? due_of(e) : 0, e->span);
	return err;
}

/* @e was added to, or taken out of, keys that were @before; there is room. Those that were there
 * for ever stay so. */
static void time_keys(struct times *t, const struct set_list *before, const struct element *e,
		      bool add)
{
	uint64_t due = due_of(e);

	times_cut_keys(t, e->first, e->last);
	for (uint64_t k = e->first; add && due && k <= e->last; k += AFXDP_SET_KEY(1, 0)) {
		uint32_t at = list_find_key(before, k);
		bool had = at < before->keys && before->key[at] == k;

		if (!had || times_due(&before->times, timed_key(k)))
			times_append(t, timed_key(k), due, e->span);
	}
	times_sort(t);
}

static bool any_timed(const struct times *t, const struct element *e)
{
	for (uint64_t k = e->first; t->n && k <= e->last; k += AFXDP_SET_KEY(1, 0))
		if (times_due(t, timed_key(k)))
			return true;
	return false;
}

/* A range may have been there in part, so the list is what it goes back to. */
static int change_keys(struct set *s, const struct element *e, bool add)
{
	struct set_list before;
	int err = list_copy(&before, &s->list);

	if (!err)
		err = times_reserve(&s->list.times, (e->last - e->first) / AFXDP_SET_KEY(1, 0) + 1);
	if (!err)
		err = list_change_keys(&s->list, e, add);
	if (!err && s->cells.cell)
		err = keys_change(s->cells.cell, &before, e, add);
	if (err == -EEXIST && any_timed(&before.times, e))
		err = 0;
	if (err) {
		list_free(&s->list);
		s->list = before;
		return err;
	}
	time_keys(&s->list.times, &before, e, add);
	list_free(&before);
	return 0;
}

int set_begin_change(struct set *s)
{
	return s->changes ? 0 : list_copy(&s->read, &s->list);
}

void set_end_change(struct set *s, uint32_t changes)
{
	s->changes += changes;
	if (!s->changes)
		list_free(&s->read);
}

int set_change(struct set *s, const struct element *e, bool add)
{
	int err = set_begin_change(s);

	if (err)
		return err;
	err = e->kind == SET_ADDRESSES ? change_addresses(s, e, add) : change_keys(s, e, add);
	set_end_change(s, !err);
	return err;
}

struct set *set_new(const char *name, const char *path)
{
	struct set *s = calloc(1, sizeof(*s));

	if (!s)
		return NULL;
	s->refs = 1;
	s->map_fd = -1;
	snprintf(s->name, sizeof(s->name), "%s", name);
	s->path = strdup(path);
	if (!s->path) {
		free(s);
		return NULL;
	}
	return s;
}

void set_put(struct set *s)
{
	if (__atomic_sub_fetch(&s->refs, 1, __ATOMIC_ACQ_REL))
		return;
	if (s->cells.cell)
		munmap(s->cells.cell, s->size);
	if (s->map_fd >= 0)
		close(s->map_fd);
	set4_free(&s->cells);
	list_free(&s->list);
	list_free(&s->read);
	free(s->ranked.at);
	free(s->path);
	free(s);
}
