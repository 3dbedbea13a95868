/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * words.h - the words of an expression: those that cannot mean anything here are refused, and sets
 * are put into libpcap's language.
 *
 * libpcap knows nothing of sets. `src @NAME` becomes `src host` with an address that stands for the
 * set; where a comparison with that address comes out again, it is a look-up (graph.h, enum mark).
 * So a set means in every context what `net` means there. There are two variants of each such
 * address, and what differs between the two programs is what stands for something, whatever
 * addresses the expression has of its own.
 */
#ifndef AFXDP_RULES_WORDS_H
#define AFXDP_RULES_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "set.h"

/* Behind the '@' of a set that group.c made: it is of one family only. No name begins with these. */
#define SET_IPV4_ONLY '@'
#define SET_IPV6_ONLY ':'
/* And this is half of a service: its address behind `host`, its port behind `port`. */
#define SET_HALF      '!'

/* Finds a set by name: its index, and what it is of; or -1. */
typedef int (*expr_find_set)(void *arg, const char *name, enum set_kind *kind);

struct words {
	const char *text;
	expr_find_set find;
	void *arg;
	char *err;
	size_t errlen;
	bool inner;    /* out: the text begins with `inner` */
	uint32_t sets; /* out: looked up, by bit */
};

/** words_check() - refuse what cannot match, by name. Return: 0, or -EINVAL with @w->err. */
int words_check(struct words *w);

/**
 * words_translate() - the text for libpcap, with `variant` 0 or 1 of what stands for sets.
 * @key: "src", "dst": behind it, the search for that address (`per src`); or NULL
 * @out: the caller's to free
 *
 * Return: 0; -EINVAL with @w->err; -ENOMEM.
 */
int words_translate(struct words *w, unsigned int variant, const char *key, char **out);

/** words_mark() - what constant @k of variant 0 stands for: enum mark, with a set; MARK_NONE. */
uint16_t words_mark(uint32_t k);

/** words_hint() - what @text probably was not meant to say, in one line (hints.c); NULL. */
const char *words_hint(const char *text);

/** words_advice() - what to write instead of @text, which libpcap refuses; NULL. */
const char *words_advice(const char *text);

#endif
