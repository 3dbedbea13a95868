/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * begin.c - how a life of the interface begins: program and sockets (opening.h), sinks attached to
 * the sockets, workers told to go, and only then the claims, so that the first frame finds
 * everybody in place.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "clerk.h"
#include "daemon.h"
#include "opening.h"
#include "port_parts.h"

/* ---- failing ---- */

/* What is open already is closed again on the way to @state, with p->why and p->status set. */
static void fail(struct daemon *d, enum port_state state)
{
	struct port *p = &d->port;

	p->failed = d->nic;
	port_retry(d);
	if (state == PORT_BLOCKED)
		p->retry_ns = daemon_now() + 1000000000ULL;
	port_enter(d, state);
}

/* With sockets open and workers perhaps at work. */
static void give_up(struct daemon *d, int status)
{
	struct port *p = &d->port;

	p->status = status;
	p->failed = d->nic;
	port_retry(d);
	port_enter(d, PORT_DRAINING);
	port_rest(d);
	port_event(d, PORT_ORDER);
}

static void no_memory(struct daemon *d)
{
	port_say(d, "%s: out of memory", d->nic.name);
	d->port.status = EXIT_RUNTIME;
	fail(d, PORT_FAILED);
}

/* ---- opening ---- */

/* Whether the program that is there can stay. */
static bool keeps_program(const struct daemon *d, const struct afxdp_nic *now)
{
	const struct afxdp_nic *was = &d->port.opened;

	return d->prog_loaded && d->prog.attached && d->prog.config.attach == d->options->attach &&
	       now->ifindex == was->ifindex && now->queues <= d->prog.queues &&
	       now->rx_metadata == was->rx_metadata && now->xdp_features == was->xdp_features &&
	       !afxdp_prog_detached(&d->prog);
}

static uint32_t fewer(const struct life *l, uint32_t most)
{
	return l && l->ops->ports_fixed && l->env.ports < most ? l->env.ports : most;
}

/* Sinks that were told how many ports there will be have no more. */
static uint32_t most_queues(const struct daemon *d)
{
	uint32_t most = fewer(d->next_sink, fewer(d->sink, QUEUES_MAX));

	for (uint32_t i = 0; i < d->named_count; i++)
		most = fewer(d->named[i].life, most);
	return most;
}

static void start_opener(struct daemon *d)
{
	struct port *p = &d->port;
	struct opening *o = calloc(1, sizeof(*o));
	char why[128];

	p->step = PORT_STEP_OPENER;
	p->hold = false;
	if (!o || (d->rules && afxdp_rules_again(d->rules, &o->rules, why, sizeof(why)))) {
		free(o);
		no_memory(d);
		return;
	}
	o->home = &d->post;
	o->options = d->options;
	o->keeper = &d->keeper;
	o->pins = d->first_name;
	o->ifindex = d->nic.ifindex;
	o->needs = d->program_needs;
	o->most = most_queues(d);
	o->replace = d->options->replace && !p->ousted;
	o->kept = d->prog_loaded ? &d->prog : NULL;
	if (opening_start(o)) {
		opening_free(o);
		no_memory(d);
		return;
	}
	p->job = o;
}

void port_open(struct daemon *d, const struct afxdp_nic *now)
{
	if (!keeps_program(d, now))
		port_lose_program(d);
	d->port.step = PORT_STEP_RULES;
	/* Rules that are being loaded share sets with those in force: one generation at a time. */
	if (!daemon_rules_shared(d))
		start_opener(d);
}

static struct worker *worker_of(const struct daemon *d, uint32_t queue)
{
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (d->workers[i]->queue == queue)
			return d->workers[i];
	return NULL;
}

/* Not running yet: the sink has no port for it. NULL: no memory, no descriptor. */
static struct worker *new_worker(struct daemon *d, uint32_t queue)
{
	const struct options *o = d->options;
	struct worker *w = d->worker_count < QUEUES_MAX
				   ? aligned_alloc(AFXDP_CACHE_LINE, sizeof(*w))
				   : NULL;

	if (!w)
		return NULL;
	memset(w, 0, sizeof(*w));
	w->xsk.fd = w->post.bell = w->pace_fd = -1;
	if (afxdp_post_init(&w->post)) {
		free(w);
		return NULL;
	}
	w->queue = queue;
	w->depth_wanted = o->depth;
	w->batch = o->batch;
	w->budget = o->count ? &d->budget : NULL;
	w->daemon = &d->post;
	w->cpu = o->cpu_count ? o->cpus[d->worker_count % o->cpu_count] : -1;
	d->workers[d->worker_count++] = w;
	return w;
}

static void take_lanes(struct worker *w, struct afxdp_xsk *xsk, const struct options *o)
{
	w->lanes = o->named_count;
	for (uint32_t i = 0; i < w->lanes; i++) {
		struct lane *lane = &w->lane[i];

		lane->xsk = xsk[i];
		xsk[i].fd = -1;
		lane->share = w->xsk.config.frames / options_part(o, true);
		lane->arrived = 0;
	}
}

