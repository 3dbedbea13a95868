/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * classify.h - which verdict, by which rule.
 *
 * Where rules are given, user space puts compiled instructions in the place of afxdp_classify()'s
 * (user/lib/rules, docs/compiler.md) before the object is loaded. Its C body is only there to be
 * replaced, and to call everything that compiled rules may call, so that it is in the object. It is
 * a global function so that compilers keep their hands off its arguments and the verifier checks it
 * by itself, once.
 */
#ifndef AFXDP_BPF_CLASSIFY_H
#define AFXDP_BPF_CLASSIFY_H

#include "actions.h"
#include "config.h"
#include "copy.h"
#include "inner.h"
#include "load.h"
#include "set.h"

/* One turn of a compiled loop: the signature is all that is taken from this. */
static long afxdp_loop(__u32 turn, void *loop)
{
	return turn || !loop;
}

/* Return: AFXDP_CLASS(verdict, rule). */
__weak __attribute__((noinline)) __u32 afxdp_classify(struct xdp_md *ctx, struct afxdp_parse *p)
{
	__u32 class = AFXDP_CLASS(config.default_verdict, AFXDP_RULE_DEFAULT), loop = 0;
	struct afxdp_limited limited = { .rule = 0 };

	if (!ctx || !p)
		return class;
	bpf_loop(1, afxdp_loop, &loop, 0);
	class += afxdp_load(ctx, p, 0, 1);
	class += afxdp_gather(ctx, p);
	class += afxdp_count(p, 0);
	class += afxdp_sample(p, 0, 1);
	class += afxdp_limit(ctx, p, 0, 1, 1);
	class += afxdp_limit_source(ctx, p, &limited);
	class += afxdp_inner(ctx, p);
	class += afxdp_copy(p, 0, 1, 0);
	class += afxdp_tee(ctx, p);
	class += afxdp_set4(class);
	class += afxdp_set6(ctx, p, class);
	class += afxdp_rank4(class);
	class += afxdp_key(class);
	return class;
}

/* Ask the rules, and count the frame for the one that decided. */
static __always_inline __u32 classify(struct xdp_md *ctx, struct afxdp_parse *p)
{
	__u32 class, rule;

	if (!have_rules)
		return AFXDP_CLASS(config.default_verdict, AFXDP_RULE_DEFAULT);
	class = afxdp_classify(ctx, p);
	if (on_trial)
		trial.class = class;
	rule = AFXDP_CLASS_RULE(class);
	if (rule != AFXDP_RULE_DEFAULT)
		count_hit(rule, p->length);
	return class;
}

#endif
