/* SPDX-License-Identifier: GPL-2.0-only */
/* picture.c - one moment's truth, put together from program, kernel, workers and sink. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "daemon.h"

static struct worker *worker_of(struct daemon *d, uint32_t queue, uint32_t *index)
{
	for (*index = 0; *index < d->worker_count; ++*index)
		if (d->workers[*index]->xsk.config.queue == queue)
			return d->workers[*index];
	return NULL;
}

/* What the program counted since we began: an adopted one has a past. */
static int ledger_since(struct daemon *d, uint32_t queue, struct afxdp_ledger *l)
{
	const uint64_t *base = (const uint64_t *)&d->base[queue];
	uint64_t *value = (uint64_t *)l;
	int err = afxdp_prog_ledger(&d->prog, queue, l);

	for (size_t i = 0; !err && i < sizeof(*l) / sizeof(*value); i++)
		value[i] -= base[i];
	return err;
}

static void add_ledger(struct afxdp_ledger *to, const struct afxdp_ledger *from)
{
	const uint64_t *f = (const uint64_t *)from;
	uint64_t *t = (uint64_t *)to;

	for (size_t i = 0; i < sizeof(*to) / sizeof(*t); i++)
		t[i] += f[i];
}

static int look_at_program(struct daemon *d, struct picture *p)
{
	for (uint32_t queue = 0; queue < d->prog.queues; queue++) {
		struct afxdp_ledger l;
		uint32_t i;
		int err = ledger_since(d, queue, &l);

		if (err)
			return err;
		add_ledger(&p->program, &l);
		if (worker_of(d, queue, &i))
			afxdp_account_add_program(&p->queue[i], &l);
	}
	afxdp_account_add_program(&p->total, &p->program);
	return 0;
}

static void look_at_workers(struct daemon *d, struct picture *p)
{
	for (uint32_t i = 0; i < d->worker_count; i++) {
		struct worker *w = d->workers[i];
		const struct worker_snapshot *s = &w->snapshot;
		struct afxdp_account *both[] = { &p->queue[i], &p->total };

		for (int k = 0; k < 2; k++) {
			afxdp_account_add_sink(both[k], s->count.frames, s->sink.delivered,
					       s->sink.dropped);
			afxdp_account_add_socket(both[k], &s->xsk, w->xsk.zerocopy);
		}
		afxdp_hist_merge(&p->latency, &s->latency);
	}
}

static void since_start(struct afxdp_nic_stats *now, const struct afxdp_nic_stats *start)
{
	now->packets -= start->packets;
	now->missed -= start->missed;
	now->no_buffer -= start->no_buffer;
	now->dropped -= start->dropped;
	now->errors -= start->errors;
}

int daemon_look(struct daemon *d, struct picture *p)
{
	int err;

	memset(p, 0, sizeof(*p));
	p->queue = calloc(d->worker_count, sizeof(*p->queue));
	if (!p->queue)
		return -ENOMEM;
	err = daemon_ask(d, WORKER_SNAPSHOT, NULL, NULL);
	if (err)
		goto free;
	look_at_workers(d, p);
	/* The program last: what it counted and nobody has taken yet is on its way. */
	err = look_at_program(d, p);
	if (err)
		goto free;
	if (!d->gone && !afxdp_nic_stats(d->nic.ifindex, &d->nic_last))
		since_start(&d->nic_last, &d->nic_start);
	p->nic = d->nic_last;
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
