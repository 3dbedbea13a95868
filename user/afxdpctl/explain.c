/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * explain.c - what rules ask of one frame of a capture, question by question and instruction by
 * instruction; without a capture, all that they may ask. Needs no daemon and no interface.
 *
 * The frame is also run by the kernel, behind all that came before it in the capture: so limits and
 * samples are as they would have been, and what is told is held against what happens.
 */
#include "explain.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "capture.h"
#include "ctl.h"
#include "numbers.h"
#include "rules.h"

struct explained {
	struct afxdp_rules *rules;
	struct capture capture;
	struct afxdp_explain_frame frame;
	uint64_t wanted;		  /* of the frame: its number, from 1 on */
	struct afxdp_trial_answer kernel; /* if frame.kernel is */
	struct afxdp_trial_answer answer; /* of the graphs */
};

/* ---- The frame ---- */

static int no_frame(const struct explained *e)
{
	return ctl_fail(2, "%s: has %" PRIu64 " frames, and no frame %" PRIu64, e->capture.path,
			e->capture.records, e->wanted);
}

/* Without the kernel, if need be: then limits and samples are not known. */
static int open_trial(struct explained *e, struct afxdp_trial **trial)
{
	char err[512];
	int ret = afxdp_trial_open(trial, e->rules, err, sizeof(err));

	if (!ret)
		return 0;
	if (ret != -EPERM)
		return ctl_fail(1, "%s", err);
	return ctl_fail(0,
			"not compared with the kernel, limits and samples taken not to have acted: "
			"that needs root");
}

static int run_to(struct explained *e, struct afxdp_trial *trial)
{
	struct pcap_pkthdr *h;
	const u_char *bytes;
	int got, err;

	while ((got = capture_next(&e->capture, &h, &bytes)) == 1 &&
	       e->capture.records <= e->wanted) {
		err = trial ? afxdp_trial_frame(trial, bytes, h->caplen,
						capture_time(&e->capture, h), &e->kernel)
			    : 0;
		if (err)
			return ctl_fail(1, "%s: record %" PRIu64 ", %u bytes: %s", e->capture.path,
					e->capture.records, h->caplen,
					err == -E2BIG ? "longer than this kernel's test runs take"
						      : strerror(-err));
		if (e->capture.records < e->wanted)
			continue;
		e->frame = (struct afxdp_explain_frame){ .byte = bytes,
							 .len = h->caplen,
							 .kernel = trial ? &e->kernel : NULL };
		return 0;
	}
	if (got < 0)
		return 2;
	if (e->capture.records < e->wanted)
		return no_frame(e);
	return ctl_fail(2, "%s: frame %" PRIu64 " is shorter than an Ethernet header",
			e->capture.path, e->wanted);
}

static int find_frame(struct explained *e)
{
	struct afxdp_trial *trial = NULL;
	int status = open_trial(e, &trial);

	if (!status)
		status = run_to(e, trial);
	afxdp_trial_close(trial);
	return status;
}

/* ---- What is told of it ---- */

static int add_question(void *arg, const struct afxdp_explain_step *s)
{
	return json_array_append_new(arg,
				     json_pack("{s:I, s:s, s:s}", "node", (json_int_t)s->number,
					       "question", s->text, "answer", s->said));
}

static int add_instruction(void *arg, const struct afxdp_explain_step *s)
{
	return json_array_append_new(arg, json_pack("{s:I, s:I, s:s, s:s}", "function",
						    (json_int_t)s->function, "instruction",
						    (json_int_t)s->number, "text", s->text,
						    "result", s->said));
}

static const char *outcome(const struct explained *e, const struct afxdp_explain_outcome *out)
{
	if (!e->frame.byte)
		return "";
	if (!out->matches)
		return "no match";
	return out->decides ? ctl_verdict(out->answer.verdict) : "matches, and goes on";
}

/* One rule after the other, up to that which decides. Return: 0 or -errno. */
static int explain_rules(struct explained *e, json_t *list)
{
	struct afxdp_explain_outcome out = { .decides = false };
	struct afxdp_rule_info info;
	int ret = 0;

	e->answer = (struct afxdp_trial_answer){ afxdp_rules_default(e->rules),
						 AFXDP_RULE_DEFAULT };
	for (uint32_t i = 0; !ret && !out.decides && !afxdp_rules_describe(e->rules, i, &info);
	     i++) {
		json_t *steps = json_array();

		ret = afxdp_explain_rule(e->rules, i, &e->frame, add_question, steps, &out);
		json_array_append_new(list,
				      json_pack("{s:I, s:I, s:s, s:o, s:s}", "index", (json_int_t)i,
						"line", (json_int_t)info.line, "text", info.text,
						"steps", steps, "outcome", outcome(e, &out)));
		if (out.decides)
			e->answer = out.answer;
	}
	return ret;
}

static json_t *describe_answer(const struct afxdp_trial_answer *a)
{
	return json_pack("{s:s, s:o}", "verdict", ctl_verdict(a->verdict), "rule",
			 a->rule == AFXDP_RULE_DEFAULT ? json_null() : json_integer(a->rule));
}

