/* SPDX-License-Identifier: GPL-2.0-only */
/* trial.c - rules tried on the frames of a capture file, in the kernel. Needs no daemon and no
 * interface. */
#include <errno.h>
#include <inttypes.h>
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include "capture.h"
#include "ctl.h"
#include "rules.h"
#include "table.h"
#include "trial.h"

struct totals {
	uint64_t frames;
	uint64_t verdicts[AFXDP_VERDICTS];
};

/* Verdicts a trial can end in, as the report has them. */
static const enum afxdp_verdict reported[] = { AFXDP_PASS,  AFXDP_DROP, AFXDP_CAPTURE,
					       AFXDP_LIMIT, AFXDP_TX,	AFXDP_ABORT };
#define REPORTED (sizeof(reported) / sizeof(*reported))

static void print_answer(const struct capture *c, const struct afxdp_rules *rules,
			 const struct afxdp_trial_answer *a)
{
	const char *text = afxdp_rules_text(rules, a->rule);

	if (text)
		printf("%8" PRIu64 "  %-8s %5u  %s\n", c->records, ctl_verdict(a->verdict), a->rule,
		       text);
	else
		printf("%8" PRIu64 "  %-8s %5s  default\n", c->records, ctl_verdict(a->verdict),
		       "-");
}

static int try_frames(const struct ctl *ctl, struct capture *c, const struct afxdp_rules *rules,
		      struct afxdp_trial *trial, struct totals *t)
{
	struct afxdp_trial_answer a;
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int got, err;

	if (!ctl->json)
		printf("%8s  %-8s %5s  %s\n", "frame", "verdict", "rule", "text");
	while ((got = capture_next(c, &h, &bytes)) == 1) {
		err = afxdp_trial_frame(trial, bytes, h->caplen, capture_time(c, h), &a);
		if (err)
			return ctl_fail(1, "%s: record %" PRIu64 ", %u bytes: %s", c->path,
					c->records, h->caplen,
					err == -E2BIG ? "longer than this kernel's test runs take"
						      : strerror(-err));
		t->frames++;
		if (a.verdict < AFXDP_VERDICTS)
			t->verdicts[a.verdict]++;
		if (!ctl->json)
			print_answer(c, rules, &a);
	}
	return got < 0 ? 2 : 0;
}

static json_t *report(const struct afxdp_rules *rules, const struct totals *t)
{
	json_t *verdicts = json_object(), *list = json_array();

	for (size_t i = 0; i < REPORTED; i++)
		json_object_set_new(verdicts, ctl_verdict(reported[i]),
				    json_integer(t->verdicts[reported[i]]));
	for (uint32_t i = 0; i < afxdp_rules_count(rules); i++) {
		struct afxdp_hits hits = { 0 };

		afxdp_rules_hits(rules, i, &hits);
		json_array_append_new(
			list, json_pack("{s:I, s:s, s:I, s:I}", "index", (json_int_t)i, "text",
					afxdp_rules_text(rules, i), "frames",
					(json_int_t)hits.frames, "bytes", (json_int_t)hits.bytes));
	}
	return json_pack("{s:I, s:o, s:o}", "frames", (json_int_t)t->frames, "verdicts", verdicts,
			 "rules", list);
}

static void print_totals(const json_t *report)
{
	char frames[32], bytes[32];
	const json_t *o;
	size_t i;

	printf("\n%5s %18s %20s  %s\n", "rule", "frames", "bytes", "text");
	json_array_foreach(json_object_get(report, "rules"), i, o)
		printf("%5zu %18s %20s  %s\n", i,
		       table_number(json_integer_value(json_object_get(o, "frames")), frames,
				    sizeof(frames)),
		       table_number(json_integer_value(json_object_get(o, "bytes")), bytes,
				    sizeof(bytes)),
		       json_string_value(json_object_get(o, "text")));
	printf("\n%s frames:", table_number(json_integer_value(json_object_get(report, "frames")),
					    frames, sizeof(frames)));
	for (i = 0; i < REPORTED; i++) {
		const char *name = ctl_verdict(reported[i]);
		uint64_t n = json_integer_value(
			json_object_get(json_object_get(report, "verdicts"), name));

		if (n)
			printf(" %s %s", table_number(n, frames, sizeof(frames)), name);
	}
	printf("\n");
}

static void remark(const struct capture *c)
{
	if (c->runts)
		fprintf(stderr, "afxdpctl: %s: %" PRIu64 " records below %d bytes left out\n",
			c->path, c->runts, AFXDP_TRIAL_MIN);
	if (c->cut)
		fprintf(stderr,
			"afxdpctl: %s: %" PRIu64
			" records hold only the beginning of a frame, and were judged by that\n",
			c->path, c->cut);
}

int ctl_rules_test(const struct ctl *ctl, int argc, char **argv)
{
	struct totals totals = { 0 };
	struct afxdp_trial *trial;
	struct afxdp_rules *rules;
	struct capture capture;
	char err[512];
	json_t *result;
	int status;

	if (argc > 2 || (argc == 2) == !!ctl->expression)
		return ctl_fail(2, "rules test: say which FILE, or -f EXPR, and no more");
	if (!ctl->pcap)
		return ctl_fail(2, "rules test: say on which frames: --pcap CAPTURE");
	status = ctl_read_rules(ctl, argv[1], &rules);
	if (status)
		return status;
	status = capture_open(&capture, ctl->pcap);
	if (status)
		goto free_rules;
	if (afxdp_trial_open(&trial, rules, err, sizeof(err))) {
		status = ctl_fail(1, "%s", err);
		goto close_capture;
	}
	status = try_frames(ctl, &capture, rules, trial, &totals);
	if (status)
		goto close_trial;
	result = report(rules, &totals);
	if (ctl->json)
		ctl_print(result);
	else
		print_totals(result);
	json_decref(result);
	remark(&capture);
close_trial:
	afxdp_trial_close(trial);
close_capture:
	pcap_close(capture.in);
free_rules:
	afxdp_rules_free(rules);
	return status;
}
