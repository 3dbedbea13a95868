/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sink.h - where consumed frames go. One file per sink in sinks/, one entry in the table of
 * sinks/sinks.c.
 *
 * A sink is opened once (in a thread of its own) and has one port per worker. A worker calls its
 * port's consume() with each batch; it may never block, allocate or take a lock. A sink either is
 * done with a frame when consume() returns, or keeps it (a thread of its own writes it, the TX ring
 * sends it) and gives it back later through reclaim().
 *
 * Accounts: every frame consumed ends as delivered or dropped, exactly once; both are counted in
 * struct sink_count by whoever knows. A frame of several descriptors (XDP_PKT_CONTD on all but the
 * last) is one frame; consume() only ever sees whole frames.
 */
#ifndef AFXDP_SINK_H
#define AFXDP_SINK_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "xsk.h"

/* Written by one thread, read by others with relaxed loads. */
struct sink_count {
	uint64_t delivered;
	uint64_t dropped;
};

/* What the daemon has counted until @ns, for sinks that keep it with their frames. */
struct sink_ledger {
	uint64_t ns, began_ns; /* CLOCK_MONOTONIC */
	uint64_t received;
	uint64_t missed; /* by the device */
	/* Of this sink: */
	uint64_t captured;
	uint64_t lost; /* of these, before a worker had them */
	uint64_t delivered;
	char text[800]; /* the whole ledger, in words */
};

struct sink;
struct afxdp_ring;

/* One worker's end of a sink. Sinks embed it as the first member of their own port. */
struct sink_port {
	struct sink *sink;
	struct afxdp_xsk *xsk;
	struct sink_count here;	 /* counted by the worker, in consume() */
	struct sink_count there; /* counted by the sink's own thread; else 0 */
	uint64_t kept;		 /* descriptors consume() did not give back */
	uint64_t reclaimed;	 /* descriptors reclaim() returned: kept - reclaimed are out */
};

/* More queues than this no daemon serves. */
#define SINK_PORTS_MAX 256

struct sink_env {
	const char *ifname;
	uint32_t ports;	 /* workers that will attach; more, if the device gets more queues */
	uint32_t ring;	 /* slots a worker's RX ring has: a sensible size for hand-over rings */
	uint32_t frames; /* descriptors that one UMEM can have on the way at most */
	uint32_t part;	 /* one in so many frames of a port's UMEM it may have at once; 0: 2 */
	uint32_t frame_size;
	bool zerocopy;
	bool stranger; /* it is not root who has named it */
};

/* struct sink_ops.needs, beside AFXDP_NEED_*: metadata in front of every frame, not only of those
 * whose time is taken. */
#define SINK_NEED_META (1U << 7)

/* All that sinks can ask for. */
#define SINK_NEED_ALL (SINK_NEED_META | AFXDP_NEED_TAG | AFXDP_NEED_HEADERS)

struct sink_ops {
	const char *name;
	const char *arg; /* what follows the colon, for the help text; NULL if nothing does */
	const char *help;
	bool arg_optional;
	bool own_thread;  /* one of its own has the frames: finish() may be called while workers
			   * still take frames back; and it needs no descriptors but those it opens
			   * itself (life.h) */
	bool ports_fixed; /* it was told how many ports there will be, and relies on it */
	bool sends;	  /* from the TX ring of the workers' sockets */
	uint32_t stamp; /* struct afxdp_config.stamp this sink needs: 1 every frame, 16 for a sample
			 */
	uint8_t needs;	/* what it reads of the metadata; 0: descriptors only */

