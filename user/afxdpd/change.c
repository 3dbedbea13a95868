/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * change.c - another mode or sink while frames flow. Both are orders to every worker; a change is
 * over when the last of them has come back, however long that takes, and what the client is told is
 * what has happened until then.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ask.h"
#include "daemon.h"
#include "opening.h"
#include "text.h"

/* ---- what status shows of the last change ---- */

void daemon_change_begins(struct daemon *d, struct change *c, const char *what, const char *arg,
			  struct ask *ask)
{
	c->ask = ask;
	c->begun_ns = c->told_ns = daemon_now();
	snprintf(d->last.what, sizeof(d->last.what), "%s %s", what, arg);
	d->last.uid = ask ? ask->uid : 0;
	d->last.pid = ask ? ask->pid : 0;
	d->last.begun_ns = c->begun_ns;
	d->last.outcome = "under way";
	d->last.why[0] = '\0';
	c->number = ++d->last.number;
}

void daemon_change_ends(struct daemon *d, struct change *c, bool done, json_t *reply)
{
	if (c->number == d->last.number) {
		d->last.outcome = done ? "done" : "failed";
		snprintf(d->last.why, sizeof(d->last.why), "%s", done ? "" : d->why);
	}
	if (c->ask)
		ask_answer(c->ask, reply);
	else
		json_decref(reply);
	if (!c->ask && !done)
		daemon_reload_failed(d, c);
	c->ask = NULL;
	c->begun_ns = 0;
}

json_t *daemon_refusal(const char *why)
{
	return json_pack("{s:b, s:o}", "ok", 0, "error", json_text(why));
}

void daemon_refuse(struct daemon *d, struct ask *ask, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(d->why, sizeof(d->why), format, args);
	va_end(args);
	ask_answer(ask, daemon_refusal(d->why));
}

/* What could not be begun; d->why. */
static void not_begun(struct daemon *d, const struct change *c, struct ask *ask)
{
	if (ask)
		ask_answer(ask, daemon_refusal(d->why));
	else
		daemon_reload_failed(d, c);
}

static json_t *fine(void)
{
	return json_pack("{s:b}", "ok", 1);
}

void daemon_change_tick(struct daemon *d, struct change *c, const char *stage)
{
	uint64_t now = daemon_now();

	(void)d;
	if (!c->begun_ns || !c->ask || now - c->told_ns < 1000000000ULL)
		return;
	c->told_ns = now;
	ask_tell(c->ask,
		 json_pack("{s:s, s:f}", "progress", stage, "seconds", (now - c->begun_ns) / 1e9));
}

/* ---- mode ---- */

void daemon_set_knobs(struct daemon *d, enum mode mode)
{
	int err;

	if (mode != MODE_BUSY) {
		keeper_knobs_back(&d->keeper, d->port.opened.ifindex);
		return;
	}
	if (d->polls_nothing) {
		keeper_knobs_back(&d->keeper, d->port.opened.ifindex);
		daemon_warn(
			"%s: mode busy: this kernel gives the socket no NAPI context to poll "
			"(since Linux 6.13 its driver, %s, must name one): looking at the ring, "
			"as -m spin does",
			d->nic.name, d->nic.driver);
		return;
	}
	err = keeper_knobs_busy(&d->keeper, d->port.opened.ifindex);
	if (err)
		daemon_warn(
			"%s: napi_defer_hard_irqs and gro_flush_timeout cannot be set (%s): busy "
			"polling "
			"goes on, but interrupts will interfere; set them by hand, see README",
			d->nic.name, strerror(-err));
}

void daemon_polls_nothing(struct daemon *d)
{
	if (d->polls_nothing)
		return;
	d->polls_nothing = true;
	if (d->mode == MODE_BUSY)
		daemon_set_knobs(d, d->mode);
}

static void put_mode(struct worker_order *o, uint32_t worker, const void *arg)
{
	(void)worker;
	o->mode = *(const enum mode *)arg;
}

void daemon_set_mode(struct daemon *d, enum mode mode, struct ask *ask)
{
	const struct worker *late = daemon_late(d, WORKER_MODE);

	if (late || d->mode_change.begun_ns) {
		daemon_failed(d, 0,
			      "cannot change to mode %s: the worker of queue %u has not answered "
			      "the last change yet",
			      mode_name(mode), late ? late->queue : 0);
		not_begun(d, &d->mode_change, ask);
		return;
	}
	daemon_change_begins(d, &d->mode_change, "mode", mode_name(mode), ask);
	d->next_mode = mode;
	if (mode == MODE_BUSY && !d->polls_nothing)
		daemon_set_knobs(d, mode);
	daemon_order(d, WORKER_MODE, put_mode, &mode);
}

