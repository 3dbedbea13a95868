/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * end.c - how a life of the interface ends: claims are withdrawn (frames go to the stack again), a
 * grace period passes, workers empty their rings and rest, sinks let go, and only then is a socket
 * closed. What was counted goes on being counted.
 */
#include <stdlib.h>
#include <string.h>
#include "daemon.h"
#include "port_parts.h"

void port_detach(struct daemon *d)
{
	if (d->prog_loaded)
		afxdp_prog_detach(&d->prog);
}

void port_rest(struct daemon *d)
{
	bool any = false;

	for (uint32_t i = 0; i < d->worker_count; i++) {
		struct worker *w = d->workers[i];

		if (w->xsk.fd < 0)
			continue;
		any = true;
		if (d->prog_loaded)
			afxdp_prog_unclaim(&d->prog, w->queue);
	}
	if (any)
		afxdp_quiesce();
	for (uint32_t i = 0; i < d->worker_count; i++)
		if (d->workers[i]->xsk.fd >= 0)
			daemon_order_one(d, d->workers[i], WORKER_REST);
}

static bool must_let_go(const struct life *l)
{
	return l && l->ops->detach && l->attached && !l->finished && !l->closed && !l->detached;
}

/* Of 3 + d->named_count; NULL: there is none now. */
static struct life *life_at(const struct daemon *d, uint32_t i)
{
	struct life *const lives[] = { d->sink, d->next_sink, d->old_sink };

	return i < 3 ? lives[i] : d->named[i - 3].life;
}

bool port_sinks_let_go(struct daemon *d)
{
	bool all = true;

	for (uint32_t i = 0; i < 3 + d->named_count; i++) {
		struct life *l = life_at(d, i);

		/* It may be attaching to sockets that are about to go. */
		all &= !port_attaching(l) && (!l || !life_out(l, SINK_DETACH));
		if (!must_let_go(l))
			continue;
		all = false;
		if (!life_busy(l))
			life_send(l, SINK_DETACH);
	}
	return all;
}

const struct life *port_late_sink(const struct daemon *d)
{
	for (uint32_t i = 0; i < 3 + d->named_count; i++) {
		const struct life *l = life_at(d, i);

		if (must_let_go(l) || port_attaching(l))
			return l;
	}
	return NULL;
}

/* What it has counted goes on being counted. */
static int keep_counters(struct daemon *d)
{
	struct afxdp_ledger *past = d->past;
	uint32_t n = d->prog.queues;

	if (n > d->past_queues) {
		past = realloc(past, n * sizeof(*past));
		if (!past)
			return -ENOMEM;
		memset(past + d->past_queues, 0, (n - d->past_queues) * sizeof(*past));
		d->past = past;
		d->past_queues = n;
	}
	for (uint32_t queue = 0; queue < n; queue++) {
		struct afxdp_ledger l;

		if (!daemon_ledger_since(d, queue, &l))
			daemon_ledger_add(&past[queue], &l);
	}
	return 0;
}

void port_lose_program(struct daemon *d)
{
	if (!d->prog_loaded)
		return;
	afxdp_prog_detach(&d->prog);
	if (keep_counters(d))
		daemon_note("%s: out of memory: the counters of this life are lost", d->nic.name);
	afxdp_prog_close(&d->prog);
	free(d->base);
	d->base = NULL;
	d->prog_loaded = false;
	d->prog_number++;
}

/*
 * The program goes on redirecting to a socket until it is told that it is dead, and the kernel
 * drops what comes there without counting it anywhere. Nothing is captured any more, and nothing is
 * on its way: what was captured and has arrived nowhere went there.
 */
static void count_lost(struct daemon *d, struct worker *w)
{
	struct afxdp_ledger l = { 0 };
	uint64_t found = w->past.ring_full + w->past.fill_empty + w->past.kernel_dropped +
			 w->seen.count.frames;

	if (d->prog_loaded && w->queue < d->prog.queues && daemon_ledger_since(d, w->queue, &l))
		return;
	if (w->queue < d->past_queues)
		daemon_ledger_add(&l, &d->past[w->queue]);
	if (l.captured > found)
		w->past.kernel_dropped += l.captured - found;
	for (uint32_t i = 0; i < w->lanes; i++) {
		struct afxdp_account *past = &w->lane[i].past;

		found = past->ring_full + past->fill_empty + past->kernel_dropped +
			w->seen.lane[i].frames;
		if (l.routed[i] > found)
			past->kernel_dropped += l.routed[i] - found;
	}
}

void port_close(struct daemon *d)
{
	for (uint32_t i = 0; i < d->worker_count && d->port.died; i++)
		if (d->workers[i]->xsk.fd >= 0)
			count_lost(d, d->workers[i]);
	d->port.died = false;
	for (uint32_t i = 0; i < d->worker_count; i++)
		worker_close_sockets(d->workers[i]);
	keeper_knobs_back(&d->keeper, d->port.opened.ifindex);
	port_next(d);
}

bool port_idle(const struct daemon *d)
{
	return !d->port.job;
}
