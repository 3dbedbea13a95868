/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * daemon.h - the steward: sets everything up, gives orders to workers, sinks and readers, answers
 * what clients ask, and takes everything down in the order that loses no frame. It never waits for
 * any of them longer than it wants to, touches no file or terminal while it runs (clerk.h does),
 * and frees only what has come back.
 */
#ifndef AFXDP_DAEMON_H
#define AFXDP_DAEMON_H

#include <stdbool.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include "account.h"
#include "keeper.h"
#include "log.h"
#include "needs.h"
#include "nic.h"
#include "options.h"
#include "port.h"
#include "prog.h"
#include "rights.h"
#include "rules.h"
#include "service.h"
#include "life.h"
#include "reading.h"
#include "reload.h"
#include "tee.h"
#include "worker.h"

/* afxdpd(8), EXIT STATUS */
enum {
	EXIT_DONE = 0,
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
	EXIT_CANNOT = 3
};

/* A worker that has not answered for so long is called stuck. */
#define STUCK_NS 2000000000ULL

struct ask;
struct clerk;

/* A change that a client asked for (or SIGHUP), until it is over. */
struct change {
	struct ask *ask;   /* who waits; NULL: nobody */
	uint64_t begun_ns; /* 0: none is under way */
	uint64_t told_ns;  /* when the client last heard of it */
	uint32_t number;
};

/* A sink with a name, which rules choose by it. */
struct named {
	const char *name; /* the options' */
	struct life *life;
	const char *over;	/* why it takes no frame ever again; NULL: it does */
	struct afxdp_ring ring; /* of copies; size 0: it takes none */
};

/* The last change of any kind, for status. */
struct last_change {
	uint32_t number;
	char what[160];
	uint32_t uid, pid; /* who; pid 0: a signal */
	uint64_t begun_ns;
	const char *outcome; /* NULL: there was none */
	char why[512];
};

struct daemon {
	struct options *options;
	struct port port;
	struct afxdp_nic nic; /* its device, as last seen */
	char first_name[16];  /* of the interface when we began: of the control socket and pins */
	struct afxdp_nic_stats nic_start, nic_last; /* of this device */
	struct keeper keeper;
	bool polls_nothing; /* known of this device and kernel */
	struct afxdp_prog prog;
	bool prog_loaded;
	uint32_t prog_number;	   /* another each time it is loaded, or gone */
	struct afxdp_ledger *base; /* per queue: what an adopted program had counted before us */
	struct afxdp_ledger *past; /* per queue: what earlier programs counted */
	uint32_t past_queues;
	char native[160]; /* why the program is not in native mode, in the kernel's words */
	struct afxdp_rules *rules; /* NULL: none */
	struct reading *reading;   /* rules that are being read; NULL: none */
	uint32_t readers_let_go;   /* of rules nobody wants any more: their threads still run */
	bool rules_ready;	   /* while setting up: it has come back */
	struct change rules_change;
	struct reload *reloading;   /* the configuration; NULL: it is not */
	struct options *configured; /* as it was read last; NULL: only at the start */
	struct change config_change;
	uint64_t expired_ns;	/* when elements of sets that had ended were last taken out */
	struct tee tee;		/* clients that look at frames */
	struct life *sink;	/* frames go there */
	struct life *next_sink; /* is to be the next: opening, or being put in place */
	struct life *old_sink;	/* was the last: finishing */
	struct life *leaving;	/* others that are to close, once they are back */
	struct named named[NAMED_MAX];
	uint32_t named_count;	    /* that have been begun */
	uint64_t news_ns;	    /* when sinks were told of the ledger */
	bool settle;		    /* next_sink needs more than the one before: see needs.c */
	bool installing;	    /* workers are being told of next_sink */
	struct needs needs;	    /* of the sink that workers were told of last */
	struct needs program_needs; /* of all that get frames: what the program is to do */
	bool odd_counted;	    /* it counts oddities */
	bool setting_up;
	struct change sink_change, mode_change, rotate_change;
	enum mode next_mode;
	char rotate_why[512]; /* of the first sink that could not; empty: none */
	char mode_why[160];   /* the change failed, and workers go back; empty: it has not */
	struct last_change last;
	struct worker **workers;
	uint32_t worker_count;
	uint64_t budget;	/* --count: frames still wanted */
	struct afxdp_post post; /* answers of the workers */
	struct clerk *clerk;
	struct service service;
	struct ask *asks;   /* not looked at yet */
	uint64_t look_ns;   /* when the last look began */
	int signals, links; /* signalfd, netlink */
	uint64_t start_ns, end_ns;
	double started; /* the same as start_ns, in seconds since 1970 */
	enum mode mode;
	int out;	  /* for tables and live lines */
	int report;	  /* --report, or -1 */
	struct user user; /* --user */
	bool stranger;	  /* the sink that is being started is named by somebody who is not root */
	bool apart;	  /* from our rights: the keeper has them */
	char rights_why[192]; /* or else why not */
	bool stop, reload;
	bool report_due; /* SIGUSR1 has come */
	bool lost;	 /* what is served has gone for good: d->why */
	bool port_begun;
	const char *sink_over; /* why the sink takes no frame ever again; NULL: it does */
	bool forced; /* somebody did not come back in time: end without touching what they hold */
	const char *stage; /* of setting up: what we are waiting for */
	char why[512];	   /* the one line that says what went wrong */
};

