/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* expr.h - the text of an expression to classic BPF, by libpcap. */
#ifndef AFXDP_RULES_EXPR_H
#define AFXDP_RULES_EXPR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "graph.h"
#include "words.h"

/* An expression longer than this is not read. */
#define EXPR_MAX 65536

struct expr {
	struct cbpf *code;
	uint16_t *mark; /* by instruction: enum mark */
	uint32_t len;
	bool inner;
};

/**
 * expr_compile() - @text as tcpdump would on Ethernet; empty text matches every frame.
 * @key: "src", "dst": then look for that address of what matched (`per src`); or NULL
 *
 * Return: 0; -EINVAL with the reason in @err; -ENOMEM. expr_free() in any case.
 */
int expr_compile(struct expr *e, const char *text, const char *key, expr_find_set find, void *arg,
		 char *err, size_t errlen);

/** expr_copy() - Return: 0 or -ENOMEM; expr_free() in any case. */
int expr_copy(struct expr *to, const struct expr *from);
void expr_free(struct expr *e);

#endif
