/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Expressions and frames out of the fuzzer's choices; what the compiled program answers is compared
 * with what libpcap's interpreter answers. The bytes choose in tests/rules/exprs.c and frames.c, so
 * each of them is an expression of the language, and changing one changes a part of it.
 *
 * The program runs in the kernel: this needs root.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../rules/exprs.h"
#include "../rules/frames.h"
#include "../rules/reference.h"
#include "../rules/run.h"

#define EXPRS	 4
#define EXPR_LEN 2048
#define FRAMES	 128

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct input {
	struct rng rng;
	char rules[EXPRS * (EXPR_LEN + 16)];
	struct reference *reference[EXPRS];
	int exprs;
};

static void die(const struct input *in, const char *what)
{
	fprintf(stderr, "%s:\n%s", what, in->rules);
	abort();
}

static void choose_exprs(struct input *in)
{
	int want = 1 + rng_below(&in->rng, EXPRS);
	char text[EXPR_LEN], err[512];
	size_t n = 0;

	in->exprs = 0;
	in->rules[0] = 0;
	for (int i = 0; i < want; i++) {
		struct reference *r;

		expr_make(text, sizeof(text), &in->rng);
		r = reference_make(text, err, sizeof(err));
		if (!r)
			continue;
		in->reference[in->exprs++] = r;
		n += snprintf(in->rules + n, sizeof(in->rules) - n, "count %s\n", text);
	}
}

/* False: beyond what the compiler takes, and it said so. */
static bool load(struct input *in, struct probe_run *run)
{
	struct afxdp_rules *rules;
	char err[512];
	int ret = afxdp_rules_parse_text("rules", in->rules, strlen(in->rules), &rules, err,
					 sizeof(err));

	if (ret == -E2BIG)
		return false;
	if (ret)
		die(in, err);
	if (probe_load(run, rules))
		die(in, "the kernel refuses");
	return true;
}

static void ask(const struct input *in, struct probe_run *run, const struct frame *sent,
		const struct frame *wire)
{
	probe_frame(run, sent->data, sent->len);
	for (int i = 0; i < in->exprs; i++) {
		int want = reference_match(in->reference[i], wire->data, wire->len);
		int got = run->probe->matched >> i & 1;

		if (want < 0 || got == want)
			continue;
		fprintf(stderr,
			"rule %d: libpcap says %d, the program %d; of %u bytes, %u sent, "
			"first buffer %u, flags %#x, tag %#x:\n",
			i, want, got, wire->len, sent->len, run->linear, run->probe->flags,
			run->probe->vlan_tci);
		for (uint32_t at = 0; at < wire->len && at < 512; at++)
			fprintf(stderr, "%02x%s", wire->data[at], at % 16 == 15 ? "\n" : " ");
		die(in, "\ndisagreement");
	}
}

static void compare(struct input *in, struct probe_run *run)
{
	static struct frame wire, stripped;
	bool can_split = probe_can_split(run), ad;

	for (int n = 0; n < FRAMES; n++) {
		frame_make(&wire, &in->rng);
		if (rng_chance(&in->rng, 60))
			frame_mutate(&wire, &in->rng);
		run->probe->flags = 0;
		run->linear = 0;
		if (can_split && wire.len > FRAME_MIN && rng_chance(&in->rng, 30))
			run->linear = FRAME_MIN + rng_below(&in->rng, wire.len - FRAME_MIN);
		ask(in, run, &wire, &wire);
		if (!frame_strip(&wire, &stripped, &run->probe->vlan_tci, &ad))
			continue;
		run->probe->flags = AFXDP_META_VLAN | AFXDP_META_VLAN_STRIP |
				    (ad ? AFXDP_META_VLAN_AD : 0);
		ask(in, run, &stripped, &wire);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct input in;
	struct probe_run run;
	static bool quiet;

	if (!quiet)
		libbpf_set_print(NULL);
	quiet = true;
	/* What bytes do not choose, they seed. */
	in.rng = (struct rng){ .state = size, .chosen = data, .left = size };
	for (size_t i = 0; i < size; i++)
		in.rng.state = (in.rng.state ^ data[i]) * 0x100000001b3ULL;
	choose_exprs(&in);
	if (in.exprs && load(&in, &run)) {
		compare(&in, &run);
		probe_close(&run);
	}
	for (int i = 0; i < in.exprs; i++)
		reference_free(in.reference[i]);
	return 0;
}
