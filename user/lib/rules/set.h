/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * set.h - a named set: its elements in sorted lists, and in the cells of its map.
 *
 * The lists are what the user wrote. The cells (afxdp/classifier.h) hold the union of that, and are
 * made from it again where it changes.
 */
#ifndef AFXDP_RULES_SET_H
#define AFXDP_RULES_SET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <afxdp/classifier.h>
#include "times.h"

#define SET_NAME_MAX	 64
#define SET_ELEMENTS_MAX 1000000

/* ---- prefix.c ---- */

/* Address << 8 | length: sorts by address, and puts a prefix in front of those inside it. */
typedef uint64_t prefix4;

static inline prefix4 prefix4_make(uint32_t address, uint32_t length)
{
	return (uint64_t)address << 8 | length;
}

static inline uint32_t prefix4_address(prefix4 p)
{
	return p >> 8;
}

static inline uint32_t prefix4_length(prefix4 p)
{
	return p & 0xff;
}

/* Bits behind the first @length of an IPv4 address. */
static inline uint32_t prefix4_rest(uint32_t length)
{
	return length < 32 ? UINT32_MAX >> length : 0;
}

struct prefix6 {
	uint64_t high, low;
	uint32_t length;
};

/* An address or prefix, bits behind its length zero. */
struct prefix {
	bool ipv6;
	prefix4 v4;
	struct prefix6 v6;
};

int prefix6_compare(const struct prefix6 *a, const struct prefix6 *b);
bool prefix6_contains(const struct prefix6 *a, const struct prefix6 *b);
struct prefix6 prefix6_cut(const struct prefix6 *p, uint32_t length);

/**
 * prefix_parse() - an address, CIDR, or address with a netmask, @len characters of @text. What is
 * mapped from IPv4 (::ffff:10.0.0.1) is that: no frame has it as an IPv6 address.
 * @masked: bits behind the length were set, and have been cleared
 */
bool prefix_parse(const char *text, size_t len, struct prefix *p, bool *masked);

/**
 * prefix_range() - all addresses from @first to @last, which are of one family and have their full
 * length, as the fewest prefixes.
 * @each: gets them, ascending; anything but 0 ends it and is returned
 *
 * Return: 0; -EINVAL: @last is below @first.
 */
int prefix_range(const struct prefix *first, const struct prefix *last,
		 int (*each)(void *arg, const struct prefix *p), void *arg);

/* The longest that prefix_print() writes, with its end. A full length is left out. */
#define PREFIX_TEXT 64
void prefix_print(const struct prefix *p, char text[PREFIX_TEXT]);

/* ---- element.c: of all kinds ---- */

enum set_kind {
	SET_ADDRESSES,
	SET_PORTS,
	SET_MACS,
	SET_SERVICES, /* IPv4 addresses, each with a port */
};

/* What there is of them, for messages: "ports". */
extern const char *const set_kinds[];

/* An address or prefix; or all keys from @first to @last (AFXDP_SET_KEY()), more than one of ports
 * only. */
struct element {
	enum set_kind kind;
	struct prefix prefix;
	uint64_t first, last;
	uint64_t span; /* ns until it ends by itself; 0: it does not. element_parse() leaves it 0 */
};

/**
 * element_parse() - one of any kind, @len characters of @text: an address or CIDR, 80, 8000-8080,
 * 02:00:00:00:00:01, 10.0.0.1:80.
 * @masked: as prefix_parse()
 */
bool element_parse(const char *text, size_t len, struct element *e, bool *masked);

/* @e->kind is not SET_ADDRESSES. PREFIX_TEXT characters are enough. */
void element_print_keys(const struct element *e, char text[PREFIX_TEXT]);

/* ---- list.c ---- */

struct set_list {
	enum set_kind kind;
	uint64_t *key; /* of all kinds but SET_ADDRESSES */
	uint32_t keys, room_keys;
	prefix4 *v4;
	uint32_t n4, room4;
	struct prefix6 *v6;
	uint32_t n6, room6;
	struct times times; /* of those that end by themselves */
};

/** list_append_keys() - likewise, of an element that is no address. */
int list_append_keys(struct set_list *l, const struct element *e);

/** list_change_keys() - add it, or take it out: all of it. Return: as list_add() and list_del(). */
int list_change_keys(struct set_list *l, const struct element *e, bool add);

/* Elements, of whatever kind. */
uint32_t list_count(const struct set_list *l);
bool list_same(const struct set_list *a, const struct set_list *b);

/** list_append(), list_sort() - one element behind the last; then all in order, without duplicates.
 */
int list_append(struct set_list *l, const struct prefix *p);
void list_sort(struct set_list *l);

/**
 * list_read() - the elements in file @path, sorted, without duplicates (import.c).
 * @warn: gets a line for elements that had to be changed or were not taken, and ends reading if it
 * does not return 0
 */
int list_read(struct set_list *l, const char *path, int (*warn)(void *arg, const char *line),
	      void *arg, char *err, size_t errlen);

/** list_add(), list_del() - one element. Return: 0, -EEXIST, -ENOENT, -E2BIG, -ENOMEM. */
int list_add(struct set_list *l, const struct prefix *p);
int list_del(struct set_list *l, const struct prefix *p);
int list_copy(struct set_list *to, const struct set_list *from);
void list_free(struct set_list *l);

/* Index of the first element not below @p. */
uint32_t list_find4(const struct set_list *l, prefix4 p);
uint32_t list_find6(const struct set_list *l, const struct prefix6 *p);

/** list_find_key() - how many of the keys, which are in order, lie below @key. */
uint32_t list_find_key(const struct set_list *l, uint64_t key);

