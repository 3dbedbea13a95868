/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * classifier.h - what the rule compiler (user/lib/rules) and the functions of the BPF object that
 * compiled rules call (bpf/actions.h, bpf/set.h) agree on. Nobody else's business.
 */
#ifndef AFXDP_CLASSIFIER_H
#define AFXDP_CLASSIFIER_H

#include <linux/types.h>

/* How much of a frame's beginning is copied where its first buffer is too short: headers end before
 * that, and whatever lies behind is fetched by a call. */
#define AFXDP_GATHERED 256

/* The beginning of a frame as it was on the wire; room for nothing, up to where compiled rules
 * could reach if they were wrong (user/lib/rules/fetch.c); and how long the frame was. */
struct afxdp_gathered {
	__u8 byte[2 * AFXDP_GATHERED];
	__u32 length;
};

/*
 * Time in rate limits is counted in 64ths of a nanosecond: 3,000,000 frames a second are 333.3 ns
 * apart, and whole ones would be off by a thousandth. 64 bits of them are nine years of uptime.
 */
#define AFXDP_LIMIT_SHIFT  6
#define AFXDP_LIMIT_SECOND (1000000000ULL << AFXDP_LIMIT_SHIFT)

/* State of one rule's action, shared by all CPUs: value of the map `rule_state`. */
struct afxdp_rule_state {
	__u64 due;  /* limit: when the bucket will be full again, in 64ths of a nanosecond */
	__u64 seen; /* sample: frames matched */
};

/* Limits of bytes: so many take struct afxdp_limited.interval. At 100 GB/s a single one would be
 * less than a unit. */
#define AFXDP_LIMIT_BYTES_UNIT 256

/* afxdp_limit()'s rule: it is such a limit. */
#define AFXDP_LIMIT_BYTES 0x80000000U

/* `limit ... per src`, `per dst`: key of the map `sources`. IPv4 addresses are mapped (RFC 4291,
 * 2.5.5.2); of networks the bits behind the prefix are 0. */
struct afxdp_source {
	__u16 rule;
	__u16 port; /* `and dst port` */
	__u32 address[4];
};

/* One call of it, in the caller's stack frame. */
struct afxdp_limited {
	__u64 interval, depth;
	__u32 rule;    /* with AFXDP_LIMIT_BYTES */
	__u32 version; /* of IP: 4, 6; 0: the frame has no such address */
	__u32 source;  /* 4: the address, host order; 6: its place in the frame */
	__u8 prefix4, prefix6;
	__u8 port; /* the destination port is part of the key */
	__u8 reserved;
};

/* Addresses a program remembers, all its `per` rules together; the least recently seen one makes
 * room. Some 130 bytes each. */
#define AFXDP_SOURCES_MAX 65536

/* A trial (user/lib/trial.h): the clock that limits see, and what was decided, AFXDP_CLASS(). */
struct afxdp_trial_note {
	__u64 now; /* ns */
	__u32 class;
	__u32 reserved;
};

/*
 * Sets: an array map of 64-byte cells.
 *
 *	0		struct afxdp_set_header
 *	1, 2		lengths of IPv6 prefixes, a byte each, ascending
 *	3		two words: AFXDP_SET_NONE, AFXDP_SET_ALL
 *	AFXDP_SET_TOP	IPv4, first level: 65536 words, one for every /16: AFXDP_SET_NONE, _ALL, or
 *			where its list, or its head and its leaves, are. 512 KB. Or, where most /16s
 *			have a list (header.direct), the 65536 lists themselves, 4 MB
 *	then		for every other /16 that is neither empty nor full, either a struct
 *			afxdp_set_list; or a head: two bitmaps of its /24s, which are there in part,
 *			which in full
 *	then		leaves, half a cell for every /24 that is there in part: a bitmap of its
 *			addresses. Those of a /16 are in a row
 *	buckets_at	IPv6: a hash table of struct afxdp_set_bucket
 *
 * An IPv4 look-up in a million prefixes from all over the address space touches one cache line that
 * depends on the address (three more at most where the set was changed since it was made), in any
 * other set three at most. Lists, heads and leaves never change while they can be seen: they are
 * written anew, and one word is exchanged.
 */
struct afxdp_set_cell {
	__u64 word[8];
};

#define AFXDP_SET_TOP	       4
#define AFXDP_SET_TOP_CELLS    8192
#define AFXDP_SET_DIRECT_CELLS 65536
#define AFXDP_SET_NONE	       0
#define AFXDP_SET_ALL	       1

/* Words are numbered through the map, eight a cell: the two in cell 3. */
#define AFXDP_SET_WORD_NONE 24
#define AFXDP_SET_WORD_ALL  25

/*
 * Prefixes of one /16, in order, none inside another, filled up with the last one. 24 are what 16
 * bits for the lower half of the address and 4 bits for how many bits follow the prefix make of a
 * cache line. @elsewhere: 0; or, on the first level, the number of the word that holds instead.
 */