static bool same(const struct afxdp_trial_answer *a, const struct afxdp_trial_answer *b)
{
	return a->verdict == b->verdict && a->rule == b->rule;
}

/* Return: exit status; *@out in any case. */
static int explain(struct explained *e, json_t **out)
{
	json_t *rules = json_array(), *code = json_array();
	struct afxdp_explain_outcome result = { .decides = false };
	int ret = explain_rules(e, rules);

	if (!ret)
		ret = afxdp_explain_code(e->rules, &e->frame, add_instruction, code, &result);
	*out = json_pack("{s:o, s:o, s:s}", "rules", rules, "code", code, "default",
			 ctl_verdict(afxdp_rules_default(e->rules)));
	if (ret)
		return ctl_fail(1, "cannot explain: %s", strerror(-ret));
	if (!e->frame.byte)
		return 0;
	json_object_set_new(*out, "frame", json_integer(e->wanted));
	json_object_set_new(*out, "bytes", json_integer(e->frame.len));
	json_object_set_new(*out, "answer", describe_answer(&e->answer));
	json_object_set_new(*out, "kernel",
			    e->frame.kernel ? describe_answer(&e->kernel) : json_null());
	if (!same(&e->answer, &result.answer) || (e->frame.kernel && !same(&e->answer, &e->kernel)))
		return ctl_fail(1, "graph, instructions and kernel disagree about this frame: "
				   "please report it, with the rules and the frame");
	return 0;
}

/* ---- On a terminal ---- */

static uint64_t number(const json_t *o, const char *key)
{
	return json_integer_value(json_object_get(o, key));
}

static const char *text(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key)) ?: "";
}

static void print_step(uint64_t number, const char *what, const char *said)
{
	if (*said)
		printf("%5" PRIu64 "  %-40s  %s\n", number, what, said);
	else
		printf("%5" PRIu64 "  %s\n", number, what);
}

static void print_rule(const json_t *rule)
{
	const json_t *s;
	size_t i;

	printf("rule %" PRIu64 ", line %" PRIu64 ": %s\n", number(rule, "index"),
	       number(rule, "line"), text(rule, "text"));
	json_array_foreach(json_object_get(rule, "steps"), i, s)
		print_step(number(s, "node"), text(s, "question"), text(s, "answer"));
	if (*text(rule, "outcome"))
		printf("       %s\n", text(rule, "outcome"));
	putchar('\n');
}

static void print_code(const json_t *code)
{
	uint64_t function = UINT64_MAX;
	const json_t *s;
	size_t i;

	json_array_foreach(code, i, s) {
		if (number(s, "function") != function)
			printf("function %" PRIu64 "\n", function = number(s, "function"));
		print_step(number(s, "instruction"), text(s, "text"), text(s, "result"));
	}
}

static void print_answer(const json_t *o)
{
	const json_t *answer = json_object_get(o, "answer");

	printf("\nframe %" PRIu64 ", %" PRIu64 " bytes: %s, by ", number(o, "frame"),
	       number(o, "bytes"), text(answer, "verdict"));
	if (json_is_null(json_object_get(answer, "rule")))
		printf("default");
	else
		printf("rule %" PRIu64, number(answer, "rule"));
	if (!json_is_null(json_object_get(o, "kernel")))
		printf(json_equal(answer, json_object_get(o, "kernel"))
			       ? "; the kernel says the same"
			       : "; the kernel says %s",
		       text(json_object_get(o, "kernel"), "verdict"));
	putchar('\n');
}

static void print(const json_t *o)
{
	const json_t *rule;
	size_t i;

	json_array_foreach(json_object_get(o, "rules"), i, rule)
		print_rule(rule);
	print_code(json_object_get(o, "code"));
	if (json_object_get(o, "frame"))
		print_answer(o);
}

int ctl_rules_explain(const struct ctl *ctl, int argc, char **argv)
{
	struct explained e = { .wanted = 1 };
	json_t *out;
	int status;

	if (argc > 2 || (argc == 2) == !!ctl->expression)
		return ctl_fail(2, "rules explain: say which FILE, or -f EXPR, and no more");
	if (ctl->frame && !ctl->pcap)
		return ctl_fail(2, "rules explain: -n is the number of a frame: say of which: -r "
				   "CAPTURE");
	if (ctl->frame && !number_parse(ctl->frame, 10, 1, UINT64_MAX, &e.wanted))
		return ctl_fail(2, "rules explain: -n '%s': wants the number of a frame, from 1 on",
				ctl->frame);
	status = ctl_read_rules(ctl, argv[1], &e.rules);
	if (status)
		return status;
	if (ctl->pcap) {
		status = capture_open(&e.capture, ctl->pcap);
		if (status)
			goto free_rules;
		status = find_frame(&e);
		if (status)
			goto close_capture;
	}
	status = explain(&e, &out);
	if (ctl->json)
		ctl_print(out);
	else
		print(out);
	json_decref(out);
close_capture:
	if (e.capture.in)
		pcap_close(e.capture.in);
free_rules:
	afxdp_rules_free(e.rules);
	return status;
}