	/* Whether open() would succeed, in its words, without making, opening for writing or
	 * locking what @arg names (NULL: there is none). NULL: it always does. Return: 0 or -errno.
	 */
	int (*check)(const char *arg, const struct sink_env *env, char *why, size_t size);
	/* The sink's own thread (life.h). @why: one line for the user, quoting @arg, when -errno is
	 * returned. */
	int (*open)(struct sink **sink, const char *arg, const struct sink_env *env, char *why,
		    size_t size);
	int (*attach)(struct sink *sink, struct afxdp_xsk *xsk, struct sink_port **port);
	/*
	 * The sink's own thread, while no worker touches its port: the sockets are about to be
	 * closed; what was kept and is not back is dealt with (kept == reclaimed afterwards), and
	 * whatever hangs on those sockets is let go. NULL: every kept frame comes back through
	 * reclaim() by itself. reattach(): the same ports, at rest, have other sockets. NULL:
	 * nothing to do.
	 */
	void (*detach)(struct sink *sink);
	void (*reattach)(struct sink *sink);
	/* The steward, often: why its ports should be attached anew (to what it sends has gone, or
	 * is back), or NULL. Valid until the next call. */
	const char *(*wants)(struct sink *sink);
	/* The steward, once frames can come; may not block. What the sink destroys to begin its
	 * work (an older file) it destroys now, or with the first frame: not before. NULL: nothing
	 * to do. */
	void (*begin)(struct sink *sink);
	/* The steward, once: records of @ring are the sink's to read, besides frames, as long as it
	 * is open. NULL: it takes no copies. */
	void (*tee)(struct sink *sink, struct afxdp_ring *ring);
	/* The steward, at any time while it is open: the rules' texts, a line each; what has been
	 * counted. Both are copied. NULL: it does not care. */
	void (*rules)(struct sink *sink, const char *text);
	void (*ledger)(struct sink *sink, const struct sink_ledger *l);
	/* The sink's own thread, which may wait for some seconds: what is written from now on goes
	 * into another file. Return: 0; or -errno, with one line in @why, and the one before goes
	 * on. NULL: it has no files. */
	int (*rotate)(struct sink *sink, char *why, size_t size);
	/* The steward, often: why the sink can never take a frame again, or NULL. */
	const char *(*over)(struct sink *sink);
	/* No more consume(); wait until what was kept is dealt with, for as long as that takes, so
	 * that accounts are final. */
	void (*finish)(struct sink *sink);
	json_t *(*report)(struct sink *sink); /* new reference: the "sink" object of the report */
	void (*close)(struct sink *sink);     /* frees the ports too; after the workers are gone */

	/*
	 * Worker. consume(): @n descriptors of whole frames; addresses of those not kept are
	 * written to @back (room for @n). Return: how many were given back. reclaim(): addresses of
	 * kept frames that are free again, up to @max; NULL if a sink never keeps a frame or gives
	 * them back through the TX completion ring.
	 */
	uint32_t (*consume)(struct sink_port *port, const struct xdp_desc *desc, uint32_t n,
			    uint64_t *back);
	uint32_t (*reclaim)(struct sink_port *port, uint64_t *back, uint32_t max);
};

/* First member of every sink. */
struct sink {
	const struct sink_ops *ops;
};

extern const struct sink_ops sink_count_ops, sink_drop_ops, sink_pcap_ops, sink_pcapng_ops,
	sink_echo_ops, sink_forward_ops, sink_plugin_ops;

/**
 * sink_find() - the sink that @spec (NAME or NAME:ARG, as after -s) names.
 * @arg: set to the text behind the colon, or NULL.
 *
 * Return: NULL if there is no such sink, or @spec has an argument it does not take, or lacks the
 * one it needs; @why then says so.
 */
const struct sink_ops *sink_find(const char *spec, const char **arg, char *why, size_t size);

/** sink_check() - whether @spec could be opened, without doing so. Return: 0, or -errno with @why. */
int sink_check(const char *spec, const struct sink_env *env, char *why, size_t size);

/** sink_help() - one line per sink, as for --help. */
void sink_help(void);

static inline void sink_add(uint64_t *counter, uint64_t n)
{
	__atomic_store_n(counter, *counter + n, __ATOMIC_RELAXED);
}

static inline uint64_t sink_get(const uint64_t *counter)
{
	return __atomic_load_n(counter, __ATOMIC_RELAXED);
}

#endif
