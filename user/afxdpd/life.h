/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * life.h - a sink's life, in a thread of its own: opening, attaching, finishing, reporting, closing
 * are whatever the sink (a disk, a plugin, another device) makes of them, and may take for ever.
 *
 *	OPENING -> READY -> FINISHING -> FINISHED -> CLOSING -> CLOSED
 *
 * The steward sends orders and gets them back; it never waits longer than it wants to, and frees
 * nothing that has not come back. The thread of a sink that only writes files has a descriptor
 * table of its own: a write that a dead disk holds for ever then holds that file, and not our
 * sockets and our program's link, which die with the process.
 */
#ifndef AFXDP_LIFE_H
#define AFXDP_LIFE_H

#include <pthread.h>
#include <stdbool.h>
#include "post.h"
#include "sink.h"
#include "words.h"

struct life;

struct life_order {
	struct afxdp_msg msg; /* its type: enum word, SINK_* */
	struct life *life;
	int err;
	bool out; /* under way */
};

struct life {
	struct life *next; /* in the steward's list of those that are to go */
	const struct sink_ops *ops;
	char *spec;
	const char *arg; /* in spec */
	char ifname[16];
	struct sink_env env;
	/* The thread's while an order is out. */
	struct sink *sink;
	struct afxdp_xsk **xsk;	 /* of each worker: set before SINK_ATTACH */
	struct sink_port **port; /* of each worker: set by SINK_ATTACH */
	uint32_t ports;		 /* how many SINK_ATTACH is to make of them */
	uint32_t attached;	 /* how many there are */
	char why[512];		 /* one line, when an order failed */
	json_t *report;		 /* of SINK_REPORT */
	struct life_order order[SINK_ORDERS];
	struct afxdp_post post;	 /* to the thread */
	struct afxdp_post *home; /* the steward's */
	pthread_t thread;
	/* The steward's. */
	bool opened, finished, closed;
	bool rotates;	/* it is to be sent SINK_ROTATE */
	bool detached;	/* it has let go of the workers' sockets */
	json_t *last;	/* the last report that came back */
	uint64_t since; /* when the present order was sent, ns */
};

/**
 * life_start() - a thread for the sink @spec; it is being opened when this returns.
 * @arg: in @spec, as sink_find() has set it.
 * @home: where orders come back to.
 *
 * Return: 0 or -errno.
 */
int life_start(struct life **life, const struct sink_ops *ops, const char *spec, const char *arg,
	       const struct sink_env *env, struct afxdp_post *home);

/** life_send() - give order @what; not while it is out, and nothing after SINK_CLOSE. */
void life_send(struct life *l, enum word what);

/** life_back() - @msg, of type SINK_*, has come back. Return: its order, whose err is the result. */
struct life_order *life_back(struct afxdp_msg *msg);

/** life_out() - whether order @what is under way. */
static inline bool life_out(const struct life *l, enum word what)
{
	return l->order[what - SINK_OPEN].out;
}

/** life_busy() - whether any is. */
bool life_busy(const struct life *l);

/** life_free() - when SINK_CLOSE has come back. NULL is fine. */
void life_free(struct life *l);

#endif
