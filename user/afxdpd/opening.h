/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * opening.h - one attempt to get hold of an interface: look at it afresh, load the program, bind
 * the sockets, attach. The verifier, a queue that its last owner leaves slowly, a driver that
 * resets its device: all of it takes its time, so it happens in a thread of its own, which touches
 * nothing of the steward's. What it got comes back whole, or not at all.
 */
#ifndef AFXDP_OPENING_H
#define AFXDP_OPENING_H

#include "keeper.h"
#include "nic.h"
#include "options.h"
#include "post.h"
#include "needs.h"
#include "prog.h"
#include "rules.h"
#include "xsk.h"

enum opening_result {
	OPENING_DONE,
	OPENING_NO_DEVICE, /* it went, or went down, meanwhile */
	OPENING_BLOCKED,   /* somebody else's program is in the way */
	OPENING_FAILED,
};

struct opening {
	struct afxdp_msg msg; /* OPENING, when it comes back */
	struct afxdp_post *home;
	/* What is asked for. */
	const struct options *options;
	struct keeper *keeper;
	const char *pins; /* their name */
	unsigned int ifindex;
	struct needs needs;
	uint32_t most;		       /* queues at most */
	bool replace;		       /* take other programs' place */
	struct afxdp_rules *rules;     /* not loaded yet; NULL: none */
	const struct afxdp_prog *kept; /* a program of ours is attached and good: only sockets */
	/* What became of it. */
	enum opening_result result;
	int status;    /* an exit status, should this have been the first attempt */
	char why[512]; /* unless it is done */
	struct afxdp_nic nic;
	bool put_back; /* NAPI settings that a killed daemon had left changed */
	struct afxdp_prog prog;
	bool loaded;
	char native[160]; /* why it is not in native mode, in the kernel's words; or nothing */
	struct afxdp_ledger *base; /* per queue: what an adopted program had counted before us */
	uint32_t queue[QUEUES_MAX], count;
	struct afxdp_xsk *xsk;	/* @count of them */
	struct afxdp_xsk *lane; /* for each of them options->named_count */
};

/** opening_start() - begin. @o: filled in, from calloc(). It comes to o->home. Return: 0 or -errno,
 * and @o is still the caller's. */
int opening_start(struct opening *o);

/** opening_free() - with what has not been taken out of it: attached programs are detached. NULL is
 * fine. */
void opening_free(struct opening *o);

/**
 * opening_check() - whether what o->nic is and has fits the options; sets o->queue.
 *
 * Return: 0, or an exit status with o->why set.
 */
int opening_check(struct opening *o);

/** opening_size() - slots and frames of each of so many queues, as options and memory allow. */
struct ring_size opening_size(const struct options *o, uint32_t queues, uint32_t frame_size);

/** opening_frame_size() - bytes of a UMEM chunk for a device of @mtu. */
uint32_t opening_frame_size(const struct options *o, uint32_t mtu);

#endif