static int take_sockets(struct daemon *d, struct opening *o)
{
	for (uint32_t i = 0; i < o->count; i++) {
		struct worker *w = worker_of(d, o->queue[i]) ?: new_worker(d, o->queue[i]);

		if (!w)
			return -ENOMEM;
		w->xsk = o->xsk[i];
		o->xsk[i].fd = -1;
		take_lanes(w, &o->lane[i * o->options->named_count], o->options);
	}
	return 0;
}

/* Counters, limits and changed sets of the rules go on in the new program. */
static void take_program(struct daemon *d, struct opening *o)
{
	struct afxdp_rules *rules = o->prog.config.rules;

	if (!o->loaded)
		return;
	d->prog = o->prog;
	d->base = o->base;
	o->base = NULL;
	o->loaded = false;
	d->prog_loaded = true;
	d->odd_counted = d->prog.needs & AFXDP_NEED_ODDITIES;
	d->prog_number++;
	if (rules) {
		/* Rules that were not loaded yet have no limits to go on from. */
		(void)afxdp_rules_go_on(rules, d->rules);
		(void)afxdp_rules_inherit(rules, d->rules);
		afxdp_rules_free(d->rules);
		d->rules = rules;
	}
	if (d->prog.adopted)
		daemon_note("%s: adopted program %s (id %u) that was attached already", o->nic.name,
			    d->prog.found.name, d->prog.found.prog_id);
}

/* The counters of another device begin anew; those of one that has only been away do not. */
static void take_device(struct daemon *d, const struct opening *o)
{
	struct port *p = &d->port;
	const struct afxdp_nic_stats *now = &o->nic.stats;

	if (!p->opened.ifindex) {
		d->nic_start = *now;
	} else if (p->opened.ifindex != o->nic.ifindex || now->packets < d->nic_last.packets) {
		afxdp_nic_stats_add(&p->past, &d->nic_last, &d->nic_start);
		memset(&d->nic_start, 0, sizeof(d->nic_start));
		d->polls_nothing = false;
	}
	d->nic_last = *now;
	if (p->opened.ifindex != o->nic.ifindex)
		clerk_serves(d->clerk, o->nic.ifindex, o->nic.name);
	d->nic = p->opened = o->nic;
	if (o->put_back)
		daemon_note("%s: put back the NAPI settings that a killed afxdpd had left changed",
			    d->nic.name);
}

/* ---- sinks ---- */

bool port_attaching(const struct life *l)
{
	return l && (life_out(l, SINK_ATTACH) || life_out(l, SINK_REATTACH));
}

/* A sink that has ports, or is to have some: new workers need one, old ones have other sockets. */
static void attach_sink(struct daemon *d, struct life *l)
{
	bool had = l->attached;

	if (strcmp(l->ifname, d->nic.name) && !life_busy(l))
		memcpy(l->ifname, d->nic.name, sizeof(l->ifname));
	if (l->attached < d->worker_count)
		daemon_sink_attach(d, l);
	if (had && l->ops->reattach)
		life_send(l, SINK_REATTACH);
	l->detached = false;
}

static void attach_sinks(struct daemon *d)
{
	d->port.step = PORT_STEP_SINKS;
	attach_sink(d, d->sink);
	/* One that is about to take its place. */
	if (d->next_sink && d->next_sink->attached)
		attach_sink(d, d->next_sink);
	for (uint32_t i = 0; i < d->named_count; i++)
		attach_sink(d, d->named[i].life);
}

static bool sinks_attached(const struct daemon *d)
{
	return !port_attaching(d->sink) && !port_attaching(d->next_sink) &&
	       !daemon_named_out(d, SINK_ATTACH, 0) && !daemon_named_out(d, SINK_REATTACH, 0);
}

/* Whether one could not be attached: p->why. */
static bool sinks_failed(struct daemon *d)
{
	bool failed = daemon_sink_failed(d, d->sink);

	for (uint32_t i = 0; i < d->named_count && !failed; i++)
		failed = daemon_sink_failed(d, d->named[i].life);
	return failed;
}

/* ---- workers ---- */

static int start_worker(struct daemon *d, uint32_t i)
{
	struct worker *w = d->workers[i];
	const struct life *l = d->installing ? d->next_sink : d->sink;
	int err;

	if (w->running)
		return 0;
	if (!l->port[i]) {
		port_say(d, "sink '%s' has no room for queue %u", l->spec, w->queue);
		return EXIT_RUNTIME;
	}
	w->port = l->port[i];
	w->ops = l->ops;
	for (uint32_t k = 0; k < w->lanes; k++) {
		const struct life *named = d->named[k].life;

		if (!named->port[i]) {
			port_say(d, "sink %s '%s' has no room for queue %u", d->named[k].name,
				 named->spec, w->queue);
			return EXIT_RUNTIME;
		}
		w->lane[k].port = named->port[i];
		w->lane[k].ops = named->ops;
	}
	w->stamp = d->needs.stamp;
	w->sparse = d->needs.sparse;
	w->mode = d->mode;
	err = worker_start(w);
	if (err == -EINVAL && w->cpu >= 0) {
		port_say(d,
			 "--cpus: queue %u cannot be served on CPU %d: there is no such CPU, or we "
			 "may not use it ('nproc' counts those)",
			 w->queue, w->cpu);
		return EXIT_USAGE;
	}
	if (err)
		port_say(d, "cannot start the worker of queue %u: %s", w->queue, strerror(-err));
	return err ? EXIT_RUNTIME : 0;
}

