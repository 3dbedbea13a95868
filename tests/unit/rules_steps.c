/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What `rules explain` tells: for rules of all kinds and frames at random the graphs, the
 * instructions and the kernel come to the same answer, by the same rule; and of each expression the
 * graph says what libpcap says. AFXDP_STEPS_SEED, _PROGRAMS and _FRAMES make it another run, or a
 * longer one.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include <explain.h>
#include <rules.h>
#include "../rules/exprs.h"
#include "../rules/frames.h"
#include "../rules/reference.h"
#include "t.h"

#define RULES	 10
#define EXPR_LEN 2048
#define TEXT_LEN (RULES * (EXPR_LEN + 64) + 8192)

static const char dir[] = "/tmp/afxdp-steps";

static const struct {
	const char *name, *elements;
} sets[] = {
	{ "a", "10.0.0.0/24\n172.16.0.0/12\n2001:db8::/64\nff02::1\n" },
	{ "p", "53\n80\n1000-2000\n" },
	{ "m", "02:00:00:00:00:01\n" },
	{ "s", "10.0.0.1:53\n10.0.0.2:80\n192.168.1.1:443\n" },
};

static const char *const set_exprs[] = {
	"src @a",
	"@a",
	"not dst @a",
	"vlan and src @a",
	"inner @a",
	"src and dst @a",
	"udp port @p",
	"dst port @p and ip6",
	"ether src @m",
	"not ether host @m",
	"dst @s",
	"tcp src @s",
	"inner udp port @p",
	"inner ip6 and src @a",
	"arp src @a or ip6",
	"pppoes and @a",
};

static const char *const actions[] = {
	"drop",
	"pass",
	"capture",
	"tx",
	"count",
	"count",
	"sample 1/3",
	"limit 2/s",
	"limit 3/s burst 5 per src",
	"limit 1/s per dst/24,48",
	"limit 2/s per src and dst port",
	"limit 300B/s",
};

static unsigned long setting(const char *name, unsigned long otherwise)
{
	const char *s = getenv(name);

	return s ? strtoul(s, NULL, 0) : otherwise;
}

struct list {
	char text[TEXT_LEN];
	size_t at;
	struct reference *reference[RULES + 2 * 80];
	uint32_t rules;
};

__attribute__((format(printf, 2, 3))) static void put(struct list *l, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	l->at += vsnprintf(l->text + l->at, sizeof(l->text) - l->at, format, args);
	va_end(args);
	CHECK(l->at < sizeof(l->text), "too long");
}

static void write_sets(void)
{
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		char path[64];
		FILE *f;

		snprintf(path, sizeof(path), "%s-%d-%s", dir, getpid(), sets[i].name);
		f = fopen(path, "w");
		CHECK(f, "%s", path);
		fputs(sets[i].elements, f);
		fclose(f);
	}
}

static void remove_sets(void)
{
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++) {
		char path[64];

		snprintf(path, sizeof(path), "%s-%d-%s", dir, getpid(), sets[i].name);
		unlink(path);
	}
}

/* One rule: an expression that libpcap takes, or one with a set. */
static void put_rule(struct list *l, struct rng *r)
{
	static char expr[EXPR_LEN];
	struct reference *reference = NULL;
	const char *action = rng_pick(r, actions);
	char err[512];

	if (rng_chance(r, 35)) {
		put(l, "%s %s\n", action, rng_pick(r, set_exprs));
		l->reference[l->rules++] = NULL;
		return;
	}
	while (!reference) {
		expr_make(expr, sizeof(expr), r);
		reference = strlen(expr) < EXPR_LEN / 2 ? reference_make(expr, err, sizeof(err))
							: NULL;
	}
	put(l, "%s %s\n", action, *expr ? expr : "all");
	l->reference[l->rules++] = reference;
}

/* So many in a row that they become one look-up. */
static void put_table(struct list *l)
{
	for (int i = 0; i < 70; i++) {
		put(l, "drop src host 10.0.0.%d\n", 255 - i * 3);
		l->reference[l->rules++] = NULL;
	}
}

