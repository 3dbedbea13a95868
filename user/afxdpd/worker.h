/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * worker.h - one thread, one receive queue, one AF_XDP socket, one port of the sink.
 *
 * A worker owns all of its state. Others speak to it through its mailbox and get answers in theirs;
 * nobody else reads its counters while it runs.
 *
 * Its socket may die with the device, or be exchanged for another. Then the worker rests: it has
 * emptied its rings, every frame is home, and until it is told to go on, the socket is the
 * steward's. A worker begins at rest, with none.
 */
#ifndef AFXDP_WORKER_H
#define AFXDP_WORKER_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include "account.h"
#include "depth.h"
#include "hist.h"
#include "mode.h"
#include "pace.h"
#include "post.h"
#include "sink.h"
#include "words.h"
#include "xsk.h"

/* A frame of several descriptors has at most this many: MAX_SKB_FRAGS (17) and the head. */
#define FRAME_DESCS 18
#define BATCH_MAX   256

#define LANES_MAX (AFXDP_ROUTES - 1)

/* NAPI's own poll weight (NAPI_POLL_WEIGHT): a busy poll may do as much as a softirq would. */
#define BUSY_BUDGET 64
/* Any value above 0 turns busy polling on; the time matters only to sockets that block in recv(). */
#define BUSY_USECS  20

struct worker_count {
	uint64_t frames; /* consumed */
	uint64_t bytes;
	uint64_t cut; /* consumed after --count was reached: not for the sink */
	uint64_t batches;
	uint64_t wakeups;	/* returns from poll() */
	uint64_t busy_polls;	/* system calls that drove NAPI */
	uint64_t mode_switches; /* of an adaptive worker */
};

/* A consumer that rules choose by name: an RX ring of its own beside that of the worker's socket,
 * whose frames it returns to. */
struct lane {
	struct afxdp_xsk xsk; /* afxdp_xsk_open_rx(); fd < 0: none */
	struct sink_port *port;
	const struct sink_ops *ops;
	uint32_t share; /* descriptors that the sink may have at once; the rest waits in the ring */
	uint32_t arrived; /* in the ring so far */
	uint64_t frames;  /* consumed */
	uint64_t cut;	  /* of these: after --count was reached */
	/* The steward's: what earlier sockets lost. */
	struct afxdp_account past;
};

struct lane_snapshot {
	uint64_t frames;
	struct sink_count sink;
	struct afxdp_xsk_stats xsk;
};

/* What a worker says of itself. */
struct worker_snapshot {
	struct worker_count count;
	struct sink_count sink;		      /* of its ports, also earlier ones */
	struct lane_snapshot lane[LANES_MAX]; /* of what is in all other fields */
	struct afxdp_hist latency;
	struct afxdp_xsk_stats xsk;
	uint32_t fill_level, rx_level; /* entries in these rings now */
	uint32_t depth;		       /* frames that circulate */
	uint64_t depth_changes;
	enum mode mode;
	bool polling;
};

/* WORKER_STAMP: what the program does from now on. */
struct worker_stamp {
	uint32_t every; /* struct afxdp_config.stamp */
	bool sparse;	/* struct afxdp_config.sparse */
	bool settle; /* frames that are in the ring were seen by a program that did less: they are
		      * the present sink's */
};

/*
 * An order to a worker: sent by the steward, sent back by the worker when it has done what was
 * asked. While it is under way it is the worker's, with all that it points at: a steward that waits
 * no longer has not got it back.
 */
struct worker_order {
	struct afxdp_msg msg; /* its type: enum word */
	struct afxdp_post *reply_to;
	struct worker *worker;
	union {
		enum mode mode;
		struct sink_port *port; /* WORKER_SINK: the new one */
		struct worker_stamp stamp;
	};
	int result;
	/* The steward's. */
	bool out; /* under way */
	uint64_t sent_ns;
};

