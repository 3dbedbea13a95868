/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * port.h - the interface that is served, and what becomes of it while we are there.
 *
 *	ABSENT -> DOWN -> OPENING -> RUNNING -> DRAINING -> CLOSING -> ...
 *	                     |                                 BLOCKED (somebody else's program)
 *	                     '---------------------------------FAILED  (tried again: 1, 2, 4 ... 30
 *s)
 *
 * Each time it is opened a new life begins: another device, or the same with other queues, another
 * MTU, another program. Sockets and program may be new then; workers, sinks and all counters stay,
 * so that the ledger is that of all lives. A socket is closed when its worker rests and every frame
 * is home (worker.h); however long that takes, nothing else waits for it.
 *
 * State is read, never derived from events: netlink only says that it is time to look, and so does
 * a tick once a second, should netlink have said nothing.
 */
#ifndef AFXDP_PORT_H
#define AFXDP_PORT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include "nic.h"

struct daemon;
struct opening;

enum port_state {
	PORT_ABSENT,
	PORT_DOWN, /* with sockets open, or without */
	PORT_OPENING,
	PORT_RUNNING,
	PORT_DRAINING, /* workers come to rest */
	PORT_CLOSING,  /* sinks let go of sockets */
	PORT_BLOCKED,
	PORT_FAILED,
	PORT_STATES
};

enum port_event {
	PORT_LOOK,   /* a second has passed, or netlink said something */
	PORT_OPENED, /* the opener is back */
	PORT_ORDER,  /* an order to a worker or a sink is back */
	PORT_RULES,  /* rules that were being read are, or not */
};

/* What happens within PORT_OPENING. */
enum port_step {
	PORT_STEP_RULES, /* rules are being loaded that share sets with those in force */
	PORT_STEP_OPENER,
	PORT_STEP_SINKS,
	PORT_STEP_WORKERS,
};

/* A time in which no frame was taken. */
struct outage {
	double from, to; /* s since 1970; to 0: it goes on */
	char why[160];
	bool counted;	      /* somebody could look */
	uint64_t nic_packets; /* the device received meanwhile */
};

#define OUTAGES_KEPT 64

struct port {
	enum port_state state;
	enum port_step step;
	char why[512];	/* why it is in that state; empty while it runs */
	char said[512]; /* what has been said of it */
	uint32_t life;
	int status; /* of a first attempt that failed: an exit status */
	struct opening *job;
	struct afxdp_nic opened; /* as it was when it was opened */
	struct afxdp_nic failed; /* as it was when it could not be */
	bool died;		 /* the device went from under the sockets */
	bool ousted;		 /* somebody took our program off: nor is his replaced */
	bool hold;		 /* and has a moment to put something else there */
	uint32_t tries;
	uint64_t retry_ns, look_ns, since_ns;
	/* Of earlier devices. */
	struct afxdp_nic_stats past;
	unsigned int last_ifindex;
	struct outage outage[OUTAGES_KEPT]; /* the last ones; the n-th is at n % OUTAGES_KEPT */
	uint32_t outages;
	uint64_t nic_packets; /* when the last one began */
	double out_s;	      /* of all that are over */
};

const char *port_state_name(enum port_state state);

/** port_start() - begin, with what is there. */
void port_start(struct daemon *d);

void port_event(struct daemon *d, enum port_event event);

/** port_watch() - look, if netlink has said something or a second has passed. */
void port_watch(struct daemon *d);

/** port_settled() - while setting up: it runs, or will not by itself. */
bool port_settled(const struct daemon *d);

/** port_at_ease() - no socket is being opened or closed: sinks may look at those that there are. */
bool port_at_ease(const struct daemon *d);

/** port_has_program() - one of ours is attached, and rules can be put into it. */
bool port_has_program(const struct daemon *d);

/** port_idle() - no opener is under way. */
bool port_idle(const struct daemon *d);

/* outage.c */

void outage_begins(struct daemon *d, const char *why);
void outage_ends(struct daemon *d);

/** outages_json() - [{from, to, seconds, why, nic_packets}], oldest first. */
json_t *outages_json(const struct daemon *d);

/** outage_seconds() - of all, also of one that goes on. */
double outage_seconds(const struct daemon *d);

#endif