#define AFXDP_SET_LIST_MAX 24

struct afxdp_set_list {
	__u16 first[AFXDP_SET_LIST_MAX];
	__u64 rest;	 /* of the first 16, lowest bits first */
	__u32 rest_more; /* of the other 8 */
	__u32 elsewhere;
};

/* A word of the first level: the head's cell, the first one with leaves, and how many leaves there
 * are for the first one, two and three words of the head's bitmap, so that one word's ones remain
 * to be counted. */
#define AFXDP_SET_WORD(head, leaves, one, two, three)                     \
	((__u64)(three) << 56 | (__u64)(two) << 48 | (__u64)(one) << 40 | \
	 (__u64)(leaves) << AFXDP_SET_HEAD_BITS | (head))

/* Or of a list's cell: this is in the place of `three`, which is 192 at most. */
#define AFXDP_SET_LIST		0xff
#define AFXDP_SET_LIST_AT(cell) AFXDP_SET_WORD(cell, 0, 0, 0, AFXDP_SET_LIST)
#define AFXDP_SET_IS_LIST(top)	((top) >> 56 == AFXDP_SET_LIST)

#define AFXDP_SET_HEAD_BITS   18
#define AFXDP_SET_LEAVES_BITS 22
#define AFXDP_SET_HEAD(top)   ((__u32)(top) & ((1U << AFXDP_SET_HEAD_BITS) - 1))
#define AFXDP_SET_LEAVES(top) \
	((__u32)((top) >> AFXDP_SET_HEAD_BITS) & ((1U << AFXDP_SET_LEAVES_BITS) - 1))
#define AFXDP_SET_BEFORE(top, word) ((word) ? (top) >> (32 + 8 * (word)) & 0xff : 0)

struct afxdp_set_header {
	__u32 buckets_at, buckets;
	__u32 lengths; /* how many different ones */
	__u32 all6;    /* ::/0 is in the set */
	__u32 direct;  /* IPv4: the first level are lists */
	/* Of a set that stands for rules, or whose elements are no addresses, and is nothing else:
	 * where its struct afxdp_set_ranks, or _keys, begin, how many, and what makes none of them
	 * overflow. */
	__u32 hashed_at, hashed, seed;
};

/*
 * Rules in a row that are about one address each: which of them, plus one, is about this address.
 * Filled from the beginning, with rank 0 behind the last. An address is in the cell that its hash
 * says, and in no other: one cache line that depends on the frame.
 */
#define AFXDP_SET_RANKS 8

struct afxdp_set_ranks {
	__u32 address[AFXDP_SET_RANKS], rank[AFXDP_SET_RANKS];
};

/*
 * Ports, Ethernet addresses, IPv4 addresses with a port, as AFXDP_SET_KEY(); likewise, each with a
 * bit that says that it is there. They change while they are read, one word at a time.
 */
#define AFXDP_SET_KEYS	  8
#define AFXDP_SET_PRESENT (1ULL << 63)

struct afxdp_set_keys {
	__u64 key[AFXDP_SET_KEYS];
};

/* Port; upper half of the address and the rest; port and address. */
#define AFXDP_SET_KEY(high, low) ((__u64)(high) << 32 | (low))

enum afxdp_set_kind {
	AFXDP_SET_MEMBER = 1,
	AFXDP_SET_MARKER = 2
};

struct afxdp_set_bucket {
	__u64 high[3], low[3];
	__u32 slot[3]; /* length << 8 | enum afxdp_set_kind; 0: empty */
	__u32 more;    /* something that belongs here is in its second bucket */
};

static inline __attribute__((always_inline)) __u64 afxdp_set_mask_high(__u32 length)
{
	return length >= 64 ? ~0ULL : ~(~0ULL >> length);
}

static inline __attribute__((always_inline)) __u64 afxdp_set_mask_low(__u32 length)
{
	return length >= 128 ? ~0ULL : length <= 64 ? 0 : ~(~0ULL >> (length - 64));
}

/* Multiply and fold, twice; odd constants from splitmix64 (Steele and others, OOPSLA 2014). What is
 * in the set is the administrator's choice, so nobody can make it collide from outside. */
static inline __attribute__((always_inline)) __u64 afxdp_set_hash(__u64 high, __u64 low,
								  __u32 length)
{
	__u64 h = (high ^ length) * 0xbf58476d1ce4e5b9ULL;

	h = (h ^ h >> 32 ^ low) * 0x94d049bb133111ebULL;
	return h ^ h >> 29;
}

/* An entry may be in either of two buckets of @n. */
static inline __attribute__((always_inline)) __u32 afxdp_set_first(__u64 hash, __u32 n)
{
	return (__u64)(__u32)hash * n >> 32;
}

static inline __attribute__((always_inline)) __u32 afxdp_set_second(__u64 hash, __u32 n)
{
	return (hash >> 32) * n >> 32;
}

#endif
