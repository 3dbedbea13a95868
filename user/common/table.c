/* SPDX-License-Identifier: GPL-2.0-only */
#include "table.h"

#include <inttypes.h>
#include <string.h>
#include "account.h"

#define BAR "########################################"

static uint64_t get(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
	const char *s = json_string_value(json_object_get(o, key));

	return s ? s : "?";
}

const char *table_number(uint64_t n, char *text, size_t size)
{
	char digits[24];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, n), out = 0;

	for (int i = 0; i < len && (size_t)out + 2 < size; i++) {
		if (i && !((len - i) % 3))
			text[out++] = ',';
		text[out++] = digits[i];
	}
	text[out] = '\0';
	return text;
}

const char *table_duration(uint64_t ns, char *text, size_t size)
{
	if (ns < 10000)
		snprintf(text, size, "%" PRIu64 " ns", ns);
	else if (ns < 10000000)
		snprintf(text, size, "%.1f us", ns / 1e3);
	else
		snprintf(text, size, "%.1f ms", ns / 1e6);
	return text;
}

/* Which sum a field is part of: the table shows the identities as levels. */
static int level(const char *name)
{
	static const struct {
		const char *name;
		int level;
	} levels[] = { { "received", 0 },     { "unexplained", 0 }, { "ring_full", 2 },
		       { "fill_empty", 2 },   { "consumed", 2 },    { "kernel_dropped", 2 },
		       { "sink_dropped", 3 }, { "delivered", 3 },   { "held", 3 } };

	for (size_t i = 0; i < sizeof(levels) / sizeof(*levels); i++)
		if (!strcmp(levels[i].name, name))
			return levels[i].level;
	return 1;
}

/* Beside the sum: these frames are in it, where they went. */
static void print_copies(FILE *to, const json_t *report)
{
	const json_t *tee = json_object_get(report, "tee"), *dump;
	static const struct {
		const char *name, *what;
	} rows[] = { { "copied", "beside their verdict, for who looks (dump)" },
		     { "observed", "taken by who looks" },
		     { "copy_lost", "not read in time" },
		     { "pending", "to be read" } };
	char n[32];
	size_t i;

	if (!get(tee, "copied") && !json_array_size(json_object_get(tee, "dumps")))
		return;
	for (i = 0; i < sizeof(rows) / sizeof(*rows); i++)
		fprintf(to, "  %*s%-*s %18s  %s\n", i ? 2 : 0, "", i ? 20 : 22, rows[i].name,
			table_number(get(tee, rows[i].name), n, sizeof(n)), rows[i].what);
	json_array_foreach(json_object_get(tee, "dumps"), i, dump)
		fprintf(to, "  dump of uid %" PRIu64 ", pid %" PRIu64 ", 1/%" PRIu64 ": %s\n",
			get(dump, "uid"), get(dump, "pid"), get(dump, "every"),
			text(dump, "expression"));
}

/* What became of the frames that rules sent back out. Return: whether that is known. */
static bool print_sent_back(FILE *to, const json_t *ledger)
{
	const json_t *failed = json_object_get(ledger, "tx_failed");
	char n[32];

	if (!get(ledger, "tx"))
		return true;
	fprintf(to, "      %-18s %18s  of these: the device did not send them\n", "tx_failed",
		json_is_integer(failed) ? table_number(json_integer_value(failed), n, sizeof(n))
					: "not told");
	return json_is_integer(failed);
}

/* What the devices that frames leave by say they did not send: somebody else's frames may be among
 * them. */
static void print_not_sent(FILE *to, const json_t *report)
{
	const json_t *sink = json_object_get(report, "sink");
	uint64_t here = get(json_object_get(report, "nic"), "tx_lost"), there = 0;

	if (json_is_object(sink))
		there = get(sink, "device_lost");
	if (here)
		fprintf(to, "  not sent by %s, whoever's they were: %" PRIu64 " frames\n",
			text(report, "interface"), here);
	if (there)
		fprintf(to, "  not sent by %s, whoever's they were: %" PRIu64 " frames\n",
			text(sink, "interface"), there);
}

