/* SPDX-License-Identifier: GPL-2.0-only */
/* worker_parts.h - what worker.c (frames) and orders.c (mail) have of each other. */
#ifndef AFXDP_WORKER_PARTS_H
#define AFXDP_WORKER_PARTS_H

#include <time.h>
#include "worker.h"

/* While frames are with the sink's thread or on the wire a sleeping worker comes round to collect
 * them: the fill ring must not stay empty because nobody is awake to fill it. */
#define COLLECT_MS 2

static inline uint64_t worker_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

/** worker_receive() - take one batch from the RX ring. Return: descriptors taken. */
uint32_t worker_receive(struct worker *w);

/** worker_collect() - frames that the sinks and the TX ring are done with go back to the kernel. */
void worker_collect(struct worker *w);

/** worker_read_mail() - carry out what orders have come; if one of them is to rest, return when
 * another says to go on, or to stop. */
void worker_read_mail(struct worker *w);

/** worker_stay() - while it rests. */
void worker_stay(struct worker *w);

/** worker_drain() - the program no longer redirects to us and has run dry: what is in the RX ring
 * is all there will ever be. What the device has still no room for then is not delivered. */
void worker_drain(struct worker *w);

/** worker_leave() - answer WORKER_LEAVE, if it has come and can be. */
void worker_leave(struct worker *w);

void worker_reply(struct worker_order *o);

#endif