void daemon_mode_back(struct daemon *d)
{
	int err = 0;
	bool failed;

	if (!d->mode_change.begun_ns || daemon_ordered(d, WORKER_MODE))
		return;
	for (uint32_t i = 0; i < d->worker_count; i++)
		err = err ?: d->workers[i]->order[WORKER_MODE].result;
	if (err && !d->mode_why[0]) {
		/* Some have changed: all or none. */
		snprintf(d->mode_why, sizeof(d->mode_why), "cannot change to mode %s: %s",
			 mode_name(d->next_mode), strerror(-err));
		d->next_mode = d->mode;
		daemon_order(d, WORKER_MODE, put_mode, &d->mode);
		return;
	}
	d->mode = d->next_mode;
	daemon_set_knobs(d, d->mode);
	failed = d->mode_why[0];
	if (failed)
		daemon_failed(d, 0, "%s", d->mode_why);
	d->mode_why[0] = '\0';
	daemon_change_ends(d, &d->mode_change, !failed, failed ? daemon_refusal(d->why) : fine());
}

/* ---- sink ---- */

static void put_port(struct worker_order *o, uint32_t worker, const void *arg)
{
	o->port = ((const struct life *)arg)->port[worker];
}

static void put_stamp(struct worker_order *o, uint32_t worker, const void *arg)
{
	(void)worker;
	o->stamp = *(const struct worker_stamp *)arg;
}

/* Before the interface was there, as many as there can be. */
static uint32_t expected_queues(const struct daemon *d)
{
	const struct options *o = d->options;

	if (!o->all_queues)
		return o->queue_count;
	return d->nic.queues && d->nic.queues < QUEUES_MAX ? d->nic.queues : QUEUES_MAX;
}

void daemon_sink_env(const struct daemon *d, bool named, struct sink_env *env)
{
	const struct options *o = d->options;
	/* With one queue it has the most. */
	const struct ring_size most = opening_size(o, 1, 2048);

	*env = (struct sink_env){
		.ifname = d->nic.name,
		.ports = d->worker_count ?: expected_queues(d),
		.ring = most.ring,
		.frames = most.frames,
		.part = options_part(o, named),
		.frame_size = opening_frame_size(o, d->nic.mtu),
		.stranger = d->stranger,
	};
}

int daemon_sink_start(struct daemon *d, const char *spec, bool named, struct life **life)
{
	const struct sink_ops *ops;
	struct sink_env env;
	const char *arg;
	int err;

	daemon_sink_env(d, named, &env);
	ops = sink_find(spec, &arg, d->why, sizeof(d->why));
	if (!ops)
		return EXIT_USAGE;
	for (uint32_t i = 0; i < d->named_count && ops->sends; i++)
		if (d->named[i].life->ops->sends)
			return daemon_failed(d, EXIT_USAGE,
					     "sink '%s': sink %s is one that answers already", spec,
					     d->named[i].name);
	err = life_start(life, ops, spec, arg, &env, &d->post);
	return err ? daemon_failed(d, EXIT_RUNTIME, "sink '%s': cannot start its thread: %s", spec,
				   strerror(-err))
		   : 0;
}

void daemon_sink_attach(struct daemon *d, struct life *l)
{
	for (uint32_t i = 0; i < d->worker_count; i++)
		l->xsk[i] = &d->workers[i]->xsk;
	l->ports = d->worker_count;
	life_send(l, SINK_ATTACH);
}

bool daemon_sink_failed(struct daemon *d, const struct life *l)
{
	int err = l->order[SINK_ATTACH - SINK_OPEN].err;

	if (err) {
		snprintf(d->port.why, sizeof(d->port.why), "%s", l->why);
		d->port.status = err == -ENOMEM ? EXIT_RUNTIME : EXIT_USAGE;
	}
	return err;
}

void daemon_sink_begin(struct daemon *d)
{
	daemon_tell_rules(d);
	if (d->sink->ops->begin)
		d->sink->ops->begin(d->sink->sink);
}

void daemon_sink_watch(struct daemon *d)
{
	struct life *l = d->sink;

	d->sink_over = l->ops->over ? l->ops->over(l->sink) : NULL;
	/* Unless another is about to take its place. */
	if (d->sink_over && !d->next_sink)
		d->stop = true;
	daemon_watch_named(d);
}

/* @l is of no use: it closes as soon as it is back from what it does. */
static void let_go(struct daemon *d, struct life *l)
{
	l->next = d->leaving;
	d->leaving = l;
	if (!life_busy(l))
		life_send(l, SINK_CLOSE);
}

/* d->why says of what. */
static void sink_fails(struct daemon *d)
{
	json_t *reply = daemon_refusal(d->why);

	let_go(d, d->next_sink);
	d->next_sink = NULL;
	daemon_needs_no_more(d);
	daemon_change_ends(d, &d->sink_change, false, reply);
}