/* ---- set4.c, set6.c ---- */

/* Leaves of one /16, two a cell. */
#define LEAF_CELLS_MAX 128

struct cell_list {
	uint32_t *at, n, room;
};

/* Cells of a set's map. */
struct cells {
	struct afxdp_set_cell *cell; /* NULL: only find out how many are needed */
	bool direct;		     /* the first level are lists */
	uint32_t lists;		     /* of all /16s, how many have one */
	struct half *half;	     /* room to work, in set4_build() and set4_change() */
	/* The first cell of a list, head or word, and the first leaf, never used; and where they
	 * end. */
	uint32_t head_next, heads_end, leaf_next, leaves_end;
	/* No longer used: cells, and leaves, by size in cells. */
	struct cell_list free_heads, free_leaves[LEAF_CELLS_MAX + 1];
	/* Nor these, but somebody may still read: words of the first level, lower halves first. */
	struct cell_list given;
};

/** set4_build() - the first level, all heads and leaves. Return: 0, -ENOSPC, -ENOMEM. */
int set4_build(struct cells *c, const struct set_list *l);

/** set4_change() - @p was added to, or taken out of, @l. Return: as above; unless 0, look-ups
 * answer what they did before. */
int set4_change(struct cells *c, const struct set_list *l, prefix4 p);

/** set4_reuse() - after afxdp_quiesce(): nobody reads what set4_change() replaced. */
int set4_reuse(struct cells *c);
void set4_free(struct cells *c);

/* The IPv6 part: on the heap while it is built, in a map while it is read. */
struct table6 {
	struct afxdp_set_header *header;
	uint8_t *length;
	struct afxdp_set_bucket *bucket;
};

/** set6_build() - all of @l into new memory. Return: 0 or -ENOMEM; table6_free() in any case. */
int set6_build(struct table6 *t, const struct set_list *l);
void table6_free(struct table6 *t);

/**
 * set6_change() - @p was added to (@added), or taken out of, @l: do so in the table that is being
 * read.
 *
 * Return: 0; -ENOSPC if it has no place for it: build another one.
 */
int set6_change(struct table6 *t, const struct set_list *l, const struct prefix6 *p, bool added);

/** set6_undo() - that failed, and @l is as it was before. */
void set6_undo(struct table6 *t, const struct set_list *l, const struct prefix6 *p, bool added);

/* ---- ranks.c: a set that stands for rules ---- */

/* Rule @rank - 1 is about @address. */
struct ranked {
	uint32_t address, rank;
};

struct ranked_list {
	struct ranked *at;
	uint32_t n;
};

/**
 * ranks_build() - the cells of a map of @l, in which each address is once.
 * @cell, @cells: out: on the heap, and how many
 *
 * Return: 0 or -ENOMEM.
 */
int ranks_build(const struct ranked_list *l, struct afxdp_set_cell **cell, uint32_t *cells);

/**
 * hashed_build() - cells for @n things, eight of which a cell may hold.
 * @fill: puts them into cells whose header is done; false: one is full
 * @spare: cells more than are needed
 */
int hashed_build(uint32_t n, uint32_t spare,
		 bool (*fill)(void *arg, struct afxdp_set_cell *cell,
			      const struct afxdp_set_header *h),
		 void *arg, struct afxdp_set_cell **cell, uint32_t *cells);

/* ---- keys.c: ports, Ethernet addresses, services ---- */

int keys_build(const struct set_list *l, struct afxdp_set_cell **cell, uint32_t *cells);

/**
 * keys_change() - add @e to cells that are being read, or take it out.
 * @before: what there was
 *
 * Return: 0; -ENOSPC, and nothing has changed.
 */
int keys_change(struct afxdp_set_cell *cell, const struct set_list *before, const struct element *e,
		bool add);

/* ---- set.c ---- */

struct set {
	uint32_t refs;
	char name[SET_NAME_MAX];
	char *path;
	uint32_t line; /* of its definition */
	struct set_list list;
	struct set_list read;	   /* what the file said, from the first change at run time on */
	uint32_t changes;	   /* so many */
	struct ranked_list ranked; /* it stands for rules, and has no list */
	int map_fd;
	size_t size; /* of the map, in bytes */
	struct cells cells;
	struct table6 table6;
};

/** set_get() - one more has @s. Generations of rules that share it may be of several threads. */
static inline void set_get(struct set *s)
{
	__atomic_add_fetch(&s->refs, 1, __ATOMIC_RELAXED);
}

/** set_new() - without elements or a map. set_put() gives it up, and frees it after the last. */
struct set *set_new(const char *name, const char *path);

/** set_make_map() - the map, filled. Return: 0 or -errno. */
int set_make_map(struct set *s);

/**
 * set_change() - add or take out one element, in the list and in the map.
 *
 * What is there and ends by itself is added again: with the time that is given now, or for ever.
 * -EEXIST: it is there for ever. -ENOSPC: the map has to be made anew for it. Unless it returns 0,
 * list and map are as before.
 */
int set_change(struct set *s, const struct element *e, bool add);

/* What the file said is kept from the first change on; so many have been made. */
int set_begin_change(struct set *s);
void set_end_change(struct set *s, uint32_t changes);

/**
 * set_expire() - take out those that have ended at @now (times_now()), *@budget at most, which is
 * less then. Return: 0; -ENOMEM; -EAGAIN: there are more; -ENOSPC: those that are left go when the
 * map is made anew.
 */
int set_expire(struct set *s, uint64_t now, uint32_t *budget);
void set_put(struct set *s);

#endif
