/* SPDX-License-Identifier: GPL-2.0-only */
/* named.c - the sinks that have a name: opened before the first frame, finished and closed with the
 * daemon. The one without a name, which can be exchanged while frames flow, is change.c's. */
#include <errno.h>
#include <string.h>
#include "daemon.h"
#include "text.h"

static bool all_back(const struct daemon *d)
{
	for (uint32_t i = 0; i < d->named_count; i++)
		if (life_busy(d->named[i].life))
			return false;
	return true;
}

int daemon_open_named(struct daemon *d)
{
	const struct options *o = d->options;
	int err = 0;

	while (d->named_count < o->named_count && !err) {
		struct named *n = &d->named[d->named_count];

		n->name = o->named[d->named_count].name;
		err = daemon_sink_start(d, o->named[d->named_count].spec, true, &n->life);
		d->named_count += !err;
	}
	if (err)
		return err;
	d->stage = "the sinks are opening";
	if (!daemon_wait(d, all_back))
		return 0;
	for (uint32_t i = 0; i < d->named_count && !err; i++) {
		const struct life *l = d->named[i].life;

		err = l->order[0].err;
		if (err)
			return daemon_failed(d, err == -ENOMEM ? EXIT_RUNTIME : EXIT_USAGE,
					     "%s: %s", d->named[i].name, l->why);
	}
	return 0;
}

struct named *daemon_named(struct daemon *d, const struct life *l)
{
	for (uint32_t i = 0; i < d->named_count; i++)
		if (d->named[i].life == l)
			return &d->named[i];
	return NULL;
}

void daemon_watch_named(struct daemon *d)
{
	for (uint32_t i = 0; i < d->named_count; i++) {
		struct named *n = &d->named[i];
		const struct sink_ops *ops = n->life->ops;
		const char *over = ops->over ? ops->over(n->life->sink) : NULL;

		if (over && !n->over)
			daemon_warn("sink %s '%s': %s: frames for it are lost from now on", n->name,
				    n->life->spec, over);
		n->over = over;
	}
}

static bool known(const struct options *o, const char *name)
{
	for (uint32_t i = 0; i < o->named_count; i++)
		if (!strcmp(o->named[i].name, name))
			return true;
	return false;
}

/* Or there is no such sink. */
static bool takes_copies(const struct options *o, const char *name)
{
	const struct sink_ops *ops;
	const char *arg;
	char why[256];

	for (uint32_t i = 0; i < o->named_count; i++) {
		ops = strcmp(o->named[i].name, name)
			      ? NULL
			      : sink_find(o->named[i].spec, &arg, why, sizeof(why));
		if (ops && !ops->tee)
			return false;
	}
	return true;
}

int daemon_check_rules(const struct daemon *d, const struct afxdp_rules *rules, char *why,
		       size_t size)
{
	const char *name, *file = afxdp_rules_name(rules);
	uint32_t line;

	for (uint32_t i = 0; (name = afxdp_rules_consumer(rules, i, &line)); i++) {
		if (afxdp_rules_copy_snap(rules, i) && !takes_copies(d->options, name)) {
			snprintf(
				why, size,
				"%s:%u: sink '%s' takes no copies: 'copy to' wants one of pcap:FILE",
				file ?: "rules", line, name);
			return -EINVAL;
		}
		if (!known(d->options, name)) {
			snprintf(why, size,
				 "%s:%u: there is no sink '%s': name it with -s %s=SINK, or 'sink "
				 "%s SINK' in the configuration",
				 file ?: "rules", line, name, name, name);
			return -EINVAL;
		}
	}
	return 0;
}

static bool asked_for(const struct afxdp_rules *rules, const char *sink)
{
	const char *name;

	for (uint32_t i = 0; rules && (name = afxdp_rules_consumer(rules, i, NULL)); i++)
		if (!strcmp(name, sink))
			return true;
	return false;
}

/* It may be that other rules will. */
static void note_idle(const struct daemon *d)
{
	for (uint32_t i = 0; i < d->named_count; i++)
		if (!asked_for(d->rules, d->named[i].name))
			daemon_note("sink %s '%s': no rule sends it frames ('capture to %s ...')",
				    d->named[i].name, d->named[i].life->spec, d->named[i].name);
}

void daemon_begin_named(struct daemon *d)
{
	daemon_tell_rules(d);
	for (uint32_t i = 0; i < d->named_count; i++) {
		struct life *l = d->named[i].life;

		if (l->ops->begin)
			l->ops->begin(l->sink);
	}
	if (d->port.life == 1)
		note_idle(d);
}

bool daemon_named_out(const struct daemon *d, enum word what, uint64_t since)
{
	for (uint32_t i = 0; i < d->named_count; i++) {
		const struct life *l = d->named[i].life;

		if (life_out(l, what) && l->since >= since)
			return true;
	}
	return false;
}

void daemon_send_named(struct daemon *d, enum word what)
{
	for (uint32_t i = 0; i < d->named_count; i++) {
		struct life *l = d->named[i].life;

		if (l->opened && !l->finished && !life_busy(l))
			life_send(l, what);
	}
}

void daemon_leave_named(struct daemon *d)
{
	while (d->named_count) {
		struct life *l = d->named[--d->named_count].life;

		l->next = d->leaving;
		d->leaving = l;
		if (!life_busy(l))
			life_send(l, SINK_CLOSE);
	}
}

static const char *wants(const struct life *l)
{
	return l && l->ops->wants && l->attached && !life_busy(l) ? l->ops->wants(l->sink) : NULL;
}

const char *daemon_sinks_want(const struct daemon *d)
{
	const struct life *old = d->old_sink;
	const char *why = wants(d->sink);

	/* One that was replaced matters as long as frames of ours are with it. */
	if (!why && old && !old->finished && !old->detached && daemon_ordered(d, WORKER_LEAVE))
		why = wants(old);
	for (uint32_t i = 0; i < d->named_count && !why; i++)
		why = wants(d->named[i].life);
	return why;
}
