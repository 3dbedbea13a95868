/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * trial.h - rules tried without a network: the program that would be attached, loaded, and run by
 * the kernel on one frame at a time (BPF_PROG_TEST_RUN).
 *
 * Two things are different from life. Limits see the time that the caller says it is. And the
 * program writes down its answer; no other part of it knows that it is on trial.
 */
#ifndef AFXDP_TRIAL_H
#define AFXDP_TRIAL_H

#include <stddef.h>
#include <stdint.h>
#include <afxdp/abi.h>

struct afxdp_rules;
struct afxdp_trial;

/* The kernel runs XDP programs on no less than an Ethernet header. */
#define AFXDP_TRIAL_MIN 14

/**
 * afxdp_trial_open() - load the program with @rules, which stay the caller's and must not have been
 * loaded before.
 *
 * Return: 0 and *@out; -EPERM; -errno. @err gets one line on failure.
 */
int afxdp_trial_open(struct afxdp_trial **out, struct afxdp_rules *rules, char *err, size_t errlen);

struct afxdp_trial_answer {
	enum afxdp_verdict verdict;
	uint32_t rule; /* the one that decided, or AFXDP_RULE_DEFAULT */
};

/**
 * afxdp_trial_frame() - ask about one frame of @len bytes that came @ns nanoseconds after the
 * first.
 *
 * Its rules are counted: afxdp_rules_hits(). Return: 0; -EINVAL shorter than AFXDP_TRIAL_MIN;
 * -E2BIG longer than this kernel takes; -errno.
 */
int afxdp_trial_frame(struct afxdp_trial *t, const void *frame, uint32_t len, uint64_t ns,
		      struct afxdp_trial_answer *answer);

/* The loaded program. */
struct afxdp_trial_size {
	uint32_t instructions; /* eBPF, after the verifier has taken out what cannot be reached */
	uint32_t machine;      /* bytes of machine code; 0: interpreted */
	uint32_t verified; /* instructions the verifier went through; 0: not told (before 5.16) */
};

/** afxdp_trial_size() - Return: 0 or -errno. */
int afxdp_trial_size(const struct afxdp_trial *t, struct afxdp_trial_size *size);

/** afxdp_trial_close() - NULL is fine. */
void afxdp_trial_close(struct afxdp_trial *t);

#endif
