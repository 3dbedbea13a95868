/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * account.h - the ledger as people see it: where every frame went, from the program to the sink,
 * and whether the sums agree.
 */
#ifndef AFXDP_ACCOUNT_H
#define AFXDP_ACCOUNT_H

#include <stdint.h>
#include <afxdp/abi.h>
#include "xsk.h"

/* Name, what it means. The order is that of the report and of the table. */
#define AFXDP_ACCOUNT_FIELDS(X)                                       \
	X(received, "frames the program saw")                         \
	X(passed, "to the kernel's stack, by a rule or the default")  \
	X(dropped, "by a rule")                                       \
	X(limited, "over a rule's rate")                              \
	X(aborted, "the program failed (never)")                      \
	X(tx, "sent back out, by a rule")                             \
	X(unclaimed, "to the stack: no consumer on its queue")        \
	X(captured, "handed to AF_XDP")                               \
	X(ring_full, "consumer too slow: RX ring full")               \
	X(fill_empty, "no free frame: fill ring empty")               \
	X(kernel_dropped, "refused by the socket for another reason") \
	X(consumed, "taken by a worker")                              \
	X(sink_dropped, "the sink could not take it")                 \
	X(held, "by a worker or sink that was stuck at the end")      \
	X(delivered, "dealt with by the sink")                        \
	X(unexplained, "must be 0 when traffic has stopped")

struct afxdp_account {
#define X(name, what) uint64_t name;
	AFXDP_ACCOUNT_FIELDS(X)
#undef X
};

struct afxdp_account_field {
	const char *name;
	const char *what;
	size_t offset;
};

/* All fields, ended by a NULL name. */
extern const struct afxdp_account_field afxdp_account_fields[];

static inline uint64_t afxdp_account_value(const struct afxdp_account *a,
					   const struct afxdp_account_field *f)
{
	return *(const uint64_t *)((const char *)a + f->offset);
}

/** afxdp_account_add_program() - add what the program counted for one queue. */
void afxdp_account_add_program(struct afxdp_account *a, const struct afxdp_ledger *l);

/**
 * afxdp_account_add_socket() - add what the kernel dropped between program and RX ring.
 *
 * In copy mode the kernel counts a frame that finds the fill ring empty twice, as
 * rx_fill_ring_empty_descs and in rx_dropped (net/xdp/xsk.c, __xsk_rcv). In zero-copy mode the
 * former counts the driver's vain attempts to refill: no frame is lost there, for the NIC keeps or
 * misses it.
 */
void afxdp_account_add_socket(struct afxdp_account *a, const struct afxdp_xsk_stats *s,
			      bool zerocopy);

/** afxdp_account_add_sink() - add what a worker took and what became of it. */
void afxdp_account_add_sink(struct afxdp_account *a, uint64_t consumed, uint64_t delivered,
			    uint64_t dropped);

/** afxdp_verdict_name() - "pass", "drop", ... as in a rules file. */
const char *afxdp_verdict_name(enum afxdp_verdict verdict);

/** afxdp_account_balance() - set unexplained to the sum of the three identities' absolute
 * differences. */
void afxdp_account_balance(struct afxdp_account *a);

#endif
