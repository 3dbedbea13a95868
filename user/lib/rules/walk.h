/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* walk.h - the decision graph of one rule, for those who read it. */
#ifndef AFXDP_RULES_WALK_H
#define AFXDP_RULES_WALK_H

#include "answers.h"

/* Room for what a question is called. */
#define QUESTION_TEXT sizeof(((struct afxdp_explain_step *)0)->text)

/* question.c: value @v, and the question of @n, as tcpdump writes them: ether[12:2] == 0x800. */
void question_value(const struct afxdp_rules *r, const struct values *vs, uint32_t v, char *text,
		    size_t size);
void question_node(const struct afxdp_rules *r, const struct values *vs, const struct node *n,
		   char *text, size_t size);

/* The graph asks whether a look-up finds nothing, and the words ask whether it finds something. */
bool question_turned(const struct values *vs, const struct node *n);

#endif
