/* SPDX-License-Identifier: GPL-2.0-only */
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "table.h"
#include "text.h"

static const struct {
	const char *name;
	double q;
} quantiles[] = { { "p50", 0.5 }, { "p90", 0.9 }, { "p99", 0.99 }, { "p999", 0.999 } };

#define QUANTILES (sizeof(quantiles) / sizeof(*quantiles))

static json_t *account_json(const struct afxdp_account *a)
{
	json_t *o = json_object();

	for (const struct afxdp_account_field *f = afxdp_account_fields; f->name; f++)
		json_object_set_new(o, f->name, json_integer(afxdp_account_value(a, f)));
	return o;
}

/* [longest duration in ns, samples] a power of two that holds any. */
static json_t *histogram_json(const struct afxdp_hist *h)
{
	json_t *rows = json_array();
	uint64_t below = 0;

	for (int bits = 1; bits <= AFXDP_HIST_RANGE_BITS; bits++) {
		uint64_t longest = (1ULL << bits) - 1, now = afxdp_hist_at_most(h, longest);

		if (now > below)
			json_array_append_new(rows, json_pack("[I, I]", (json_int_t)longest,
							      (json_int_t)(now - below)));
		below = now;
	}
	return rows;
}

static json_t *latency_json(const struct afxdp_hist *h)
{
	json_t *o = json_object();

	for (size_t i = 0; i < QUANTILES; i++)
		json_object_set_new(o, quantiles[i].name,
				    json_integer(afxdp_hist_quantile(h, quantiles[i].q)));
	json_object_set_new(o, "max", json_integer(afxdp_hist_max(h)));
	json_object_set_new(o, "sum", json_integer((json_int_t)afxdp_hist_get(&h->sum)));
	json_object_set_new(o, "samples", json_integer(afxdp_hist_count(h)));
	json_object_set_new(o, "histogram", histogram_json(h));
	return o;
}

/* 0 would say that somebody has looked. */
static json_t *told(uint64_t n, bool counted)
{
	return counted ? json_integer((json_int_t)n) : json_null();
}

static json_t *oddities_json(const struct afxdp_ledger *l, bool counted)
{
	return json_pack("{s:I, s:I, s:o, s:o, s:o, s:o, s:o, s:o}", "no_meta",
			 (json_int_t)l->no_meta, "super_frames", (json_int_t)l->super_frames,
			 "short_l2", told(l->short_l2, counted), "bad_ipv4",
			 told(l->bad_ipv4, counted), "bad_ipv6", told(l->bad_ipv6, counted),
			 "bad_l4", told(l->bad_l4, counted), "ext_limit",
			 told(l->ext_limit, counted), "fragments", told(l->fragments, counted));
}

static json_t *xsk_json(const struct afxdp_xsk_stats *s)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "rx_dropped", (json_int_t)s->rx_dropped,
			 "rx_invalid_descs", (json_int_t)s->rx_invalid_descs, "tx_invalid_descs",
			 (json_int_t)s->tx_invalid_descs, "rx_ring_full",
			 (json_int_t)s->rx_ring_full, "rx_fill_ring_empty_descs",
			 (json_int_t)s->rx_fill_ring_empty_descs, "tx_ring_empty_descs",
			 (json_int_t)s->tx_ring_empty_descs);
}

static json_t *queue_json(const struct worker *w, const struct afxdp_account *a)
{
	const struct worker_snapshot *s = &w->seen;
	struct afxdp_xsk_stats xsk = s->xsk;
	const struct worker_order *late = &w->order[WORKER_SNAPSHOT];

	afxdp_xsk_stats_add(&xsk, &w->past_xsk);
	return json_pack(
		"{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:b, s:b, s:b, s:b, s:I, s:I, s:b, s:b, "
		"s:I, s:I, s:o, s:o, s:o}",
		"id", (json_int_t)w->queue, "frames", (json_int_t)s->count.frames, "bytes",
		(json_int_t)s->count.bytes, "batches", (json_int_t)s->count.batches, "wakeups",
		(json_int_t)s->count.wakeups, "busy_polls", (json_int_t)s->count.busy_polls,
		"mode_switches", (json_int_t)s->count.mode_switches, "polling", s->polling,
		"served", w->xsk.fd >= 0, "stale", late->out, "stuck",
		late->out && daemon_now() - late->sent_ns > STUCK_NS, "depth", (json_int_t)s->depth,
		"depth_changes", (json_int_t)s->depth_changes, "zerocopy", w->xsk.zerocopy,
		"multi_buffer", w->xsk.sg, "rx_ring_level", (json_int_t)s->rx_level,
		"fill_ring_level", (json_int_t)s->fill_level, "latency_ns",
		latency_json(&s->latency), "xdp_statistics", xsk_json(&xsk), "ledger",
		account_json(a));
}

/* What the sink said last: it may be that it says nothing now. */
static json_t *sink_json(const struct life *l)
{
	json_t *sink = l->last ? json_deep_copy(l->last) : json_object();

	json_object_set_new(sink, "stale", json_boolean(life_out(l, SINK_REPORT) || !l->last));
	if (!json_object_get(sink, "name"))
		json_object_set_new(sink, "name", json_string(l->ops->name));
	return sink;
}

