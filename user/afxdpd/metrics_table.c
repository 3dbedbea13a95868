/* SPDX-License-Identifier: GPL-2.0-only */
/* metrics_table.c - every family of metrics: where it stands in the report, what it means. */
#include <string.h>
#include "metrics.h"

/* Every frame that the program saw is in one of these, once it is where it goes. */
#define PARTS                                                                              \
	"passed dropped limited aborted tx unclaimed ring_full fill_empty kernel_dropped " \
	"sink_dropped held delivered"
/* Of one queue: what its worker's socket was handed. */
#define SUMS "received captured consumed"

#define COUNTER(name, help, ...)                        \
	{                                               \
		name, METRIC_COUNTER, help, __VA_ARGS__ \
	}
#define GAUGE(name, help, ...)                        \
	{                                             \
		name, METRIC_GAUGE, help, __VA_ARGS__ \
	}
#define PLAIN(path) NULL, path, NULL, NULL
#define SINK(path)  "routes", path, NULL, NULL
#define QUEUE(path) "queues", path, NULL, NULL

const struct metric metrics_table[] = {
	COUNTER("ledger", "Frames by where they went; their sum is what the program received.",
		NULL, "ledger", "reason", PARTS),
	COUNTER("ledger_sum",
		"Frames on their way: received by the program, captured for AF_XDP, consumed by a "
		"worker. Each is part of the one before.",
		NULL, "ledger", "stage", SUMS),
	GAUGE("unexplained_frames",
	      "Frames that the ledger's sums do not account for. While frames flow some are on their "
	      "way; 0 once traffic has stopped.",
	      PLAIN("ledger.unexplained")),
	COUNTER("received_bytes", "Bytes that the program saw.", PLAIN("bytes")),
	COUNTER("nic_packets", "Frames that the device and its driver received.",
		PLAIN("nic.packets")),
	COUNTER("nic_missed", "Frames that the device had no room for.", PLAIN("nic.missed")),
	COUNTER("nic_no_buffer", "Times that the device found no free buffer.",
		PLAIN("nic.no_buffer")),
	COUNTER("nic_dropped", "Frames that the device's driver dropped.", PLAIN("nic.dropped")),
	COUNTER("nic_errors", "Frames that were damaged.", PLAIN("nic.errors")),
	COUNTER("nic_tx_lost", "Frames, whoever's they were, that the device did not send.",
		PLAIN("nic.tx_lost")),
	COUNTER("tx_failed",
		"Frames that rules sent back out and the device did not send; not there where nobody "
		"counts them.",
		PLAIN("ledger.tx_failed")),
	COUNTER("oddities", "Frames with something odd; one frame may be odd in several ways.",
		NULL, "oddities", "kind", NULL),
	COUNTER("copied_frames", "Frames copied beside their verdict, for dumps.",
		PLAIN("tee.copied")),
	COUNTER("copies", "What has become of these copies.", NULL, "tee", "outcome",
		"observed copy_lost"),
	GAUGE("copies_pending", "Copies that wait to be read.", PLAIN("tee.pending")),
	COUNTER("rule_frames",
		"Frames that a rule met; one that a rule copies or counts goes on, and other rules may meet it too.",
		"rules", "frames", NULL, NULL),
	COUNTER("rule_bytes", "Bytes of these.", "rules", "bytes", NULL, NULL),
	GAUGE("port_state", "What has become of the interface: 1 for the state it is in.", NULL,
	      "state", "state", "absent down opening running draining closing blocked failed"),
	COUNTER("port_lives", "Times that the interface was opened.", PLAIN("life")),
	COUNTER("outages", "Times in which no frame was taken.", PLAIN("outage_count")),
	COUNTER("outage_seconds", "How long these were together.", PLAIN("outage_s")),
	GAUGE("attached", "How the program is attached to the interface.", NULL, "attach", "how",
	      "none native generic"),
	GAUGE("zerocopy", "1: every socket is in zero-copy mode.", PLAIN("zerocopy")),
	GAUGE("mode", "How workers wait for frames.", NULL, "mode", "mode",
	      "interrupt busy spin adaptive"),
	GAUGE("last_change",
	      "1; the label says how the last change ended that somebody asked for: done, failed, or "
	      "it is under way.",
	      NULL, "last_change.outcome", "outcome", "under_way done failed"),
	GAUGE("last_change_age_seconds", "How long ago that was.",
	      PLAIN("last_change.seconds_ago")),
	COUNTER("queue_ledger", "Frames of one queue by where they went; as afxdp_ledger_total.",
		"queues", "ledger", "reason", PARTS),
	COUNTER("queue_frames", "Frames that a queue's worker consumed.", QUEUE("frames")),
	COUNTER("queue_bytes", "Bytes of these.", QUEUE("bytes")),
	COUNTER("queue_batches", "Batches that it took from its RX ring.", QUEUE("batches")),
	COUNTER("queue_wakeups", "Returns from poll(2).", QUEUE("wakeups")),
	COUNTER("queue_busy_polls", "System calls that drove NAPI.", QUEUE("busy_polls")),
	COUNTER("queue_mode_switches", "Changes between sleeping and polling.",
		QUEUE("mode_switches")),
	GAUGE("queue_polling", "1: the worker looks at its ring all the time now.",
	      QUEUE("polling")),
	GAUGE("queue_served", "1: the queue has a socket now.", QUEUE("served")),
	GAUGE("queue_depth", "Frames that circulate on a queue; see --depth.", QUEUE("depth")),
	COUNTER("queue_depth_changes", "Trials that chose another depth.", QUEUE("depth_changes")),
	GAUGE("queue_rx_ring_frames", "Entries in the RX ring now.", QUEUE("rx_ring_level")),
	GAUGE("queue_fill_ring_frames", "Entries in the fill ring now.", QUEUE("fill_ring_level")),
	GAUGE("worker_stale",
	      "1: the worker has not answered the last look; its figures are those of the one before.",
	      QUEUE("stale")),
	GAUGE("worker_stuck", "1: the worker has not answered for two seconds.", QUEUE("stuck")),
#define XDP(kernel)                                                              \
	COUNTER("queue_xdp_" kernel, "The kernel's XDP_STATISTICS: " kernel ".", \
		QUEUE("xdp_statistics." kernel))
	XDP("rx_dropped"),
	XDP("rx_invalid_descs"),
	XDP("tx_invalid_descs"),
	XDP("rx_ring_full"),
	XDP("rx_fill_ring_empty_descs"),
	XDP("tx_ring_empty_descs"),
#undef XDP
	GAUGE("sink_ready", "1: the sink takes frames; 0: it never will again.", SINK("ready")),
	GAUGE("sink_info", "1; the label says what kind of sink it is.", "routes", "sink.name",
	      "kind", NULL),
	COUNTER("sink_frames", "Frames that rules sent to the sink, by where they went.", "routes",
		"ledger", "reason",
		"ring_full fill_empty kernel_dropped sink_dropped held delivered"),
	COUNTER("sink_captured_frames", "The sum of these, once they are where they go.",
		SINK("ledger.captured")),
	GAUGE("sink_stale", "1: the sink has not answered the last look; its figures are old.",
	      SINK("sink.stale")),
	COUNTER("sink_bytes",
		"Bytes that a capture has written, without the 24 that head each file.",
		SINK("sink.bytes")),
	COUNTER("sink_files", "Files that a capture has begun.", SINK("sink.files")),
	COUNTER("sink_write_errors", "Writes of a capture that failed.", SINK("sink.write_errors")),
	COUNTER("sink_refused_frames", "Frames that could not be forwarded, by cause.", "routes",
		"sink", "cause", "too_long refused no_target"),
	COUNTER("sink_answers", "Frames that echo answered or ignored, by kind.", "routes", "sink",
		"kind", "ignored arp icmp icmpv6 neighbour udp"),
	{ "latency_seconds", METRIC_HISTOGRAM,
	  "From the XDP program to the worker, of the frames that carry a time (--stamp).", NULL,
	  "latency_ns", NULL, NULL },
	GAUGE("start_time_seconds", "When afxdpd began, in seconds since 1970.", PLAIN("started")),
	COUNTER("cpu_seconds", "Time that all of its threads have run.", PLAIN("cpu_s")),
	GAUGE("build_info", "1; the label says which version runs.", NULL, "version", "version",
	      NULL),
	{ 0 },
};

/* A line of prose may not begin a list or a heading, and underscores stand for themselves. */
static void prose(FILE *f, const char *text)
{
	for (; *text; text++) {
		if (strchr("_*\\", *text))
			fputc('\\', f);
		fputc(*text, f);
	}
}

static const char *element_labels(const char *each)
{
	return !each			 ? ""
	       : !strcmp(each, "rules")	 ? "rule,text"
	       : !strcmp(each, "routes") ? "sink"
					 : "queue";
}

void metrics_manual(FILE *f)
{
	static const char *const type[] = { "counter", "gauge", "histogram" };

	for (const struct metric *m = metrics_table; m->name; m++) {
		fprintf(f, "*afxdp_%s%s*", m->name, m->type == METRIC_COUNTER ? "_total" : "");
		if (m->each || m->label)
			fprintf(f, "{%s%s%s}", element_labels(m->each),
				m->each && m->label ? "," : "", m->label ?: "");
		fprintf(f, " (%s)\n\t", type[m->type]);
		prose(f, m->help);
		if (m->members) {
			fprintf(f, " %c%s: ", *m->label - 'a' + 'A', m->label + 1);
			prose(f, m->members);
			fputc('.', f);
		}
		fputs("\n\n", f);
	}
}
