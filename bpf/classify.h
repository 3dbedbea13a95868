/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * classify.h - which verdict, by which rule.
 *
 * The body of afxdp_classify() is only the answer of an empty rule list. Where rules are given,
 * user space replaces its instructions by compiled ones (user/lib/rules) before the object is
 * loaded. It is a global function so that compilers keep their hands off its arguments and the
 * verifier checks it by itself, once.
 */
#ifndef AFXDP_BPF_CLASSIFY_H
#define AFXDP_BPF_CLASSIFY_H

#include "config.h"

/* Return: AFXDP_CLASS(verdict, rule). */
__weak __attribute__((noinline)) __u32 afxdp_classify(struct xdp_md *ctx, struct afxdp_parse *p)
{
	__u32 class = AFXDP_CLASS(config.default_verdict, AFXDP_RULE_DEFAULT);

	if (!ctx || !p)
		return class;
	return class;
}

#endif