void table_ledger(FILE *to, const json_t *report)
{
	const json_t *ledger = json_object_get(report, "ledger");
	bool known = true;
	char n[32];

	fprintf(to, "\n  ledger\n");
	for (const struct afxdp_account_field *f = afxdp_account_fields; f->name; f++) {
		int in = 2 * level(f->name);

		fprintf(to, "  %*s%-*s %18s  %s\n", in, "", 22 - in, f->name,
			table_number(get(ledger, f->name), n, sizeof(n)), f->what);
		if (!strcmp(f->name, "tx"))
			known = print_sent_back(to, ledger);
	}
	fprintf(to, "  %s\n",
		get(ledger, "unexplained")
			? "the ledger does not balance (yet: frames are on their way)"
		: known ? "the ledger balances: every frame is accounted for"
			: "the ledger balances; whether what rules sent back out has left, nobody "
			  "counts here");
	print_not_sent(to, report);
	print_copies(to, report);
}

static void print_oddities(FILE *to, const json_t *report)
{
	const json_t *odd = json_object_get(report, "oddities");
	static const struct {
		const char *name, *what;
	} what[] = { { "no_meta", "captured without metadata" },
		     { "short_l2", "short Ethernet or VLAN header" },
		     { "bad_ipv4", "bad IPv4 header" },
		     { "bad_ipv6", "bad IPv6 header" },
		     { "bad_l4", "bad layer 4 header" },
		     { "ext_limit", "too many IPv6 extension headers" },
		     { "fragments", "IP fragments" },
		     { "super_frames", "longer than the MTU: not cut by their sender, or put "
				       "together (see doctor)" } };

	for (size_t i = 0; i < sizeof(what) / sizeof(*what); i++)
		if (get(odd, what[i].name))
			fprintf(to, "  of these %" PRIu64 " %s\n", get(odd, what[i].name),
				what[i].what);
}

static void print_latency(FILE *to, const json_t *report)
{
	static const char *const quantiles[] = { "p50", "p90", "p99", "p999", "max" };
	const json_t *latency = json_object_get(report, "latency_ns"), *row;
	uint64_t samples = get(latency, "samples");
	char a[24], b[24];
	size_t i;

	if (!samples)
		return;
	fprintf(to, "\n  latency, XDP program to consumer (%s samples)\n  ",
		table_number(samples, a, sizeof(a)));
	for (i = 0; i < sizeof(quantiles) / sizeof(*quantiles); i++)
		fprintf(to, "%s %s   ", quantiles[i],
			table_duration(get(latency, quantiles[i]), a, sizeof(a)));
	fputc('\n', to);
	json_array_foreach(json_object_get(latency, "histogram"), i, row) {
		uint64_t longest = json_integer_value(json_array_get(row, 0));
		uint64_t n = json_integer_value(json_array_get(row, 1));
		int bar = (int)(n * (sizeof(BAR) - 1) / samples);

		fprintf(to, "  %10s - %-10s %5.1f %% %.*s\n",
			table_duration((longest + 1) / 2, a, sizeof(a)),
			table_duration(longest + 1, b, sizeof(b)), 100.0 * n / samples, bar ?: 1,
			BAR);
	}
}

static void print_queues(FILE *to, const json_t *report)
{
	const json_t *q;
	size_t i;

	fprintf(to, "\n  queue          frames       batches  per batch     wakeups   busy polls  "
		    "mode switches  depth\n");
	json_array_foreach(json_object_get(report, "queues"), i, q) {
		uint64_t frames = get(q, "frames"), batches = get(q, "batches");

		if (json_is_true(json_object_get(q, "stuck")))
			fprintf(to, "  queue %" PRIu64 ": STUCK, its worker does not answer\n",
				get(q, "id"));
		fprintf(to,
			"  %5" PRIu64 " %15" PRIu64 " %13" PRIu64 " %10.1f %11" PRIu64 " %12" PRIu64
			" %14" PRIu64 " %6" PRIu64 "\n",
			get(q, "id"), frames, batches, batches ? (double)frames / batches : 0.0,
			get(q, "wakeups"), get(q, "busy_polls"), get(q, "mode_switches"),
			get(q, "depth"));
	}
}