struct worker {
	struct afxdp_xsk xsk; /* xsk.fd < 0: none */
	struct sink_port *port;
	const struct sink_ops *ops;
	uint32_t lanes;
	uint32_t batch;
	uint32_t stamp;	     /* every so many frames carry a time; 0: none does */
	int pace_fd;	     /* the program's, ours to close; -1: none */
	struct pace pace;    /* whether every frame does */
	bool sparse;	     /* and the others no metadata */
	uint64_t stamped_ns; /* the last such time that was read; or since when times count */
	uint32_t next;	     /* descriptors until the next frame that should */
	uint32_t turns, busy_turns, empty_turns;
	uint64_t empty_since; /* adaptive, polling: when the ring was first seen empty; 0: it was
				 not */
	enum mode mode;
	bool polls_napi, polls_nothing; /* busy: its system calls are known to work, or not to */
	struct adapt adapt;
	struct depth depth;
	uint32_t depth_wanted; /* --depth */
	bool stopping;
	bool resting;
	bool emptying;		   /* rings: no sink is waited for */
	struct worker_order *rest; /* WORKER_REST, once it has come */
	uint64_t *budget; /* --count: frames still wanted, shared by all workers; NULL: no limit */
	struct worker_count count;
	struct afxdp_hist latency;
	struct sink_count earlier;  /* of ports that were replaced */
	struct sink_port *leaving;  /* a replaced port, until WORKER_LEAVE is answered */
	struct worker_order *leave; /* that order, once it has come */
	struct afxdp_post post;
	struct afxdp_post *daemon; /* told once when --count is reached or the socket failed */
	struct afxdp_msg done;
	struct afxdp_msg vain; /* told once when busy polling turns out not to work */
	struct worker_order order[WORKER_ORDERS];
	struct worker_snapshot snapshot; /* the answer to WORKER_SNAPSHOT */
	struct worker_snapshot last;	 /* the answer to WORKER_REST, with the socket's */
	struct worker_snapshot seen;	 /* the steward's copy of the last one */
	struct afxdp_account past;	 /* the steward's: what earlier sockets lost */
	struct afxdp_xsk_stats past_xsk; /* the same, as the kernel counts */
	uint32_t queue;
	int cpu; /* to run on; -1: any */
	pthread_t thread;
	bool running;
	struct lane lane[LANES_MAX];
	struct xdp_desc desc[BATCH_MAX + FRAME_DESCS];
	uint64_t back[BATCH_MAX + FRAME_DESCS];
};

/** worker_start() - run @w in a thread of its own, at rest. Return: 0 or -errno. */
int worker_start(struct worker *w);

/** worker_look_at_sockets() - s->xsk and s->lane[].xsk: what the kernel counted. */
void worker_look_at_sockets(const struct worker *w, struct worker_snapshot *s);

/** worker_lane_count() - the same as worker_sink_count() of one lane. */
struct sink_count worker_lane_count(const struct lane *lane);

/** worker_keep_socket() - it has come to rest: the steward notes what its socket lost, which is
 * about to go. */
void worker_keep_socket(struct worker *w);

/** worker_close_sockets() - of one that rests or has been joined, if it has any. */
void worker_close_sockets(struct worker *w);

/** worker_sink_count() - what became of frames at its sinks so far. Any thread, as long as nobody
 * closes a sink. */
struct sink_count worker_sink_count(const struct worker *w);

/** worker_lane_losses() - add what the kernel did not hand to lane @lane. */
void worker_lane_losses(const struct worker_snapshot *s, uint32_t lane, bool zerocopy,
			struct afxdp_account *a);

/** worker_forget_port() - the accounts of the port that leaves become the worker's own; by the
 * worker itself, or by whoever has joined it. */
void worker_forget_port(struct worker *w);

/** worker_look() - bring w->snapshot up to date; by the worker itself, or by whoever has joined it.
 */
void worker_look(struct worker *w);

#endif
