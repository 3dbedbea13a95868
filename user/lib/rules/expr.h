/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* expr.h - the text of an expression to classic BPF, by libpcap. */
#ifndef AFXDP_RULES_EXPR_H
#define AFXDP_RULES_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "graph.h"

/* An expression longer than this is not read. */
#define EXPR_MAX 65536

struct expr {
	struct cbpf *code;
	uint32_t len;
	uint32_t sets; /* looked up, by bit */
};

/* Finds a set by name: its index, or -1. */
typedef int (*expr_find_set)(void *arg, const char *name);

/**
 * expr_compile() - @text as tcpdump would on Ethernet; empty text matches every frame.
 *
 * Return: 0; -EINVAL with the reason in @err; -ENOMEM. expr_free() in any case.
 */
int expr_compile(struct expr *e, const char *text, expr_find_set find, void *arg, char *err,
		 size_t errlen);
void expr_free(struct expr *e);

#endif