static void print_rules(FILE *to, const json_t *report)
{
	const json_t *rules = json_object_get(report, "rules"), *r;
	char n[32];
	size_t i;

	if (!json_array_size(rules))
		return;
	fprintf(to, "\n  rule             frames  text\n");
	json_array_foreach(rules, i, r)
		fprintf(to, "  %4" PRIu64 " %18s  %s\n", get(r, "index"),
			table_number(get(r, "frames"), n, sizeof(n)), text(r, "text"));
}

/* With one sink the first line has said it. */
static void print_routes(FILE *to, const json_t *report)
{
	const json_t *routes = json_object_get(report, "routes"), *r;
	size_t i;

	if (json_array_size(routes) < 2)
		return;
	fprintf(to, "\n  sink                   captured       ring_full      fill_empty"
		    "    sink_dropped       delivered  what\n");
	json_array_foreach(routes, i, r) {
		const char *over = json_string_value(json_object_get(r, "over"));
		const json_t *rows = json_object_get(r, "ledger");

		fprintf(to,
			"  %-15s %15" PRIu64 " %15" PRIu64 " %15" PRIu64 " %15" PRIu64 " %15" PRIu64
			"  %s%s%s\n",
			text(r, "name"), get(rows, "captured"), get(rows, "ring_full"),
			get(rows, "fill_empty"), get(rows, "sink_dropped"), get(rows, "delivered"),
			text(r, "spec"), over ? ": over: " : "", over ?: "");
	}
}

/* The last outage says most; all of them are in the JSON. */
static void print_outages(FILE *to, const json_t *report)
{
	const json_t *outages = json_object_get(report, "outages");
	const json_t *last = json_array_get(outages, json_array_size(outages) - 1);
	const json_t *state_why = json_object_get(report, "state_why");
	char line[768];

	if (json_is_string(state_why)) {
		snprintf(line, sizeof(line), "%s: %s", text(report, "state"),
			 json_string_value(state_why));
		fprintf(to, "  %s\n", line);
	}
	if (!last)
		return;
	snprintf(line, sizeof(line),
		 "%" PRIu64 " outages, %.1f s without frames; life %" PRIu64
		 "; the last, of %.1f s: %s",
		 get(report, "outage_count"), json_real_value(json_object_get(report, "outage_s")),
		 get(report, "life"), json_real_value(json_object_get(last, "seconds")),
		 text(last, "why"));
	fprintf(to, "  %s\n", line);
}

static void print_change(FILE *to, const json_t *report)
{
	const json_t *c = json_object_get(report, "last_change");
	const json_t *error = json_object_get(c, "error");
	char line[512];

	if (!json_is_object(c))
		return;
	snprintf(line, sizeof(line),
		 "last change, by uid %" PRIu64 " (pid %" PRIu64 ") %.0f s ago: "
		 "%s: %s%s%s",
		 get(c, "uid"), get(c, "pid"), json_real_value(json_object_get(c, "seconds_ago")),
		 text(c, "what"), text(c, "outcome"), json_is_string(error) ? ": " : "",
		 json_is_string(error) ? json_string_value(error) : "");
	fprintf(to, "\n  %s\n", line);
}

void table_report(FILE *to, const json_t *report)
{
	const json_t *sink = json_object_get(report, "sink");

	fprintf(to, "%s: %s XDP, %s, mode %s, sink %s, %.2f s\n", text(report, "interface"),
		text(report, "attach"),
		json_is_true(json_object_get(report, "zerocopy")) ? "zero-copy" : "copy",
		text(report, "mode"), text(sink, "name"),
		json_real_value(json_object_get(report, "duration_s")));
	print_outages(to, report);
	table_ledger(to, report);
	print_oddities(to, report);
	print_rules(to, report);
	print_routes(to, report);
	print_latency(to, report);
	print_queues(to, report);
	print_change(to, report);
	fflush(to);
}
