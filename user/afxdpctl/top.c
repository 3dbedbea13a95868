/* SPDX-License-Identifier: GPL-2.0-only */
/* top.c - rates between two reports, until interrupted: of the ledger, of queues, of rules. On a
 * terminal a picture as high as it is, what is lost in red; else one after the other. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "account.h"
#include "ctl.h"
#include "numbers.h"
#include "printable.h"
#include "table.h"

#define RED    "\033[31m"
#define PLAIN  "\033[0m"
#define BEGIN  "\033[H"
#define TO_END "\033[K\n"
#define REST   "\033[J"

/* A picture: lines, of which some are bad news. */
struct screen {
	FILE *text;
	char *lines;
	size_t size;
	uint64_t bad[4]; /* a bit a line; lines further down are never marked */
	unsigned int count;
};

/* Two reports and the time between them. */
struct look {
	const json_t *before, *now;
	double seconds;
};

static void end_line(struct screen *s, bool bad)
{
	if (bad && s->count < 64 * sizeof(s->bad) / sizeof(*s->bad))
		s->bad[s->count / 64] |= 1ULL << s->count % 64;
	fputc('\n', s->text);
	s->count++;
}

static uint64_t get(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *word(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key)) ?: "?";
}

/* Frames, or what else is counted at @key, a second. What began anew counts from 0. */
static double rate(const struct look *l, const json_t *before, const json_t *now, const char *key)
{
	uint64_t a = get(before, key), b = get(now, key);

	return (b >= a ? b - a : b) / l->seconds;
}

static void put_headline(struct screen *s, const struct look *l)
{
	const json_t *r = l->now;
	unsigned int up = json_number_value(json_object_get(r, "duration_s"));

	fprintf(s->text, "%s: %s, %s XDP, %s, mode %s, sink %s, up %u:%02u:%02u",
		word(r, "interface"), word(r, "state"), word(r, "attach"),
		json_is_true(json_object_get(r, "zerocopy")) ? "zero-copy" : "copy",
		word(r, "mode"), word(json_object_get(r, "sink"), "name"), up / 3600, up / 60 % 60,
		up % 60);
	end_line(s, strcmp(word(r, "state"), "running"));
	end_line(s, false);
}

static bool is_loss(const char *row)
{
	static const char *const losses[] = { "aborted",	"ring_full",	"fill_empty",
					      "kernel_dropped", "sink_dropped", "held",
					      "unexplained" };

	for (size_t i = 0; i < sizeof(losses) / sizeof(*losses); i++)
		if (!strcmp(row, losses[i]))
			return true;
	return false;
}

static void put_ledger(struct screen *s, const struct look *l)
{
	const json_t *a = json_object_get(l->before, "ledger"),
		     *b = json_object_get(l->now, "ledger");
	char per_second[32], total[32];

	fprintf(s->text, "%-16s %16s %20s", "", "frames/s", "total");
	end_line(s, false);
	for (const struct afxdp_account_field *f = afxdp_account_fields; f->name; f++) {
		bool sum = !strcmp(f->name, "unexplained");
		double r = sum ? 0 : rate(l, a, b, f->name);

		fprintf(s->text, "%-16s %16s %20s", f->name,
			sum ? "" : table_number(r, per_second, sizeof(per_second)),
			table_number(get(b, f->name), total, sizeof(total)));
		end_line(s, is_loss(f->name) && r > 0);
	}
	fprintf(s->text, "%-16s %16s", "bits/s",
		table_number(8 * rate(l, l->before, l->now, "bytes"), total, sizeof(total)));
	end_line(s, false);
}

static void put_latency(struct screen *s, const struct look *l)
{
	static const char *const names[] = { "p50", "p99", "p999", "max" };
	const json_t *latency = json_object_get(l->now, "latency_ns");
	char text[32];

	fputs("latency", s->text);
	for (int i = 0; i < 4; i++)
		fprintf(s->text, "  %s %s", names[i],
			table_duration(get(latency, names[i]), text, sizeof(text)));
	end_line(s, false);
	end_line(s, false);
}

static void put_queues(struct screen *s, const struct look *l)
{
	const json_t *a = json_object_get(l->before, "queues"),
		     *b = json_object_get(l->now, "queues");
	char frames[32], wakeups[32];

	fprintf(s->text, "%-6s %14s %10s %12s %8s %8s %8s", "queue", "frames/s", "a batch",
		"wake-ups/s", "waiting", "depth", "");
	end_line(s, false);
	for (size_t i = 0; i < json_array_size(b); i++) {
		const json_t *q = json_array_get(b, i), *was = json_array_get(a, i);
		double f = rate(l, was, q, "frames"), n = rate(l, was, q, "batches");
		bool stuck = json_is_true(json_object_get(q, "stuck"));

		fprintf(s->text, "%-6d %14s %10.1f %12s %8d %8d %s", (int)get(q, "id"),
			table_number(f, frames, sizeof(frames)), n > 0 ? f / n : 0.0,
			table_number(rate(l, was, q, "wakeups"), wakeups, sizeof(wakeups)),
			(int)get(q, "rx_ring_level"), (int)get(q, "depth"),
			stuck					      ? "STUCK"
			: !json_is_true(json_object_get(q, "served")) ? "not served"
			: json_is_true(json_object_get(q, "polling")) ? "polling"
								      : "sleeping");
		end_line(s, stuck);
	}
	end_line(s, false);
}