/* One moment's truth, for the report, the live line, the control socket and the metrics. */
struct picture {
	struct afxdp_account total;
	struct afxdp_account *queue; /* one a worker */
	/* By route, that of the sink without a name first: rows from captured on; they add up to
	 * @total's. */
	struct afxdp_account route[NAMED_MAX + 1];
	struct afxdp_ledger program; /* what the program counted, all queues */
	struct afxdp_nic_stats nic;
	struct afxdp_hist latency; /* of all workers */
	double seconds;
};

/** daemon_tx_failed() - of the frames that rules sent back out (total.tx), how many the device did
 * not send. Return: whether that can be told. */
bool daemon_tx_failed(const struct daemon *d, const struct picture *p, uint64_t *failed);

/** daemon_run() - all of a daemon's life. Return: an exit status; d->why has been printed. */
int daemon_run(struct options *o);

/**
 * daemon_set_up() - everything up to the attached program, with @d->options.
 *
 * Return: 0, also when a signal came first (d->stop); or an exit status with d->why set. What was
 * set up is the caller's to take down in either case.
 */
int daemon_set_up(struct daemon *d);

/** daemon_ready() - a life begins: everything is in place. */
void daemon_ready(struct daemon *d);

/** daemon_port_settled() - no socket is being opened or closed: what waited for that goes on. */
void daemon_port_settled(struct daemon *d);

/** daemon_polls_nothing() - a worker found that busy polling does nothing here: say so, and give
 * the device its interrupts back. The workers go on looking at their rings. */
void daemon_polls_nothing(struct daemon *d);

/** daemon_set_knobs() - the device's NAPI settings as @mode wants them; says so if it cannot. */
void daemon_set_knobs(struct daemon *d, enum mode mode);

/** daemon_read_signals() - sets d->stop and d->reload. */
void daemon_read_signals(struct daemon *d);

/** daemon_failed() - put the one line into d->why. Return: @status. */
__attribute__((format(printf, 3, 4))) int daemon_failed(struct daemon *d, int status,
							const char *format, ...);

/** daemon_look() - ask the workers and the program; of a worker that does not answer, the last that
 * is known. @p: free with picture_free(). Return: 0 or -errno. */
int daemon_look(struct daemon *d, struct picture *p);

/** daemon_ledger_since() - what the present program counted since we began: an adopted one has a
 * past. Return: 0 or -errno. */
int daemon_ledger_since(struct daemon *d, uint32_t queue, struct afxdp_ledger *l);
void daemon_ledger_add(struct afxdp_ledger *to, const struct afxdp_ledger *from);
void picture_free(struct picture *p);

/* talk.c */

/**
 * daemon_order() - send order @what to every running worker that has none of that kind under way.
 * @fill: puts the order's arguments in, or NULL.
 */
void daemon_order(struct daemon *d, enum word what,
		  void (*fill)(struct worker_order *o, uint32_t worker, const void *arg),
		  const void *arg);

/** daemon_order_one() - the same to @w, without arguments. */
void daemon_order_one(struct daemon *d, struct worker *w, enum word what);

/** daemon_ordered() - whether an order @what is under way to any worker. */
bool daemon_ordered(const struct daemon *d, enum word what);

/** daemon_late() - a worker to which one is under way, or NULL. */
const struct worker *daemon_late(const struct daemon *d, enum word what);

/** daemon_read_post() - deal with what has come to the steward's mailbox; clients' requests are put
 * aside for daemon_serve(). */
void daemon_read_post(struct daemon *d);
void daemon_serve(struct daemon *d);

/** daemon_forget_asks() - the clerk has ended: what came from it since is nobody's. */
void daemon_forget_asks(struct daemon *d);

