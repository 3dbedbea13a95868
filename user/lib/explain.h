/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * explain.h - what rules ask of one frame, step by step: as the decision graphs of their
 * expressions, and as the eBPF that these became.
 *
 * Nothing here is asked of the kernel. What it says of the same frame (trial.h) is the proof of
 * what is told here, and the only source of what a frame alone does not decide: limits and samples.
 */
#ifndef AFXDP_EXPLAIN_H
#define AFXDP_EXPLAIN_H

#include <stdbool.h>
#include <stdint.h>
#include "trial.h"

/* A whole frame, its VLAN tags in it. */
struct afxdp_explain_frame {
	const uint8_t *byte; /* NULL: of no frame, but everything that may be asked */
	uint32_t len;
	const struct afxdp_trial_answer *kernel; /* of limits and samples; NULL: none has acted */
};

/* One step: a question of a graph, or an instruction. */
struct afxdp_explain_step {
	uint32_t function, number; /* function: of an instruction, 0 of a question */
	char text[256];		   /* what is asked or done */
	char said[128];		   /* by the frame; without one, where it may go on; or "" */
};

/* Return: 0 to go on; anything else ends it and is returned. */
typedef int afxdp_explain_each(void *arg, const struct afxdp_explain_step *step);

/* What became of a frame at one rule, or at all of them. */
struct afxdp_explain_outcome {
	bool matches, decides;
	struct afxdp_trial_answer answer; /* if it decides */
};

/**
 * afxdp_explain_rule() - the questions of rule @index in the order in which @f meets them.
 *
 * Return: 0 and *@out; -ENOENT beyond the last rule; -ENOMEM; what @each returned.
 */
int afxdp_explain_rule(const struct afxdp_rules *r, uint32_t index,
		       const struct afxdp_explain_frame *f, afxdp_explain_each *each, void *arg,
		       struct afxdp_explain_outcome *out);

/**
 * afxdp_explain_code() - the instructions of all rules, in the order in which @f meets them; *@out
 * is what they come to.
 *
 * Return: as above; -EFAULT: they did what they may not (which the kernel's verifier had refused).
 */
int afxdp_explain_code(const struct afxdp_rules *r, const struct afxdp_explain_frame *f,
		       afxdp_explain_each *each, void *arg, struct afxdp_explain_outcome *out);

#endif