static void make_list(struct list *l, struct rng *r)
{
	l->at = l->rules = 0;
	for (size_t i = 0; i < sizeof(sets) / sizeof(*sets); i++)
		put(l, "set %s = \"%s-%d-%s\"\n", sets[i].name, dir, getpid(), sets[i].name);
	for (int i = 0; i < RULES; i++)
		put_rule(l, r);
	if (rng_chance(r, 30))
		put_table(l);
	put(l, "default %s\n", rng_chance(r, 50) ? "pass" : "drop");
}

struct told {
	const struct frame *f;
	unsigned long steps;
};

/* What is said of a load from a constant place is what is there. */
static int look(void *arg, const struct afxdp_explain_step *s)
{
	struct told *t = arg;
	unsigned int at, size = 1, said, is = 0;
	char end;

	t->steps++;
	if ((sscanf(s->text, "load ether[%u:%u%c", &at, &size, &end) != 3 || end != ']') &&
	    (sscanf(s->text, "load ether[%u%c", &at, &end) != 2 || end != ']'))
		return 0;
	if (sscanf(s->said, "0x%x", &said) != 1) {
		CHECK(at + size > t->f->len, "%s: %s", s->text, s->said);
		return 0;
	}
	CHECK(at + size <= t->f->len, "%s: %s", s->text, s->said);
	for (uint32_t i = 0; i < size; i++)
		is = is << 8 | t->f->data[at + i];
	CHECK(said == is, "%s: %s", s->text, s->said);
	return 0;
}

static bool same(const struct afxdp_trial_answer *a, const struct afxdp_trial_answer *b)
{
	return a->verdict == b->verdict && a->rule == b->rule;
}

struct totals {
	unsigned long frames, steps, matches, acted, verdicts[AFXDP_VERDICTS];
};

static void ask(const struct list *l, const struct afxdp_rules *rules, const struct frame *f,
		const struct afxdp_trial_answer *kernel, struct totals *t)
{
	struct afxdp_explain_frame frame = { f->data, f->len, kernel };
	struct afxdp_explain_outcome out = { .decides = false };
	struct afxdp_trial_answer answer = { afxdp_rules_default(rules), AFXDP_RULE_DEFAULT };
	struct told told = { .f = f };

	for (uint32_t i = 0; i < l->rules && !out.decides; i++) {
		int want = l->reference[i] ? reference_match(l->reference[i], f->data, f->len) : -1;

		CHECK(!afxdp_explain_rule(rules, i, &frame, look, &told, &out), "no memory");
		CHECK(want < 0 || want == out.matches, "rule %u: libpcap says %d in\n%s", i, want,
		      l->text);
		t->matches += out.matches;
		if (out.decides)
			answer = out.answer;
	}
	CHECK(same(&answer, kernel), "graphs: %d by %d, kernel: %d by %d, %u bytes, in\n%s",
	      answer.verdict, (int)answer.rule, kernel->verdict, (int)kernel->rule, f->len,
	      l->text);
	CHECK(!afxdp_explain_code(rules, &frame, look, &told, &out), "the code runs away in\n%s",
	      l->text);
	CHECK(same(&out.answer, kernel), "code: %d by %d, kernel: %d by %d, %u bytes, in\n%s",
	      out.answer.verdict, (int)out.answer.rule, kernel->verdict, (int)kernel->rule, f->len,
	      l->text);
	t->steps += told.steps;
	t->verdicts[kernel->verdict]++;
}

/* One frame, truncated at each byte of its headers. */
static void test_truncated(const struct list *l, struct afxdp_trial *trial,
			   const struct afxdp_rules *rules, const struct frame *whole,
			   struct totals *t)
{
	static struct frame f;
	struct afxdp_trial_answer kernel;