/** daemon_await() - read the mailbox until @done, for @ms at most. Return: whether it is. */
bool daemon_await(struct daemon *d, bool (*done)(const struct daemon *d), uint32_t ms);

/** daemon_wait() - the same while setting up, without limit, and signals are heard. Return: false
 * if the daemon is to stop. */
bool daemon_wait(struct daemon *d, bool (*done)(const struct daemon *d));

/* answer.c */

/** daemon_answer() - a client's request: answered now, or when what it asks for has happened. */
void daemon_answer(struct daemon *d, struct ask *ask);

/* change.c */

void daemon_change_begins(struct daemon *d, struct change *c, const char *what, const char *arg,
			  struct ask *ask);

/** daemon_change_ends() - @reply (stolen) goes to who asked; d->why says what failed. */
void daemon_change_ends(struct daemon *d, struct change *c, bool done, json_t *reply);

/** daemon_change_tick() - tell who waits once a second that it goes on: @stage. */
void daemon_change_tick(struct daemon *d, struct change *c, const char *stage);

/** daemon_refusal() - the reply that says why not. */
json_t *daemon_refusal(const char *why);

/** daemon_refuse() - answer @ask so; the line is in d->why, too. */
__attribute__((format(printf, 3, 4))) void daemon_refuse(struct daemon *d, struct ask *ask,
							 const char *format, ...);

/** daemon_set_mode() - @ask is answered when every worker has changed, or one could not. NULL: the
 * configuration asks. */
void daemon_set_mode(struct daemon *d, enum mode mode, struct ask *ask);
void daemon_mode_back(struct daemon *d); /* an order came back */

/** daemon_set_sink() - replace the sink while frames flow; @ask is answered when that is done and
 * the old one has closed, or takes its time. */
void daemon_set_sink(struct daemon *d, const char *spec, struct ask *ask);
void daemon_sink_step(struct daemon *d);		       /* an order of a worker came back */
void daemon_sink_back(struct daemon *d, struct life_order *o); /* one of a sink's thread */
void daemon_sink_tick(struct daemon *d);

/** daemon_needs_begin() - the sinks are open, nothing else is there. */
void daemon_needs_begin(struct daemon *d);

/** daemon_needs_more() - before workers hear of a sink with @ops: what it needs beside the present
 * one. @settle: set if frames that are in the rings or under way lack it.
 * Return: 0, or an exit status with
 * d->why set, and nothing has changed. */
int daemon_needs_more(struct daemon *d, const struct sink_ops *ops, bool *settle);

/** daemon_needs_no_more() - no sink but those that are here to stay gets frames. */
void daemon_needs_no_more(struct daemon *d);

/** daemon_sink_env() - what a sink is told when it opens. */
void daemon_sink_env(const struct daemon *d, bool named, struct sink_env *env);

/** daemon_sink_start() - Return: 0, or an exit status with d->why set. */
int daemon_sink_start(struct daemon *d, const char *spec, bool named, struct life **life);
void daemon_sink_attach(struct daemon *d, struct life *l);
void daemon_sink_begin(struct daemon *d); /* d->sink gets frames from now on */

/** daemon_sink_failed() - whether @l could not be attached: d->port says why. */
bool daemon_sink_failed(struct daemon *d, const struct life *l);

/** daemon_sink_watch() - stops the daemon if its sink is of no use any more. */
void daemon_sink_watch(struct daemon *d);

/* named.c */

/** daemon_open_named() - all of the options. Return: 0, also when a signal came first (d->stop); or
 * an exit status with d->why set. */
int daemon_open_named(struct daemon *d);

/** daemon_named() - whose life @l is, or NULL. */
struct named *daemon_named(struct daemon *d, const struct life *l);

/** daemon_check_rules() - whether there are the sinks that @rules name. Return: 0; -EINVAL, with
 * one line in @why. */
int daemon_check_rules(const struct daemon *d, const struct afxdp_rules *rules, char *why,
		       size_t size);

/** daemon_rotate() - have the sink @name, or all of them (NULL), write to another file from now on.
 * @ask: who asks, or NULL: a signal. */
void daemon_rotate(struct daemon *d, const char *name, struct ask *ask);

/** daemon_rotate_step() - send what is due; and answer, when all are back. */
void daemon_rotate_step(struct daemon *d);

/** daemon_rotate_back() - order @o is back from a sink. */
void daemon_rotate_back(struct daemon *d, const struct life_order *o);