struct rule {
	const json_t *now;
	double frames, bytes;
	size_t order;
};

static int by_rate(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;

	return x->frames != y->frames ? (x->frames < y->frames ? 1 : -1)
	       : x->order > y->order  ? 1
				      : -1;
}

static int by_total(const void *a, const void *b)
{
	const struct rule *x = a, *y = b;
	uint64_t m = get(x->now, "frames"), n = get(y->now, "frames");

	return m != n ? (m < n ? 1 : -1) : x->order > y->order ? 1 : -1;
}

static void put_rule(struct screen *s, const struct rule *r)
{
	char frames[32], bits[32], total[32];

	fprintf(s->text, "%-6d %14s %16s %18s  %s", (int)get(r->now, "index"),
		table_number(r->frames, frames, sizeof(frames)),
		table_number(8 * r->bytes, bits, sizeof(bits)),
		table_number(get(r->now, "frames"), total, sizeof(total)), word(r->now, "text"));
	end_line(s, false);
}

/* Those that decide most first, or as --sort says. A rule that has taken another's place counts
 * from 0. */
static void put_rules(struct screen *s, const struct look *l, const char *sort)
{
	const json_t *a = json_object_get(l->before, "rules"),
		     *b = json_object_get(l->now, "rules");
	size_t n = json_array_size(b);
	struct rule *rules = n ? calloc(n, sizeof(*rules)) : NULL;

	if (!rules)
		return;
	for (size_t i = 0; i < n; i++) {
		const json_t *now = json_array_get(b, i), *was = json_array_get(a, i);

		if (was && strcmp(word(was, "text"), word(now, "text")))
			was = NULL;
		rules[i] = (struct rule){ now, rate(l, was, now, "frames"),
					  rate(l, was, now, "bytes"), i };
	}
	if (strcmp(sort, "order"))
		qsort(rules, n, sizeof(*rules), strcmp(sort, "total") ? by_rate : by_total);
	fprintf(s->text, "%-6s %14s %16s %18s  %s", "rule", "frames/s", "bits/s", "total", "");
	end_line(s, false);
	for (size_t i = 0; i < n; i++)
		put_rule(s, &rules[i]);
	free(rules);
}

/* Past stdout, which lets no control character through: so every line is made printable here. */
static void draw(const struct screen *s, const struct winsize *size)
{
	unsigned int rows = size->ws_row > 1 ? size->ws_row - 1U : 24;
	int columns = size->ws_col ?: 80;
	char *line = s->lines;

	dprintf(STDOUT_FILENO, BEGIN);
	for (unsigned int i = 0; i < s->count && i < rows; i++) {
		char *end = strchr(line, '\n');
		bool bad = i < 256 && s->bad[i / 64] & 1ULL << i % 64;

		*end = '\0';
		printable(line);
		/* Bytes are at least as many as columns: a line of several alphabets may end early.
		 */
		dprintf(STDOUT_FILENO, "%s%.*s%s" TO_END, bad ? RED : "", columns, line,
			bad ? PLAIN : "");
		line = end + 1;
	}
	dprintf(STDOUT_FILENO, REST);
}

static void show(const struct ctl *ctl, const struct look *l)
{
	struct screen s = { 0 };
	struct winsize size;

	s.text = open_memstream(&s.lines, &s.size);
	if (!s.text)
		return;
	put_headline(&s, l);
	put_ledger(&s, l);
	put_latency(&s, l);
	put_queues(&s, l);
	put_rules(&s, l, ctl->sort ?: "rate");
	if (!fclose(s.text)) {
		if (!ctl->batch && !ioctl(STDOUT_FILENO, TIOCGWINSZ, &size))
			draw(&s, &size);
		else
			printf("%s\n", s.lines);
		fflush(stdout);
	}
	free(s.lines);
}

static bool known_sort(const char *sort)
{
	return !sort || !strcmp(sort, "rate") || !strcmp(sort, "total") || !strcmp(sort, "order");
}

int ctl_top(const struct ctl *ctl, int argc, char **argv)
{
	uint64_t left = 0;
	json_t *before, *now;
	int status;

	if (argc > 1)
		return ctl_fail(2, "top takes no argument, but has '%s'", argv[1]);
	if (!known_sort(ctl->sort))
		return ctl_fail(2, "--sort '%s': rate, total or order", ctl->sort);
	if (ctl->batch && !number_parse(ctl->batch, 10, 1, UINT32_MAX, &left))
		return ctl_fail(2, "--batch '%s': how many looks, from 1", ctl->batch);
	before = ctl_report(ctl, &status);
	while (before && !ferror(stdout)) {
		struct look l = { .before = before };

		sleep(1);
		now = ctl_report(ctl, &status);
		l.now = now;
		l.seconds = json_number_value(json_object_get(now, "duration_s")) -
			    json_number_value(json_object_get(before, "duration_s"));
		if (now && ctl->json)
			ctl_print(now);
		else if (now && l.seconds > 0)
			show(ctl, &l);
		json_decref(before);
		before = now;
		if (ctl->batch && !--left)
			break;
	}
	json_decref(before);
	return status;
}
