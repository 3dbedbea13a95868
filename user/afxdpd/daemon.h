/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * daemon.h - the control thread: sets everything up, speaks to the workers by message, answers the
 * control socket, and takes everything down in the order that loses no frame.
 */
#ifndef AFXDP_DAEMON_H
#define AFXDP_DAEMON_H

#include <stdbool.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include "account.h"
#include "knobs.h"
#include "nic.h"
#include "options.h"
#include "privileges.h"
#include "prog.h"
#include "rules.h"
#include "sink.h"
#include "worker.h"

/* Exit statuses: see DESIGN's contract in README.md. */
enum {
	EXIT_DONE = 0,
	EXIT_RUNTIME = 1,
	EXIT_USAGE = 2,
	EXIT_CANNOT = 3
};

struct control;
struct metrics;

struct daemon {
	struct options *options;
	struct afxdp_nic nic;
	char first_name[16]; /* of the interface when we began: of the control socket and pins */
	struct afxdp_nic_stats nic_start, nic_last;
	struct afxdp_knobs knobs;
	bool polls_nothing; /* known of this device and kernel */
	struct afxdp_prog prog;
	bool prog_loaded, no_hw;
	int attach_error;
	struct afxdp_ledger *base; /* per queue: what an adopted program had counted before us */
	struct afxdp_rules *rules; /* NULL: none */
	struct sink *sink;
	const struct sink_ops *sink_ops;
	struct worker **workers;
	uint32_t worker_count;
	uint64_t budget;	/* --count: frames still wanted */
	struct afxdp_post post; /* answers of the workers */
	struct control *control;
	struct metrics *metrics; /* NULL unless --metrics */
	int signals, links;	 /* signalfd, netlink */
	uint64_t start_ns, end_ns;
	enum mode mode;
	uint32_t stamp;	  /* struct afxdp_config.stamp in force */
	FILE *out;	  /* tables and live lines */
	FILE *report;	  /* --report, or NULL */
	struct user user; /* --user */
	bool stop, reload, gone;
	char why[512]; /* the one line that says what went wrong */
};

/* One moment's truth, for the report, the live line, the control socket and the metrics. */
struct picture {
	struct afxdp_account total;
	struct afxdp_account *queue; /* one a worker */
	struct afxdp_ledger program; /* what the program counted, all queues */
	struct afxdp_nic_stats nic;
	struct afxdp_hist latency; /* of all workers */
	double seconds;
};

/** daemon_run() - all of a daemon's life. Return: an exit status; d->why has been printed. */
int daemon_run(struct options *o);

/**
 * daemon_set_up() - everything up to the attached program, with @d->options.
 *
 * Return: 0, also when a signal came first (d->stop); or an exit status with d->why set. What was
 * set up is the caller's to take down in either case.
 */
int daemon_set_up(struct daemon *d);

/** daemon_open_sink() - Return: 0, or an exit status with d->why set. */
int daemon_open_sink(struct daemon *d, const char *spec, struct sink **sink);

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

/** daemon_look() - ask the workers and the program. @p: free with picture_free(). Return: 0 or
 * -errno. */
int daemon_look(struct daemon *d, struct picture *p);
void picture_free(struct picture *p);

/**
 * daemon_ask() - send a message of @type to every running worker and wait until all have answered.
 * @fill: puts the message's arguments in, or NULL.
 *
 * Return: 0; -ETIMEDOUT; the first worker's -errno.
 */
int daemon_ask(struct daemon *d, enum worker_msg_type type,
	       void (*fill)(struct worker *w, const void *arg), const void *arg);

/** daemon_read_post() - take what workers sent by themselves or too late. */
void daemon_read_post(struct daemon *d);

/** daemon_set_mode() - Return: 0, or -errno with d->why set. */
int daemon_set_mode(struct daemon *d, enum mode mode);

/** daemon_set_sink() - replace the sink while frames flow. Return: 0, or -errno with d->why set. */
int daemon_set_sink(struct daemon *d, const char *spec);

uint64_t daemon_now(void); /* CLOCK_MONOTONIC, ns */

/** daemon_zerocopy() - whether every worker's socket is in zero-copy mode. */
bool daemon_zerocopy(const struct daemon *d);

/** daemon_read_rules() - parse -f or -r, if given. Return: an exit status, with d->why set. */
int daemon_read_rules(struct daemon *d);

/** daemon_rules() - the rules with their counters: a new reference. */
json_t *daemon_rules(const struct daemon *d);

/**
 * daemon_replace_rules() - rules of file @path from the next frame on.
 * @was: set to the rules that were replaced, as by daemon_rules(), with their last counts; or NULL
 *
 * Return: 0, or -errno with d->why set and nothing changed.
 */
int daemon_replace_rules(struct daemon *d, const char *path, json_t **was);

/**
 * daemon_change_set() - @verb is add or del (@arg: an element), replace (@arg: a file), or list.
 * @elements: set to a new list of strings by list.
 *
 * Return: 0, or -errno with d->why set.
 */
int daemon_change_set(struct daemon *d, const char *verb, const char *name, const char *arg,
		      json_t **elements);

/** daemon_note() - one line on stderr. */
__attribute__((format(printf, 1, 2))) void daemon_note(const char *format, ...);

#endif