/* A descriptor of its own: it may outlive the program. Without it frames are stamped all the same. */
static void give_pace(const struct daemon *d, struct worker *w)
{
	if (w->pace_fd >= 0)
		close(w->pace_fd);
	w->pace_fd = d->prog.pace_fd < 0 ? -1 : fcntl(d->prog.pace_fd, F_DUPFD_CLOEXEC, 3);
}

static void start_workers(struct daemon *d)
{
	int status = 0;

	d->port.step = PORT_STEP_WORKERS;
	for (uint32_t i = 0; i < d->worker_count && !status; i++)
		status = start_worker(d, i);
	if (status) {
		give_up(d, status);
		return;
	}
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (d->workers[i]->xsk.fd >= 0) {
			give_pace(d, d->workers[i]);
			daemon_order_one(d, d->workers[i], WORKER_GO);
		}
}

/* ---- the last step ---- */

static int claim(struct daemon *d)
{
	int err = 0;

	for (uint32_t i = 0; i < d->worker_count && !err; i++) {
		const struct worker *w = d->workers[i];

		if (w->xsk.fd < 0)
			continue;
		err = afxdp_prog_claim(&d->prog, w->queue, w->xsk.fd);
		for (uint32_t k = 0; k < w->lanes && !err; k++)
			err = afxdp_prog_claim_route(&d->prog, w->queue, k + 1, w->lane[k].xsk.fd);
	}
	return err;
}

static int went(const struct daemon *d)
{
	int err = 0;

	for (uint32_t i = 0; i < d->worker_count && !err; i++)
		err = d->workers[i]->order[WORKER_GO].result;
	return err;
}

/* A program that is attached changes what some devices offer: only what changes after that counts. */
static void attached_features(struct daemon *d)
{
	struct afxdp_nic now;

	if (afxdp_nic_get(d->nic.ifindex, &now))
		return;
	d->port.opened.xdp_features = now.xdp_features;
	d->port.opened.rx_metadata = now.rx_metadata;
}

static void all_in_place(struct daemon *d)
{
	int err = went(d);

	if (err) {
		port_say(d,
			 "-m busy: this kernel cannot prefer busy polling (%s): use -m spin or -m "
			 "adaptive",
			 strerror(-err));
		give_up(d, EXIT_CANNOT);
		return;
	}
	err = claim(d);
	if (err) {
		port_say(d, "%s: cannot claim its queues: %s", d->nic.name, strerror(-err));
		give_up(d, EXIT_RUNTIME);
		return;
	}
	attached_features(d);
	d->port.ousted = false;
	d->port.retry_ns = 0;
	d->port.life++;
	daemon_ready(d);
	port_enter(d, PORT_RUNNING);
}

/* ---- the opener is back ---- */

static void opened(struct daemon *d)
{
	struct port *p = &d->port;
	struct opening *o = p->job;
	int err = 0;

	p->job = NULL;
	if (o->result == OPENING_DONE && !d->stop) {
		take_device(d, o);
		take_program(d, o);
		memcpy(d->native, o->native, sizeof(d->native));
		err = take_sockets(d, o);
	}
	p->status = o->status;
	if (o->result != OPENING_DONE)
		port_say(d, "%s", o->why);
	else if (err)
		port_say(d, "%s: out of memory", d->nic.name);
	if (d->stop) {
		/* Nothing begins any more. */
	} else if (err) {
		give_up(d, EXIT_RUNTIME);
	} else if (o->result == OPENING_DONE) {
		attach_sinks(d);
	} else if (o->result == OPENING_NO_DEVICE) {
		port_retry(d);
		port_next(d);
	} else {
		p->failed = o->nic;
		fail(d, o->result == OPENING_BLOCKED ? PORT_BLOCKED : PORT_FAILED);
	}
	opening_free(o);
	daemon_rules_resume(d);
}

void port_opening(struct daemon *d, enum port_event event)
{
	struct port *p = &d->port;

	if (p->step == PORT_STEP_RULES && !daemon_rules_shared(d) && !d->stop)
		start_opener(d);
	else if (p->step == PORT_STEP_OPENER && event == PORT_OPENED)
		opened(d);
	if (p->state != PORT_OPENING || d->stop)
		return;
	if (p->step == PORT_STEP_SINKS && sinks_attached(d)) {
		if (!sinks_failed(d))
			start_workers(d);
		else
			give_up(d, p->status);
	}
	if (p->state == PORT_OPENING && p->step == PORT_STEP_WORKERS &&
	    !daemon_ordered(d, WORKER_GO))
		all_in_place(d);
}
