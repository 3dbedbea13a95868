/* SPDX-License-Identifier: GPL-2.0-only */
/* picture.c - one moment's truth, put together from program, kernel, workers and sink. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "daemon.h"

static struct worker *worker_of(struct daemon *d, uint32_t queue, uint32_t *index)
{
	for (*index = 0; *index < d->worker_count; ++*index)
		if (d->workers[*index]->queue == queue)
			return d->workers[*index];
	return NULL;
}

int daemon_ledger_since(struct daemon *d, uint32_t queue, struct afxdp_ledger *l)
{
	const uint64_t *base = (const uint64_t *)&d->base[queue];
	uint64_t *value = (uint64_t *)l;
	int err = afxdp_prog_ledger(&d->prog, queue, l);

	for (size_t i = 0; !err && i < sizeof(*l) / sizeof(*value); i++)
		value[i] -= base[i];
	return err;
}

void daemon_ledger_add(struct afxdp_ledger *to, const struct afxdp_ledger *from)
{
	const uint64_t *f = (const uint64_t *)from;
	uint64_t *t = (uint64_t *)to;

	for (size_t i = 0; i < sizeof(*to) / sizeof(*t); i++)
		t[i] += f[i];
}

static void add_queue(struct daemon *d, struct picture *p, uint32_t queue,
		      const struct afxdp_ledger *l)
{
	uint32_t i;

	daemon_ledger_add(&p->program, l);
	if (worker_of(d, queue, &i))
		afxdp_account_add_program(&p->queue[i], l);
}

static int look_at_program(struct daemon *d, struct picture *p)
{
	for (uint32_t queue = 0; queue < d->past_queues; queue++)
		add_queue(d, p, queue, &d->past[queue]);
	for (uint32_t queue = 0; d->prog_loaded && queue < d->prog.queues; queue++) {
		struct afxdp_ledger l;
		int err = daemon_ledger_since(d, queue, &l);

		if (err)
			return err;
		add_queue(d, p, queue, &l);
	}
	afxdp_account_add_program(&p->total, &p->program);
	return 0;
}

/* What has been sent for this look, and is not back. Who did not answer the one before is not
 * waited for again. */
static bool looked(const struct daemon *d)
{
	for (uint32_t i = 0; i < d->worker_count; i++) {
		const struct worker_order *o = &d->workers[i]->order[WORKER_SNAPSHOT];

		if (o->out && o->sent_ns >= d->look_ns)
			return false;
	}
	return (!d->sink || !life_out(d->sink, SINK_REPORT) || d->sink->since < d->look_ns) &&
	       !daemon_named_out(d, SINK_REPORT, d->look_ns);
}

/* A worker answers within a batch, which is microseconds unless a plugin takes its time. */
#define LOOK_MS 250

static void ask_all(struct daemon *d)
{
	d->look_ns = daemon_now();
	daemon_order(d, WORKER_SNAPSHOT, NULL, NULL);
	if (d->sink && d->sink->opened && !life_busy(d->sink))
		life_send(d->sink, SINK_REPORT);
	daemon_send_named(d, SINK_REPORT);
	daemon_await(d, looked, LOOK_MS);
}

static void look_at_workers(struct daemon *d, struct picture *p)
{
	for (uint32_t i = 0; i < d->worker_count; i++) {
		struct worker *w = d->workers[i];
		const struct worker_snapshot *s = &w->seen;
		struct afxdp_account *both[] = { &p->queue[i], &p->total };

		if (d->forced && w->running) {
			struct sink_count now = worker_sink_count(w);

			now.dropped += w->seen.count.cut;
			w->seen.sink = now;
			for (uint32_t k = 0; k < w->lanes; k++)
				w->seen.lane[k].sink = worker_lane_count(&w->lane[k]);
			worker_look_at_sockets(w, &w->seen);
		}
		for (int k = 0; k < 2; k++) {
			afxdp_account_add_sink(both[k], s->count.frames, s->sink.delivered,
					       s->sink.dropped);
			afxdp_account_add_socket(both[k], &s->xsk, w->xsk.zerocopy);
			both[k]->ring_full += w->past.ring_full;
			both[k]->fill_empty += w->past.fill_empty;
			both[k]->kernel_dropped += w->past.kernel_dropped;
		}
		afxdp_hist_merge(&p->latency, &s->latency);
	}
}

/*
 * The end came with a worker or a sink that does not come back. What the kernel handed to a stuck
 * worker counts as consumed, for it alone could say more; what is consumed and neither delivered
 * nor dropped is held.
 */
