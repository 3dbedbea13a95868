/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Compiled expressions against libpcap's interpreter: the same answer on every frame.
 *
 * 64 expressions at a time are `count` rules of one program, so that what they share is shared as
 * in real use; each program then gets its own frames. AFXDP_DIFF_SEED, _PROGRAMS and _FRAMES make
 * it another run, or a longer one.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include "../rules/exprs.h"
#include "../rules/frames.h"
#include "../rules/reference.h"
#include "../rules/run.h"
#include "t.h"

#define BATCH	 64
#define EXPR_LEN 4096

struct totals {
	unsigned long expressions, frames, questions, matches, split, stripped, open;
};

struct batch {
	char text[BATCH][EXPR_LEN];
	struct reference *reference[BATCH];
	struct probe_run run;
	bool can_split;
};

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *s = getenv(name);

	return s ? strtoul(s, NULL, 0) : otherwise;
}

/* The next expression libpcap takes: those picked by hand first. */
static struct reference *next_expr(char *text, const char *const **picked, struct rng *r)
{
	struct reference *reference = NULL;
	char err[512];

	while (!reference) {
		if (**picked)
			snprintf(text, EXPR_LEN, "%s", *(*picked)++);
		else
			expr_make(text, EXPR_LEN, r);
		reference = reference_make(text, err, sizeof(err));
	}
	return reference;
}

static void load(struct batch *b, const char *const **picked, struct rng *r)
{
	static char rules[BATCH * (EXPR_LEN + 16)];
	struct afxdp_rules *parsed;
	char err[512];
	size_t n = 0;

	for (int i = 0; i < BATCH; i++) {
		b->reference[i] = next_expr(b->text[i], picked, r);
		n += snprintf(rules + n, sizeof(rules) - n, "count %s\n",
			      b->text[i][0] ? b->text[i] : "all");
	}
	if (getenv("DUMP"))
		fputs(rules, stderr);
	CHECK(!afxdp_rules_parse_text("rules", rules, n, &parsed, err, sizeof(err)), "%s", err);
	CHECK(!probe_load(&b->run, parsed), "the kernel refuses:\n%s", rules);
	b->can_split = probe_can_split(&b->run);
}

static void disagree(const struct batch *b, int i, const struct frame *f, int want)
{
	fprintf(stderr, "'%s': libpcap says %s, the program says %s\n", b->text[i],
		want ? "yes" : "no", want ? "no" : "yes");
	fprintf(stderr, "frame of %u bytes, first buffer %u, stripped %d, tag %#x:\n", f->len,
		b->run.linear, !!(b->run.probe->flags & AFXDP_META_VLAN_STRIP),
		b->run.probe->vlan_tci);
	for (uint32_t at = 0; at < f->len && at < 256; at++)
		fprintf(stderr, "%02x%s", f->data[at], at % 16 == 15 ? "\n" : " ");
	fprintf(stderr, "\n");
	CHECK(0, "disagreement");
}

/* Run @sent and compare with what libpcap says of @wire, the frame with its tag. */
static void ask(struct batch *b, const struct frame *sent, const struct frame *wire,
		struct totals *t)
{
	probe_frame(&b->run, sent->data, sent->len);
	t->frames++;
	for (int i = 0; i < BATCH; i++) {
		int want = reference_match(b->reference[i], wire->data, wire->len);
		int got = b->run.probe->matched >> i & 1;

		t->questions++;
		t->matches += want == 1;
		t->open += want < 0;
		if (want >= 0 && got != want)
			disagree(b, i, wire, want == 1);
	}
}

static void compare(struct batch *b, unsigned long frames, struct rng *r, struct totals *t)
{
	static struct frame wire, stripped;
	bool ad;

	for (unsigned long n = 0; n < frames; n++) {
		frame_make(&wire, r);
		if (rng_chance(r, 60))
			frame_mutate(&wire, r);
		b->run.probe->flags = 0;
		b->run.linear = 0;
		if (b->can_split && wire.len > FRAME_MIN && rng_chance(r, 20)) {
			b->run.linear = FRAME_MIN + rng_below(r, wire.len - FRAME_MIN);
			t->split++;
		}
		ask(b, &wire, &wire, t);
		if (!frame_strip(&wire, &stripped, &b->run.probe->vlan_tci, &ad))
			continue;
		b->run.probe->flags = AFXDP_META_VLAN | AFXDP_META_VLAN_STRIP |
				      (ad ? AFXDP_META_VLAN_AD : 0);
		t->stripped++;
		ask(b, &stripped, &wire, t);
	}
}

/* What libpcap refuses we refuse, in its words. */
static void refused(void)
{
	unsigned int n = 0;

	for (const char *const *text = test_exprs; *text; text++) {
		char err[512], ours[1024];
		struct reference *reference = reference_make(*text, err, sizeof(err));
		struct afxdp_rules *rules = NULL;
		int ret = afxdp_rules_parse_expr(*text, &rules, ours, sizeof(ours));

		CHECK(!ret == !!reference, "'%s': we say %s, libpcap %s", *text, ret ? ours : "yes",
		      reference ? "yes" : err);
		if (ret) {
			CHECK(strstr(ours, *text), "'%s' is not quoted in '%s'", *text, ours);
			CHECK(ret == -EINVAL, "%d", ret);
			n++;
		}
		afxdp_rules_free(rules);
		reference_free(reference);
	}
	CHECK(n, "at least one of them is wrong");
}

int main(void)
{
	struct rng r = { .state = setting("AFXDP_DIFF_SEED", 1) };
	unsigned long programs = setting("AFXDP_DIFF_PROGRAMS", 12);
	unsigned long frames = setting("AFXDP_DIFF_FRAMES", 10000);
	const char *const *picked = test_exprs;
	static struct batch b;
	struct totals t = { 0 };

	libbpf_set_print(NULL);
	refused();
	for (unsigned long n = 0; n < programs; n++) {
		load(&b, &picked, &r);
		t.expressions += BATCH;
		compare(&b, frames, &r, &t);
		for (int i = 0; i < BATCH; i++)
			reference_free(b.reference[i]);
		probe_close(&b.run);
	}
	printf("%lu expressions, %lu frames (%lu with a stripped tag, %lu in pieces), %lu answers "
	       "equal (%lu yes), %lu left where libpcap has none\n",
	       t.expressions, t.frames, t.stripped, t.split, t.questions, t.matches, t.open);
	return 0;
}
