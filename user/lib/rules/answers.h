/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/* answers.h - what a frame answers to a question of the compiler's, outside of the kernel. */
#ifndef AFXDP_RULES_ANSWERS_H
#define AFXDP_RULES_ANSWERS_H

#include "../explain.h"
#include "internal.h"

/* @size bytes at @place, as a number. Return: false if the frame ends before that. */
bool answer_load(const struct afxdp_explain_frame *f, uint64_t place, uint32_t size, uint32_t *n);

/* What VALUE_INNER is. */
uint32_t answer_inner(const struct afxdp_explain_frame *f);

/* Of set @set: VALUE_SET of an IPv4 address, and of the IPv6 address at @place; VALUE_KEY;
 * VALUE_RANK. */
bool answer_set4(const struct afxdp_rules *r, uint32_t set, uint32_t address);
bool answer_set6(const struct afxdp_rules *r, uint32_t set, const struct afxdp_explain_frame *f,
		 uint64_t place);
bool answer_key(const struct afxdp_rules *r, uint32_t set, uint64_t key);
uint32_t answer_rank(const struct afxdp_rules *r, uint32_t set, uint32_t address);

/* Has the limit or sample of rule @index acted on the frame, by the kernel's word? */
bool answer_acted(const struct afxdp_explain_frame *f, uint32_t index);

#endif
