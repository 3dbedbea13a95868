/* SPDX-License-Identifier: GPL-2.0-only */
/* crew.h - all senders of one run: share the work, run them, stop them, add their results up. */
#ifndef AFXDPGEN_CREW_H
#define AFXDPGEN_CREW_H

#include <pthread.h>
#include <stdio.h>

#include "options.h"
#include "sender.h"

struct gen_member {
	struct gen_sender sender;
	pthread_t thread;
	int result;
	int ended;
};

struct gen_crew {
	struct gen_member *members;
	size_t n;
	bool interrupted; /* a signal ended the run */
	char why[320];	  /* after an error: one line */
};

/** gen_crew_block_signals() - make SIGINT and SIGTERM wait for gen_crew_send(). Call first. */
void gen_crew_block_signals(void);

/**
 * gen_crew_run() - send what @o asks for with @engine.
 *
 * Return: 0, also when a signal ended it; -EOPNOTSUPP: the engine cannot here, and nothing was sent;
 * other negative errno: failed, perhaps after sending. The caller calls gen_crew_free() after each.
 */
int gen_crew_run(struct gen_crew *c, const struct gen_engine *engine, const struct gen_options *o,
		 const struct gen_interface *interface, const struct gen_traffic *traffic);

/** gen_crew_sent() - frames that left so far. */
uint64_t gen_crew_sent(const struct gen_crew *c);

/** gen_crew_print() - the results as one line of JSON on @to. */
void gen_crew_print(const struct gen_crew *c, const struct gen_options *o, FILE *to);

void gen_crew_free(struct gen_crew *c);

#endif
