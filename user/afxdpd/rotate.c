/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * rotate.c - captures begin another file, because a client or SIGHUP asks for it. Each sink does it
 * in its own thread, when it is back from what it does; the answer comes when the last has.
 */
#include <stdio.h>
#include <string.h>
#include "ask.h"
#include "daemon.h"

static const char *name_of(const struct daemon *d, uint32_t i)
{
	return i ? d->named[i - 1].name : "default";
}

static struct life *life_of(const struct daemon *d, uint32_t i)
{
	return i ? d->named[i - 1].life : d->sink;
}

static bool can(const struct life *l)
{
	return l && l->ops->rotate && l->opened && !l->finished && !l->closed;
}

/* Return: how many are asked. */
static uint32_t mark(struct daemon *d, const char *name)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i <= d->named_count; i++) {
		struct life *l = life_of(d, i);

		if (!can(l) || (name && strcmp(name, name_of(d, i))))
			continue;
		l->rotates = true;
		n++;
	}
	return n;
}

void daemon_rotate(struct daemon *d, const char *name, struct ask *ask)
{
	if (d->rotate_change.begun_ns) {
		if (ask)
			daemon_refuse(d, ask, "sink rotate: another one is under way");
		return;
	}
	if (!mark(d, name)) {
		if (ask && name)
			daemon_refuse(d, ask, "sink rotate %s: no sink of that name has files",
				      name);
		else if (ask)
			daemon_refuse(d, ask, "sink rotate: no sink has files");
		return;
	}
	d->rotate_why[0] = '\0';
	daemon_change_begins(d, &d->rotate_change, "sink rotate", name ?: "", ask);
	daemon_rotate_step(d);
}

static json_t *done(void)
{
	return json_pack("{s:b}", "ok", 1);
}

/* Return: whether one is still at it. */
static bool send_due(struct daemon *d)
{
	bool any = false;

	for (uint32_t i = 0; i <= d->named_count; i++) {
		struct life *l = life_of(d, i);

		if (!l)
			continue;
		l->rotates &= can(l);
		if (l->rotates && !life_busy(l)) {
			l->rotates = false;
			life_send(l, SINK_ROTATE);
		}
		any |= l->rotates || life_out(l, SINK_ROTATE);
	}
	return any;
}

void daemon_rotate_step(struct daemon *d)
{
	bool failed;

	if (!d->rotate_change.begun_ns)
		return;
	if (send_due(d)) {
		daemon_change_tick(d, &d->rotate_change, "waiting for a sink that is writing");
		return;
	}
	failed = d->rotate_why[0];
	if (failed)
		daemon_failed(d, 0, "sink rotate: %s", d->rotate_why);
	daemon_change_ends(d, &d->rotate_change, !failed, failed ? daemon_refusal(d->why) : done());
}

void daemon_rotate_back(struct daemon *d, const struct life_order *o)
{
	if (o->msg.type == SINK_ROTATE && o->err && !d->rotate_why[0])
		snprintf(d->rotate_why, sizeof(d->rotate_why), "%s", o->life->why);
	daemon_rotate_step(d);
}
