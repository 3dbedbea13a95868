/* SPDX-License-Identifier: GPL-2.0-only */
/* hold.h - keep a program in the kernel's XDP dispatcher between its runs. */
#ifndef AFXDPGEN_HOLD_H
#define AFXDPGEN_HOLD_H

struct gen_hold {
	int netns, link; /* -1: not held */
};

#define GEN_HOLD_NONE  \
	{              \
		-1, -1 \
	}

/**
 * gen_hold() - attach @prog where no frame ever comes, until gen_unhold() or the process's end.
 *
 * Every BPF_PROG_TEST_RUN puts its program into the dispatcher (the kernel's direct calls of XDP
 * programs) and takes it out again, and waits each time until no CPU can be inside the old code: up
 * to 10 ms each if a CPU spins in user space. A program that is attached somewhere is there already.
 *
 * Should it fail, runs take longer and nothing else changes: @h is then not held.
 */
void gen_hold(struct gen_hold *h, int prog);
void gen_unhold(struct gen_hold *h);

#endif
