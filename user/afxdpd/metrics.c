/* SPDX-License-Identifier: GPL-2.0-only */
#include "metrics.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "daemon.h"

/* A label's value as the text format wants it. An interface's name may hold anything but a slash
 * and blanks. */
static void label(char *to, size_t size, const char *from)
{
	size_t n = 0;

	for (; *from && n + 6 < size; from++) {
		if (*from == '"' || *from == '\\')
			to[n++] = '\\';
		if ((unsigned char)*from < ' ' || (unsigned char)*from > '~')
			n += snprintf(to + n, size - n, "\\\\x%02x", (unsigned char)*from);
		else
			to[n++] = *from;
	}
	to[n] = '\0';
}

static void print_family(FILE *f, const char *name, const char *type, const char *help)
{
	fprintf(f, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_ledger(FILE *f, const char *ifname, const struct picture *p)
{
	print_family(f, "afxdp_ledger_total", "counter",
		     "Frames by where they went; received and captured are sums of others.");
	for (const struct afxdp_account_field *field = afxdp_account_fields; field->name; field++)
		if (strcmp(field->name, "unexplained"))
			fprintf(f,
				"afxdp_ledger_total{interface=\"%s\",reason=\"%s\"} %" PRIu64 "\n",
				ifname, field->name, afxdp_account_value(&p->total, field));
	print_family(f, "afxdp_unexplained_frames", "gauge",
		     "Frames the ledger cannot account for now; 0 once traffic has stopped.");
	fprintf(f, "afxdp_unexplained_frames{interface=\"%s\"} %" PRIu64 "\n", ifname,
		p->total.unexplained);
}

static void print_copies(FILE *f, const char *ifname, const struct daemon *d)
{
	struct tee_account a;

	tee_sum(d, &a);
	print_family(f, "afxdp_copies_total", "counter",
		     "Frames copied beside their verdict; copied = observed + lost + pending.");
	fprintf(f,
		"afxdp_copies_total{interface=\"%s\",reason=\"copied\"} %" PRIu64 "\n"
		"afxdp_copies_total{interface=\"%s\",reason=\"observed\"} %" PRIu64 "\n"
		"afxdp_copies_total{interface=\"%s\",reason=\"copy_lost\"} %" PRIu64 "\n",
		ifname, a.copied, ifname, a.observed, ifname, a.lost);
	print_family(f, "afxdp_copies_pending", "gauge", "Copies that wait to be read.");
	fprintf(f, "afxdp_copies_pending{interface=\"%s\"} %" PRIu64 "\n", ifname, a.pending);
}

static void print_nic(FILE *f, const char *ifname, const struct afxdp_nic_stats *s)
{
	print_family(f, "afxdp_nic_total", "counter", "What the device and its driver counted.");
	fprintf(f,
		"afxdp_nic_total{interface=\"%s\",counter=\"packets\"} %" PRIu64 "\n"
		"afxdp_nic_total{interface=\"%s\",counter=\"missed\"} %" PRIu64 "\n"
		"afxdp_nic_total{interface=\"%s\",counter=\"no_buffer\"} %" PRIu64 "\n"
		"afxdp_nic_total{interface=\"%s\",counter=\"dropped\"} %" PRIu64 "\n"
		"afxdp_nic_total{interface=\"%s\",counter=\"errors\"} %" PRIu64 "\n",
		ifname, s->packets, ifname, s->missed, ifname, s->no_buffer, ifname, s->dropped,
		ifname, s->errors);
}

static void print_queues(FILE *f, const char *ifname, const struct daemon *d)
{
	static const struct {
		const char *name, *type, *help;
		size_t offset;
	} rows[] = {
#define ROW(field, name, help) \
	{ "afxdp_queue_" name "_total", "counter", help, offsetof(struct worker_snapshot, field) }
		ROW(count.frames, "frames", "Frames consumed."),
		ROW(count.bytes, "bytes", "Bytes consumed."),
		ROW(count.batches, "batches", "Batches taken from the RX ring."),
		ROW(count.wakeups, "wakeups", "Returns from poll()."),
		ROW(count.busy_polls, "busy_polls", "System calls that drove NAPI."),
		ROW(count.mode_switches, "mode_switches", "Changes between sleeping and polling."),
		ROW(depth_changes, "depth_changes", "Trials that chose another depth."),
#undef ROW
	};

	for (size_t r = 0; r < sizeof(rows) / sizeof(*rows); r++) {
		print_family(f, rows[r].name, rows[r].type, rows[r].help);
		for (uint32_t i = 0; i < d->worker_count; i++)
			fprintf(f, "%s{interface=\"%s\",queue=\"%u\"} %" PRIu64 "\n", rows[r].name,
				ifname, d->workers[i]->queue,
				*(const uint64_t *)((const char *)&d->workers[i]->seen +
						    rows[r].offset));
	}
	print_family(f, "afxdp_worker_stuck", "gauge",
		     "1: the worker has not answered the last look; its other values are old.");
	for (uint32_t i = 0; i < d->worker_count; i++)
		fprintf(f, "afxdp_worker_stuck{interface=\"%s\",queue=\"%u\"} %d\n", ifname,
			d->workers[i]->queue, d->workers[i]->order[WORKER_SNAPSHOT].out);
	print_family(f, "afxdp_queue_depth", "gauge", "Frames in circulation.");
	for (uint32_t i = 0; i < d->worker_count; i++)
		fprintf(f, "afxdp_queue_depth{interface=\"%s\",queue=\"%u\"} %u\n", ifname,
			d->workers[i]->queue, d->workers[i]->seen.depth);
	print_family(f, "afxdp_ring_fill", "gauge", "Entries in a ring now.");
	for (uint32_t i = 0; i < d->worker_count; i++) {
		const struct worker *w = d->workers[i];

		fprintf(f,
			"afxdp_ring_fill{interface=\"%s\",queue=\"%u\",ring=\"rx\"} %u\n"
			"afxdp_ring_fill{interface=\"%s\",queue=\"%u\",ring=\"fill\"} %u\n",
			ifname, w->queue, w->seen.rx_level, ifname, w->queue, w->seen.fill_level);
	}
}

static void print_port(FILE *f, const char *ifname, const struct daemon *d)
{
	print_family(f, "afxdp_port_running", "gauge",
		     "1: the interface is there and served; 0: see afxdpctl status.");
	fprintf(f, "afxdp_port_running{interface=\"%s\"} %d\n", ifname,
		d->port.state == PORT_RUNNING);
	print_family(f, "afxdp_port_lives_total", "counter", "Times the interface was opened.");
	fprintf(f, "afxdp_port_lives_total{interface=\"%s\"} %u\n", ifname, d->port.life);
	print_family(f, "afxdp_outages_total", "counter", "Times in which no frame was taken.");
	fprintf(f, "afxdp_outages_total{interface=\"%s\"} %u\n", ifname, d->port.outages);
	print_family(f, "afxdp_outage_seconds_total", "counter", "How long these were together.");
	fprintf(f, "afxdp_outage_seconds_total{interface=\"%s\"} %.3f\n", ifname,
		outage_seconds(d));
}

static void print_sink(FILE *f, const char *ifname, const char *name, const struct life *l,
		       const char *over)
{
	fprintf(f, "afxdp_sink_ready{interface=\"%s\",sink=\"%s\",kind=\"%s\"} %d\n", ifname, name,
		l->ops->name, !over);
}

static void print_sinks(FILE *f, const char *ifname, const struct daemon *d)
{
	print_family(f, "afxdp_sink_ready", "gauge",
		     "1: the sink takes frames; 0: it never will again.");
	print_sink(f, ifname, "default", d->sink, d->sink_over);
	for (uint32_t i = 0; i < d->named_count; i++)
		print_sink(f, ifname, d->named[i].name, d->named[i].life, d->named[i].over);
}

/* Buckets end at powers of two, where the histogram is exact: 256 ns to 8.6 s. */
static void print_latency(FILE *f, const char *ifname, const struct afxdp_hist *h)
{
	print_family(f, "afxdp_latency_seconds", "histogram",
		     "From the XDP program to the consumer, of the stamped frames.");
	for (int bits = 8; bits <= 33; bits++) {
		uint64_t longest = (1ULL << bits) - 1;

		fprintf(f,
			"afxdp_latency_seconds_bucket{interface=\"%s\",le=\"%.9g\"} %" PRIu64 "\n",
			ifname, longest / 1e9, afxdp_hist_at_most(h, longest));
	}
	fprintf(f,
		"afxdp_latency_seconds_bucket{interface=\"%s\",le=\"+Inf\"} %" PRIu64 "\n"
		"afxdp_latency_seconds_sum{interface=\"%s\"} %.9f\n"
		"afxdp_latency_seconds_count{interface=\"%s\"} %" PRIu64 "\n",
		ifname, afxdp_hist_count(h), ifname, afxdp_hist_get(&h->sum) / 1e9, ifname,
		afxdp_hist_count(h));
}

char *metrics_page(struct daemon *d, size_t *size)
{
	char ifname[96];
	struct picture p;
	char *page = NULL;
	FILE *f;

	if (daemon_look(d, &p))
		return NULL;
	label(ifname, sizeof(ifname), d->nic.name);
	f = open_memstream(&page, size);
	if (f) {
		print_ledger(f, ifname, &p);
		print_copies(f, ifname, d);
		print_nic(f, ifname, &p.nic);
		print_port(f, ifname, d);
		print_sinks(f, ifname, d);
		print_queues(f, ifname, d);
		print_latency(f, ifname, &p.latency);
		if (fclose(f)) {
			free(page);
			page = NULL;
		}
	}
	picture_free(&p);
	return page;
}
