/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * words.h - every kind of message that threads of the daemon send each other. A message says by its
 * type what it is; the one who carries it out sends the same message back.
 */
#ifndef AFXDP_WORDS_H
#define AFXDP_WORDS_H

enum word {
	/* Orders to a worker (worker.h), each with a message of its own, so that one that is not
	 * carried out keeps no other from being sent. */
	WORKER_STOP,	 /* answered when the rings are empty and the thread ends */
	WORKER_SNAPSHOT, /* fill in worker.snapshot */
	WORKER_MODE,
	WORKER_STAMP,
	WORKER_SINK,  /* hand frames to another port from now on; answered at once */
	WORKER_LEAVE, /* answered when the port before that has all its frames back */
	WORKER_REST,  /* answered when rings are empty and frames home; the socket is then ours */
	WORKER_GO,    /* with the socket that is there now */
	WORKER_ORDERS,
	/* A worker's own: --count is reached; busy polling does nothing here. */
	WORKER_DONE = WORKER_ORDERS,
	WORKER_VAIN,
	/* Orders to a sink's thread (life.h). */
	SINK_OPEN,
	SINK_ATTACH,
	SINK_SETTLE, /* wait until no frame is under way that an earlier program has seen */
	SINK_DETACH, /* workers rest: let go of their sockets */
	SINK_REATTACH,
	SINK_FINISH,
	SINK_REPORT,
	SINK_ROTATE,
	SINK_CLOSE,
	SINK_ORDERS_END,
	/* A client's request, to the steward and back (ask.h). */
	ASK,
	ASK_PROGRESS, /* to the clerk: one more line for a client that waits */
	CLERK_PRINT,  /* to the clerk: text for stdout */
	CLERK_SERVES, /* to the clerk: this is what we serve now */
	CLERK_NARROW, /* to the clerk: it opens nothing from here on */
	CLERK_STOP,
	TEE_GONE, /* a dump's client is gone (tee.h) */
	READING,  /* a reader's thread has read rules (reading.h) */
	RELOAD,	  /* the configuration has been read again, or not (reload.h) */
	OPENING,  /* an interface has been opened, or not (opening.h) */
};

#define SINK_ORDERS (SINK_ORDERS_END - SINK_OPEN)

#endif
