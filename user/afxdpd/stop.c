/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * stop.c - the end: frames go to the stack again, workers empty their rings, sinks finish. All of
 * it is bounded. A worker or a sink that does not come back keeps what it has: its frames are told
 * as held, and nothing that it could still touch is freed.
 */
#include <errno.h>
#include "daemon.h"

/* A worker comes to its mailbox within a batch; one that does not in this time sits in a plugin. */
#define WORKERS_MS 1000
/* A sink may write what it has for 800 ms, and then gives a pipe up. */
#define SINKS_MS   1200
#define CLOSE_MS   300

static bool workers_stopped(const struct daemon *d)
{
	return !daemon_ordered(d, WORKER_STOP);
}

static void stop_workers(struct daemon *d)
{
	daemon_order(d, WORKER_STOP, NULL, NULL);
	if (!daemon_await(d, workers_stopped, WORKERS_MS))
		d->forced = true;
	for (uint32_t i = 0; i < d->worker_count; i++) {
		struct worker *w = d->workers[i];

		if (!w->running || w->order[WORKER_STOP].out)
			continue;
		pthread_join(w->thread, NULL);
		w->running = false;
		/* Whatever it had not sent back is ours again. */
		for (int k = 0; k < WORKER_ORDERS; k++)
			w->order[k].out = false;
	}
}

static bool in_use(const struct life *l)
{
	return l && l->opened;
}

static bool sinks_finished(const struct daemon *d)
{
	return (!in_use(d->sink) || d->sink->finished) &&
	       (!in_use(d->old_sink) || d->old_sink->finished) &&
	       !daemon_named_out(d, SINK_FINISH, 0);
}

/* With a worker stuck in it, a sink cannot be told that no more frames come. */
static void finish_sinks(struct daemon *d)
{
	if (in_use(d->sink) && !d->forced && !d->sink->finished && !life_out(d->sink, SINK_FINISH))
		life_send(d->sink, SINK_FINISH);
	if (!d->forced)
		daemon_send_named(d, SINK_FINISH);
	if (d->forced || !daemon_await(d, sinks_finished, SINKS_MS))
		d->forced = true;
}

/* An attempt to open the interface ends when the kernel has answered it. */
#define OPENER_MS 3000

void daemon_stop(struct daemon *d)
{
	for (uint32_t i = 0; i < d->worker_count && d->prog_loaded; i++)
		afxdp_prog_unclaim(&d->prog, d->workers[i]->queue);
	if (d->worker_count)
		afxdp_quiesce();
	if (!daemon_await(d, port_idle, OPENER_MS))
		d->forced = true;
	stop_workers(d);
	/* A change of the sink that was on its way to workers has arrived with all that stopped. */
	daemon_sink_step(d);
	finish_sinks(d);
	for (uint32_t i = 0; i < d->worker_count; i++) {
		struct worker *w = d->workers[i];

		if (w->running || !w->port)
			continue;
		worker_look(w);
		w->seen = w->snapshot;
	}
}

static bool sinks_closed(const struct daemon *d)
{
	return !d->sink && !d->next_sink && !d->old_sink && !d->leaving;
}

void daemon_close_sinks(struct daemon *d)
{
	struct life **const each[] = { &d->sink, &d->next_sink, &d->old_sink };

	if (d->forced)
		return;
	daemon_leave_named(d);
	for (int i = 0; i < 3; i++) {
		struct life *l = *each[i];

		if (!l)
			continue;
		*each[i] = NULL;
		l->next = d->leaving;
		d->leaving = l;
		if (!life_busy(l))
			life_send(l, SINK_CLOSE);
	}
	if (!daemon_await(d, sinks_closed, CLOSE_MS))
		d->forced = true;
}