static json_t *route_json(const char *name, const struct life *l, const char *over,
			  const struct afxdp_account *a)
{
	json_t *rows = account_json(a);
	bool of_route = false;

	/* What comes before a frame is captured no route has. */
	for (const struct afxdp_account_field *f = afxdp_account_fields; f->name; f++) {
		of_route |= !strcmp(f->name, "captured");
		if (!of_route)
			json_object_del(rows, f->name);
	}
	return json_pack("{s:s, s:o, s:b, s:o, s:o, s:o}", "name", name, "spec", json_text(l->spec),
			 "ready", !over, "over", json_text(over), "sink", sink_json(l), "ledger",
			 rows);
}

/* Each consumer, the one without a name first. */
static json_t *routes_json(const struct daemon *d, const struct picture *p)
{
	json_t *list = json_array();

	json_array_append_new(list, route_json("default", d->sink, d->sink_over, &p->route[0]));
	for (uint32_t i = 0; i < d->named_count; i++) {
		const struct named *n = &d->named[i];

		json_array_append_new(list,
				      route_json(n->name, n->life, n->over, &p->route[i + 1]));
	}
	return list;
}

static json_t *change_json(const struct daemon *d)
{
	const struct last_change *c = &d->last;

	if (!c->outcome)
		return json_null();
	return json_pack("{s:o, s:I, s:I, s:f, s:s, s:o}", "what", json_text(c->what), "uid",
			 (json_int_t)c->uid, "pid", (json_int_t)c->pid, "seconds_ago",
			 (daemon_now() - c->begun_ns) / 1e9, "outcome", c->outcome, "error",
			 json_text(c->why[0] ? c->why : NULL));
}

/* Of this process: when it began (seconds since 1970), and how long all of its threads have run. */
static void add_process(json_t *report, const struct daemon *d)
{
	struct timespec ran;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ran);
	json_object_set_new(report, "started", json_real(d->started));
	json_object_set_new(report, "cpu_s", json_real(ran.tv_sec + ran.tv_nsec / 1e9));
}

static json_t *ledger_json(const struct daemon *d, const struct picture *p)
{
	json_t *ledger = account_json(&p->total);
	uint64_t failed;
	bool known = daemon_tx_failed(d, p, &failed);

	json_object_set_new(ledger, "tx_failed", told(failed, known));
	return ledger;
}

json_t *report_json(struct daemon *d, const struct picture *p)
{
	json_t *report, *queues = json_array();

	for (uint32_t i = 0; i < d->worker_count; i++)
		json_array_append_new(queues, queue_json(d->workers[i], &p->queue[i]));
	report = json_pack(
		"{s:i, s:s, s:s, s:s, s:b, s:b, s:s, s:f, s:{s:I, s:I, s:I, s:I, s:I, s:I}, "
		"s:o, s:I, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:s, s:o, s:I, s:I, s:f, s:o, s:o}",
		"schema", 1, "version", AFXDP_VERSION, "interface", d->nic.name, "attach",
		!d->prog_loaded	  ? "none"
		: d->prog.generic ? "generic"
				  : "native",
		"zerocopy", daemon_zerocopy(d), "adopted", d->prog.adopted, "mode",
		mode_name(d->mode), "duration_s", p->seconds, "nic", "packets",
		(json_int_t)p->nic.packets, "missed", (json_int_t)p->nic.missed, "no_buffer",
		(json_int_t)p->nic.no_buffer, "dropped", (json_int_t)p->nic.dropped, "errors",
		(json_int_t)p->nic.errors, "tx_lost", (json_int_t)p->nic.tx_lost, "ledger",
		ledger_json(d, p), "bytes", (json_int_t)p->program.bytes, "oddities",
		oddities_json(&p->program, d->odd_counted), "latency_ns", latency_json(&p->latency),
		"queues", queues, "rules", daemon_rules(d), "sink", sink_json(d->sink), "routes",
		routes_json(d, p), "last_change", change_json(d), "state",
		port_state_name(d->port.state), "state_why",
		json_text(d->port.why[0] ? d->port.why : NULL), "life", (json_int_t)d->port.life,
		"outage_count", (json_int_t)d->port.outages, "outage_s", outage_seconds(d),
		"outages", outages_json(d), "tee", tee_json(d));
	if (report)
		add_process(report, d);
	return report;
}

char *report_line(const struct picture *before, const struct picture *now)
{
	double s = now->seconds - before->seconds;
	const struct afxdp_account *a = &before->total, *b = &now->total;
	uint64_t lost = b->ring_full + b->fill_empty + b->kernel_dropped + b->sink_dropped -
			(a->ring_full + a->fill_empty + a->kernel_dropped + a->sink_dropped);
	char r[32], c[32], p[32], dr[32], l[24], *line;
	int len;

	if (s <= 0)
		return NULL;
	len = asprintf(
		&line,
		"%7.1f s  received %s/s  captured %s/s  passed %s/s  dropped %s/s  lost %" PRIu64
		"  p99 %s\n",
		now->seconds, table_number((b->received - a->received) / s, r, sizeof(r)),
		table_number((b->captured - a->captured) / s, c, sizeof(c)),
		table_number((b->passed + b->unclaimed - a->passed - a->unclaimed) / s, p,
			     sizeof(p)),
		table_number((b->dropped + b->limited - a->dropped - a->limited) / s, dr,
			     sizeof(dr)),
		lost, table_duration(afxdp_hist_quantile(&now->latency, 0.99), l, sizeof(l)));
	return len < 0 ? NULL : line;
}