	f = *whole;
	for (f.len = AFXDP_TRIAL_MIN; f.len < whole->len && f.len < 120; f.len++) {
		CHECK(!afxdp_trial_frame(trial, f.data, f.len, 0, &kernel), "%u bytes", f.len);
		ask(l, rules, &f, &kernel, t);
		t->frames++;
	}
}

static void test_list(struct rng *r, unsigned long frames, struct totals *t)
{
	static struct list l;
	static struct frame f;
	struct afxdp_trial_answer kernel;
	struct afxdp_trial *trial;
	struct afxdp_rules *rules;
	char err[512];

	make_list(&l, r);
	CHECK(!afxdp_rules_parse_text("f", l.text, l.at, &rules, err, sizeof(err)), "%s in\n%s",
	      err, l.text);
	CHECK(!afxdp_trial_open(&trial, rules, err, sizeof(err)), "%s in\n%s", err, l.text);
	for (unsigned long i = 0; i < frames; i++) {
		frame_make(&f, r);
		if (rng_chance(r, 50))
			frame_mutate(&f, r);
		if (f.len < AFXDP_TRIAL_MIN)
			continue;
		CHECK(!afxdp_trial_frame(trial, f.data, f.len, i * 50000000, &kernel), "%u bytes",
		      f.len);
		ask(&l, rules, &f, &kernel, t);
		t->frames++;
		if (!(i % 100))
			test_truncated(&l, trial, rules, &f, t);
	}
	for (uint32_t i = 0; i < l.rules; i++)
		reference_free(l.reference[i]);
	afxdp_trial_close(trial);
	afxdp_rules_free(rules);
}

/* Without a frame: each node once, and every one that is named as a target. */
struct listing {
	uint32_t nodes, highest;
};

static int list_step(void *arg, const struct afxdp_explain_step *s)
{
	struct listing *l = arg;
	const char *p = s->said;
	unsigned int to;

	CHECK(s->number == ++l->nodes, "node %u behind %u", s->number, l->nodes - 1);
	while ((p = strstr(p, ": ")))
		if (sscanf(p += 2, "%u", &to) == 1 && to > l->highest)
			l->highest = to;
	return 0;
}

static void test_listing(void)
{
	const struct afxdp_explain_frame none = { .byte = NULL };
	struct afxdp_explain_outcome out;
	struct afxdp_rules *rules;
	char err[512];

	for (const char *const *text = test_exprs; *text; text++) {
		struct listing l = { .nodes = 0 };

		if (afxdp_rules_parse_expr(*text, &rules, err, sizeof(err)))
			continue;
		CHECK(!afxdp_explain_rule(rules, 0, &none, list_step, &l, &out), "no memory");
		CHECK(l.highest <= l.nodes, "'%s' leads to node %u of %u", *text, l.highest,
		      l.nodes);
		CHECK(afxdp_explain_rule(rules, 1, &none, list_step, &l, &out) == -ENOENT, "none");
		afxdp_rules_free(rules);
	}
}

int main(void)
{
	struct rng r = { .state = setting("AFXDP_STEPS_SEED", 5) };
	unsigned long programs = setting("AFXDP_STEPS_PROGRAMS", 15);
	unsigned long frames = setting("AFXDP_STEPS_FRAMES", 400);
	struct totals t = { 0 };

	libbpf_set_print(NULL);
	write_sets();
	atexit(remove_sets);
	test_listing();
	for (unsigned long i = 0; i < programs; i++)
		test_list(&r, frames, &t);
	CHECK(t.matches > t.frames / 2, "%lu matches", t.matches);
	for (int v = 0; v < AFXDP_VERDICTS; v++)
		CHECK(t.verdicts[v] > t.frames / 200 || v == AFXDP_ABORT || v == AFXDP_UNCLAIMED,
		      "verdict %d only %lu times", v, t.verdicts[v]);
	printf("%lu frames, %lu steps: graphs, instructions and kernel agree\n", t.frames, t.steps);
	return 0;
}
