/* SPDX-License-Identifier: GPL-2.0-only */
/* named.c - the sinks that have a name: opened before the first frame, finished and closed with the
 * daemon. The one without a name, which can be exchanged while frames flow, is change.c's. */
#include <errno.h>
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
		err = daemon_sink_start(d, o->named[d->named_count].spec, &n->life);
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

/* Nobody asks for them yet. */
static void note_idle(const struct daemon *d)
{
	for (uint32_t i = 0; i < d->named_count; i++)
		daemon_note("sink %s '%s': no rule sends it frames", d->named[i].name,
			    d->named[i].life->spec);
}

void daemon_begin_named(struct daemon *d)
{
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