/** daemon_tell_rules(), daemon_tell_ledger() - to sinks that keep them with their frames. */
void daemon_tell_rules(struct daemon *d);
void daemon_tell_ledger(struct daemon *d, const struct picture *p);

/** daemon_news_tick() - the ledger, each second, if there is such a sink. */
void daemon_news_tick(struct daemon *d);

/** daemon_open_report() - the file of --report. Return: 0, or an exit status. */
int daemon_open_report(struct daemon *d);

/** daemon_write_report() - in the place of the one before. Return: 0, or an exit status. */
int daemon_write_report(struct daemon *d, const json_t *report);

/** daemon_report_tick() - if SIGUSR1 has asked for it. */
void daemon_report_tick(struct daemon *d);

/** daemon_write_words() - all of @text, unless nobody takes it for a second. Return: 0 or -errno. */
int daemon_write_words(int fd, const char *text);

/** daemon_begin_named() - they get frames from now on. */
void daemon_begin_named(struct daemon *d);

/** daemon_sinks_want() - why a sink's ports should be attached anew, or NULL. */
const char *daemon_sinks_want(const struct daemon *d);

/** daemon_watch_named() - says so, once, if one is of no use any more; the others go on. */
void daemon_watch_named(struct daemon *d);

/** daemon_send_named() - order @what to all that are open, not finished, and at rest. */
void daemon_send_named(struct daemon *d, enum word what);

/** daemon_named_out() - whether an order @what, sent at @since or later, is under way to any. */
bool daemon_named_out(const struct daemon *d, enum word what, uint64_t since);

/** daemon_leave_named() - they are to close, and are d->leaving's from now on. */
void daemon_leave_named(struct daemon *d);

/* stop.c */

/** daemon_stop() - take frames from nobody any more, end workers and sinks, in a bounded time:
 * d->forced says whether somebody did not come back. */
void daemon_stop(struct daemon *d);

/** daemon_close_sinks() - after the last look at them. */
void daemon_close_sinks(struct daemon *d);

uint64_t daemon_now(void); /* CLOCK_MONOTONIC, ns */

/** daemon_zerocopy() - whether every worker's socket is in zero-copy mode. */
bool daemon_zerocopy(const struct daemon *d);

/* ruling.c */

/** daemon_start_rules() - begin to read -f or -r, if given: d->reading until that is done. Return:
 * 0 or an exit status with d->why set. */
int daemon_start_rules(struct daemon *d);

/** daemon_take_rules() - what daemon_start_rules() began has been read: d->rules. Return: an exit
 * status with d->why set. */
int daemon_take_rules(struct daemon *d);

/** daemon_rules_read() - a reader has come back. */
void daemon_rules_read(struct daemon *d, struct reading *r);

/** daemon_rules_json() - the reply that shows the rules. */
json_t *daemon_rules_json(const struct daemon *d);

/** daemon_rules() - the rules with their counters: a new reference. */
json_t *daemon_rules(const struct daemon *d);

/** daemon_replace_rules() - rules of file @path from the next frame on, once they are read. @ask:
 * who is told how it went; NULL: SIGHUP, which is said on stderr. */
void daemon_replace_rules(struct daemon *d, const char *path, struct ask *ask);

/** daemon_reread_rules() - the same with those of @next, or none: daemon_reload_rules() hears of
 * it. */
void daemon_reread_rules(struct daemon *d, const struct options *next);
void daemon_rules_tick(struct daemon *d);

/* When daemon_rules_tick() has elements of sets to take out; 0: never. */
uint64_t daemon_rules_due(struct daemon *d);

/**
 * daemon_observe() - the same rules with the copies that are wanted now in front of them, and one
 * more if there is a @wish. @ask: whose wish it is, and who is answered, in any case.
 *
 * Return: 0, or -errno if that could not be begun.
 */
int daemon_observe(struct daemon *d, const struct wish *wish, struct ask *ask);

/** daemon_rules_at_rest() - whether a change of rules may begin; one that is being read and that
 * nobody waits for is dropped for it. */
bool daemon_rules_at_rest(struct daemon *d);

/** daemon_rules_shared() - rules that are being read or loaded use sets of those in force. */
bool daemon_rules_shared(const struct daemon *d);

/** daemon_rules_resume() - those that waited for the opener are dealt with. */
void daemon_rules_resume(struct daemon *d);

/** daemon_change_set() - @verb is add or del (@arg: an element), replace (@arg: a file), or list. */
void daemon_change_set(struct daemon *d, const char *verb, const char *name, const char *arg,
		       struct ask *ask);

#endif