static void look_at_held(struct daemon *d, struct picture *p)
{
	for (uint32_t i = 0; i < d->worker_count && d->forced; i++) {
		struct afxdp_account *q = &p->queue[i];
		uint64_t lost = q->ring_full + q->fill_empty + q->kernel_dropped;

		if (d->workers[i]->running && q->captured > lost + q->consumed) {
			p->total.consumed += q->captured - lost - q->consumed;
			q->consumed = q->captured - lost;
			d->workers[i]->seen.count.frames = q->consumed;
		}
		if (q->consumed > q->delivered + q->sink_dropped)
			q->held = q->consumed - q->delivered - q->sink_dropped;
		p->total.held += q->held;
	}
}

static void add_lane(struct afxdp_account *a, const struct worker *w, uint32_t lane)
{
	const struct lane_snapshot *s = &w->seen.lane[lane];
	const struct afxdp_account *past = &w->lane[lane].past;

	afxdp_account_add_sink(a, s->frames, s->sink.delivered, s->sink.dropped);
	worker_lane_losses(&w->seen, lane, w->xsk.zerocopy, a);
	a->ring_full += past->ring_full;
	a->fill_empty += past->fill_empty;
	a->kernel_dropped += past->kernel_dropped;
}

/* As look_at_held(), of the lanes of all workers together. */
static void hold_lanes(struct afxdp_account *a)
{
	uint64_t lost = a->ring_full + a->fill_empty + a->kernel_dropped;

	if (a->captured > lost + a->consumed)
		a->consumed = a->captured - lost;
	if (a->consumed > a->delivered + a->sink_dropped)
		a->held = a->consumed - a->delivered - a->sink_dropped;
}

/* What is no lane's is the worker's own ring's. */
static void take_off(struct afxdp_account *a, const struct afxdp_account *lane)
{
	uint64_t *to = (uint64_t *)a;
	const uint64_t *from = (const uint64_t *)lane;

	for (size_t i = 0; i < sizeof(*a) / sizeof(*to); i++)
		to[i] -= from[i];
}

static void look_at_routes(struct daemon *d, struct picture *p)
{
	p->route[0] = p->total;
	for (uint32_t k = 0; k < d->options->named_count; k++) {
		struct afxdp_account *a = &p->route[k + 1];

		a->captured = p->program.routed[k];
		for (uint32_t i = 0; i < d->worker_count; i++)
			add_lane(a, d->workers[i], k);
		if (d->forced)
			hold_lanes(a);
		take_off(&p->route[0], a);
	}
	for (uint32_t k = 0; k <= d->options->named_count; k++) {
		struct afxdp_account *a = &p->route[k];

		*a = (struct afxdp_account){
			.received = a->captured,
			.captured = a->captured,
			.ring_full = a->ring_full,
			.fill_empty = a->fill_empty,
			.kernel_dropped = a->kernel_dropped,
			.consumed = a->consumed,
			.sink_dropped = a->sink_dropped,
			.held = a->held,
			.delivered = a->delivered,
		};
		afxdp_account_balance(a);
	}
}

static void look_at_device(struct daemon *d, struct picture *p)
{
	/* Not of one that is not ours yet. */
	if (d->nic.ifindex && d->nic.ifindex == d->port.opened.ifindex)
		afxdp_nic_stats(d->nic.ifindex, &d->nic_last);
	p->nic = d->port.past;
	afxdp_nic_stats_add(&p->nic, &d->nic_last, &d->nic_start);
}

/* In generic mode nobody counts them; nor does every driver. The counters are the device's, and of
 * whoever's program was there before us since we began. */
bool daemon_tx_failed(const struct daemon *d, const struct picture *p, uint64_t *failed)
{
	*failed = p->nic.xdp_tx_lost < p->total.tx ? p->nic.xdp_tx_lost : p->total.tx;
	return !p->total.tx || (p->nic.xdp_tx_told && !d->prog.generic);
}

int daemon_look(struct daemon *d, struct picture *p)
{
	int err;

	memset(p, 0, sizeof(*p));
	/* There may be more workers when they have answered. */
	ask_all(d);
	p->queue = calloc(d->worker_count ?: 1, sizeof(*p->queue));
	if (!p->queue)
		return -ENOMEM;
	look_at_workers(d, p);
	/* The program last: what it counted and nobody has taken yet is on its way. */
	err = look_at_program(d, p);
	if (err)
		goto free;
	look_at_held(d, p);
	look_at_routes(d, p);
	look_at_device(d, p);
	for (uint32_t i = 0; i < d->worker_count; i++)
		afxdp_account_balance(&p->queue[i]);
	afxdp_account_balance(&p->total);
	p->seconds = ((d->end_ns ?: daemon_now()) - d->start_ns) / 1e9;
	return 0;
free:
	picture_free(p);
	return err;
}

void picture_free(struct picture *p)
{
	free(p->queue);
	p->queue = NULL;
}