void daemon_set_sink(struct daemon *d, const char *spec, struct ask *ask)
{
	const struct life *busy = d->next_sink ?: d->old_sink;

	/* A sink that somebody asked for who waits no longer, and that is not open yet. */
	if (d->next_sink && !d->installing && d->sink_change.ask && ask_gone(d->sink_change.ask)) {
		daemon_failed(d, 0, "the client has hung up");
		sink_fails(d);
		busy = d->old_sink;
	}
	if (busy) {
		daemon_failed(d, 0, "cannot change the sink to '%s': sink '%s' %s", spec,
			      busy->spec,
			      busy == d->old_sink ? "still has frames"
			      : d->installing	  ? "is being put in place: a worker is stuck"
						  : "is still opening");
		not_begun(d, &d->sink_change, ask);
		return;
	}
	d->stranger = ask && ask->uid;
	if (daemon_sink_start(d, spec, false, &d->next_sink)) {
		not_begun(d, &d->sink_change, ask);
		return;
	}
	daemon_change_begins(d, &d->sink_change, "sink", spec, ask);
}

static void sink_failed(struct daemon *d)
{
	daemon_failed(d, 0, "%s", d->next_sink->why);
	sink_fails(d);
}

/* Needs first, as they reach a worker in the order in which they are sent. */
static void install(struct daemon *d)
{
	const struct worker_stamp stamp = { d->needs.stamp, d->needs.sparse, d->settle };

	daemon_order(d, WORKER_STAMP, put_stamp, &stamp);
	d->installing = true;
	daemon_order(d, WORKER_SINK, put_port, d->next_sink);
	daemon_sink_step(d); /* there may be no worker yet */
}

/* The new sink's first frame must have what it needs. */
static void before_install(struct daemon *d)
{
	if (daemon_needs_more(d, d->next_sink->ops, &d->settle))
		sink_fails(d);
	else if (d->settle)
		life_send(d->next_sink, SINK_SETTLE);
	else
		install(d);
}

void daemon_sink_step(struct daemon *d)
{
	struct life *old = d->old_sink;

	if (d->installing && !daemon_ordered(d, WORKER_SINK)) {
		/* Nobody hands anything to the old one any more. */
		d->installing = false;
		d->old_sink = old = d->sink;
		old->since = daemon_now();
		d->sink = d->next_sink;
		d->next_sink = NULL;
		daemon_needs_no_more(d);
		daemon_sink_begin(d);
		daemon_order(d, WORKER_LEAVE, NULL, NULL);
		if (old->ops->own_thread)
			life_send(old, SINK_FINISH);
	}
	if (!old || life_busy(old) || old->closed || daemon_ordered(d, WORKER_LEAVE))
		return;
	if (!old->finished) {
		life_send(old, SINK_FINISH);
		return;
	}
	/* Workers that have ended could not let go of it themselves. */
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (!d->workers[i]->running)
			worker_forget_port(d->workers[i]);
	life_send(old, SINK_CLOSE);
}

static void forget(struct daemon *d, struct life *l)
{
	for (struct life **at = &d->leaving; *at; at = &(*at)->next)
		if (*at == l) {
			*at = l->next;
			life_free(l);
			return;
		}
}

void daemon_sink_back(struct daemon *d, struct life_order *o)
{
	struct life *l = o->life;

	daemon_rotate_back(d, o);
	if (l == d->next_sink && o->msg.type == SINK_OPEN && !d->setting_up) {
		if (o->err)
			sink_failed(d);
		else if (port_at_ease(d))
			daemon_sink_attach(d, l);
	} else if (l == d->next_sink && o->msg.type == SINK_ATTACH && !d->installing) {
		if (o->err)
			sink_failed(d);
		else
			before_install(d);
	} else if (l == d->next_sink && o->msg.type == SINK_SETTLE && !d->installing) {
		install(d);
	} else if (l == d->old_sink && l->closed) {
		d->old_sink = NULL;
		life_free(l);
		if (d->sink_change.begun_ns)
			daemon_change_ends(d, &d->sink_change, true, fine());
	} else if (l == d->old_sink) {
		daemon_sink_step(d);
	} else if (l != d->sink && l != d->next_sink && !daemon_named(d, l)) {
		if (l->closed)
			forget(d, l);
		else if (!life_busy(l))
			life_send(l, SINK_CLOSE);
	}
	port_event(d, PORT_ORDER);
}

void daemon_port_settled(struct daemon *d)
{
	struct life *l = d->next_sink;

	/* It was opened while sockets came and went. */
	if (l && l->opened && !d->installing && !life_busy(l) && !d->setting_up)
		daemon_sink_attach(d, l);
}

/* How long a client waits for the frames of the sink before to be dealt with, once frames go to the
 * new one. */
#define OLD_SINK_NS 2000000000ULL

void daemon_sink_tick(struct daemon *d)
{
	struct change *c = &d->sink_change;

	if (!c->begun_ns)
		return;
	if (d->old_sink && daemon_now() - d->old_sink->since > OLD_SINK_NS) {
		char note[256];

		snprintf(note, sizeof(note), "frames go to '%s'; '%s' is not done with its own yet",
			 d->sink->spec, d->old_sink->spec);
		daemon_change_ends(d, c, true,
				   json_pack("{s:b, s:o}", "ok", 1, "note", json_text(note)));
		return;
	}
	daemon_change_tick(d, c,
			   d->old_sink	   ? "the sink before finishes"
			   : d->installing ? "waiting for a worker that is stuck"
					   : "opening the sink");
}
