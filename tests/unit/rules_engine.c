/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Rule lists against a model that goes through them one by one: the same verdict by the same rule
 * for every frame, and the same counters at the end.
 */
#include <bpf/libbpf.h>
#include <string.h>
#include <time.h>
#include "../rules/exprs.h"
#include "../rules/frames.h"
#include "../rules/reference.h"
#include "../rules/run.h"
#include "t.h"

#define RULES_MAX  200
#define EXPR_LEN   2048
#define CANDIDATES (8 + 6)

enum kind {
	PASS,
	DROP,
	CAPTURE,
	TX,
	COUNT,
	SAMPLE,
	LIMIT,
	LIMIT_SRC
};

struct rule {
	enum kind kind;
	uint32_t number; /* sample: every; limit: burst */
	uint32_t to;	 /* capture: AFXDP_CLASS_TO() */
	struct reference *reference;
	uint64_t frames, bytes; /* matched */
	uint64_t seen;		/* sample */
	/* limit: passed of each source; `per src`: who that is, in the expression's context */
	uint64_t passed[CANDIDATES + 1];
	struct reference *candidate[CANDIDATES], *any_source;
};

struct model {
	struct rule rule[RULES_MAX];
	uint32_t rules;
	uint32_t otherwise; /* AFXDP_TO() */
	uint32_t name;	    /* that captures are sent to now: s1, s2 ...; 0: none */
	uint32_t named[AFXDP_ROUTES], names; /* in the order in which they came up */
	struct timespec start;
};

static const struct {
	const char *format;
	uint32_t verdict;
} kinds[] = {
	[PASS] = { "pass", AFXDP_PASS },
	[DROP] = { "drop", AFXDP_DROP },
	[CAPTURE] = { "capture", AFXDP_CAPTURE },
	[TX] = { "tx", AFXDP_TX },
	[COUNT] = { "count", 0 },
	[SAMPLE] = { "sample 1/%u", AFXDP_CAPTURE },
	/* One frame a second after the burst: slow enough for the model to know. */
	[LIMIT] = { "limit 1/s burst %u", AFXDP_LIMIT },
	[LIMIT_SRC] = { "limit 1/s burst %u per src", AFXDP_LIMIT },
};

/* Many short expressions that overlap, some of all kinds. */
static void some_expr(char *text, struct rng *r)
{
	static const char *const common[] = {
		"udp",
		"tcp",
		"ip",
		"ip6",
		"udp port 53",
		"tcp dst port 80",
		"arp",
		"src net 10.0.0.0/8",
		"host 10.0.0.1",
		"udp dst port 4000",
		"icmp",
		"vlan",
		"vlan and ip",
		"len > 100",
		"not ip",
		"tcp[tcpflags] & tcp-syn != 0",
		"dst host 10.0.0.2 and udp dst port 53",
	};

	if (rng_chance(r, 60))
		snprintf(text, EXPR_LEN, "%s", rng_pick(r, common));
	else
		expr_make(text, EXPR_LEN, r);
}

static void make_candidates(struct rule *rule, const char *expr)
{
	char text[EXPR_LEN + 200], err[512];

	for (int i = 0; i < CANDIDATES; i++) {
		uint32_t a = i < 8 ? test_addresses[i] : 0;

		if (i < 8)
			snprintf(text, sizeof(text), "(%s) and src host %u.%u.%u.%u", expr, a >> 24,
				 a >> 16 & 0xff, a >> 8 & 0xff, a & 0xff);
		else
			snprintf(text, sizeof(text), "(%s) and src host %s", expr,
				 test_addresses6[i - 8]);
		rule->candidate[i] = reference_make(text, err, sizeof(err));
	}
	snprintf(text, sizeof(text),
		 "(%s) and (src net 0.0.0.0/1 or src net 128.0.0.0/1 or src net ::/1 or src net "
		 "8000::/1)",
		 expr);
	rule->any_source = reference_make(text, err, sizeof(err));
	CHECK(rule->any_source, "'%s': %s", text, err);
}

/* `to`, if that is so now. Return: the consumer's number. */
static uint32_t say_to(struct model *m, char *text, size_t size)
{
	uint32_t to = 0;

	text[0] = '\0';
	if (!m->name)
		return 0;
	snprintf(text, size, " to s%u", m->name);
	while (to < m->names && m->named[to] != m->name)
		to++;
	if (to == m->names)
		m->named[m->names++] = m->name;
	return to + 1;
}

/* One more rule, if libpcap always answers for it; what does not is for rules_diff.c. */
static size_t add_rule(struct model *m, enum kind kind, const char *expr, char *text, size_t size,
		       struct rng *r)
{
	struct rule *rule = &m->rule[m->rules];
	char err[512], to[16] = "";
	size_t n;

	rule->reference = reference_make(expr, err, sizeof(err));
	if (!rule->reference || strstr(expr, "protochain") || strstr(expr, "geneve")) {
		reference_free(rule->reference);
		return 0;
	}
	rule->kind = kind;
	rule->number = 1 + rng_below(r, 5);
	if (kind == LIMIT_SRC)
		make_candidates(rule, expr[0] ? expr : "len >= 0");
	n = snprintf(text, size, kinds[kind].format, rule->number);
	if (kind == CAPTURE)
		rule->to = say_to(m, to, sizeof(to));
	n += snprintf(text + n, size - n, "%s %s\n", to, expr);
	m->rules++;
	return n;
}

/* Rules about one address each, which are compiled as one; some are about the same one. */
#define ROW 70

static size_t add_row(struct model *m, char *text, size_t size, struct rng *r)
{
	static const char *const qualifiers[] = { "host",    "src host", "dst",
						  "ip host", "arp host", "src or dst host",
						  "src net" };
	static const enum kind deciding[] = { PASS, DROP, CAPTURE, TX };
	const char *qualifier = rng_pick(r, qualifiers);
	enum kind kind = rng_pick(r, deciding);
	size_t n = 0;

	m->name = rng_below(r, AFXDP_ROUTES);

	for (int i = 0; i < ROW; i++) {
		uint32_t a = rng_chance(r, 10) ? rng_pick(r, test_addresses)
					       : 0x0b000000 + rng_below(r, 99);
		char expr[64];

		snprintf(expr, sizeof(expr), "%s %u.%u.%u.%u%s", qualifier, a >> 24, a >> 16 & 0xff,
			 a >> 8 & 0xff, a & 0xff, strstr(qualifier, "net") ? "/32" : "");
		n += add_rule(m, kind, expr, text + n, size - n, r);
	}
	return n;
}

static void make_rules(struct model *m, char *text, size_t size, struct rng *r, uint32_t rules,
		       bool rows)
{
	static const enum kind often[] = { PASS,  DROP,	  CAPTURE, TX,	  COUNT, COUNT,
					   COUNT, SAMPLE, SAMPLE,  LIMIT, LIMIT, LIMIT_SRC };
	static const uint32_t defaults[] = { AFXDP_PASS, AFXDP_DROP, AFXDP_CAPTURE, AFXDP_TX };
	static const char *const names[] = { "pass", "drop", "capture", "tx" };
	uint32_t n = 0, other = rng_below(r, 4);
	char to[16] = "";

	memset(m, 0, sizeof(*m));
	m->otherwise = defaults[other];
	while (m->rules < rules) {
		char expr[EXPR_LEN];

		if (rows && m->rules + ROW <= rules && rng_chance(r, 30)) {
			n += add_row(m, text + n, size - n, r);
			continue;
		}
		some_expr(expr, r);
		m->name = rng_below(r, AFXDP_ROUTES);
		n += add_rule(m, rows ? COUNT : rng_pick(r, often), expr, text + n, size - n, r);
	}
	m->name = rng_below(r, AFXDP_ROUTES);
	if (defaults[other] == AFXDP_CAPTURE)
		m->otherwise = AFXDP_TO(AFXDP_CAPTURE, say_to(m, to, sizeof(to)));
	snprintf(text + n, size - n, "default %s%s\n", names[other], to);
}

/*
 * The source address of @f in the context of a rule's expression, behind the tags it speaks of:
 * libpcap is asked for each of the addresses that frames usually have. Return: its number; -1: the
 * frame has none, -2: it has another one.
 */
static int source_of(const struct rule *rule, const struct frame *f)
{
	for (int i = 0; i < CANDIDATES; i++)
		if (rule->candidate[i] && reference_match(rule->candidate[i], f->data, f->len) == 1)
			return i;
	return reference_match(rule->any_source, f->data, f->len) == 1 ? -2 : -1;
}

/* How many passed of those that share @f's bucket; NULL: the model does not follow it. */
static uint64_t *passed(struct rule *rule, const struct frame *f)
{
	int source = rule->kind == LIMIT ? -1 : source_of(rule, f);

	return source == -2 ? NULL : &rule->passed[source + 1];
}

/* Is the frame over the limit of @rule? Up to the burst never, beyond it only time can tell: then
 * the program may say either, and at most one a second passes. */
static bool limited(const struct model *m, struct rule *rule, const struct frame *wire, bool says)
{
	uint64_t *n = passed(rule, wire);
	struct timespec now;

	if (!n)
		return says;
	clock_gettime(CLOCK_MONOTONIC, &now);
	if (says) {
		CHECK(*n >= rule->number, "limited after %lu of %u", *n, rule->number);
		return true;
	}
	++*n;
	CHECK(*n <= rule->number + (uint64_t)(now.tv_sec - m->start.tv_sec) + 1,
	      "%lu passed within a burst of %u", *n, rule->number);
	return false;
}

/* Go through the rules; @got is what the program says, which only limits look at. */
static uint32_t model_answer(struct model *m, const struct frame *f, const struct frame *wire,
			     uint32_t got)
{
	for (uint32_t i = 0; i < m->rules; i++) {
		struct rule *rule = &m->rule[i];
		uint32_t mine = AFXDP_CLASS(AFXDP_TO(kinds[rule->kind].verdict, rule->to), i);

		if (reference_match(rule->reference, wire->data, wire->len) != 1)
			continue;
		rule->frames++;
		rule->bytes += f->len;
		switch (rule->kind) {
		case COUNT:
			break;
		case SAMPLE:
			if (++rule->seen % rule->number == 0)
				return mine;
			break;
		case LIMIT:
		case LIMIT_SRC:
			if (limited(m, rule, wire, got == mine))
				return mine;
			break;
		default:
			return mine;
		}
	}
	return AFXDP_CLASS(m->otherwise, AFXDP_RULE_DEFAULT);
}

static void check_hits(const struct probe_run *p, const struct model *m, const char *text)
{
	for (uint32_t i = 0; i < m->rules; i++) {
		struct afxdp_hits hits;

		CHECK(!afxdp_rules_hits(p->rules, i, &hits), "rule %u", i);
		CHECK(hits.frames == m->rule[i].frames && hits.bytes == m->rule[i].bytes,
		      "rule %u '%s': %llu frames, %llu bytes counted, %lu and %lu expected in\n%s",
		      i, afxdp_rules_text(p->rules, i), hits.frames, hits.bytes, m->rule[i].frames,
		      m->rule[i].bytes, text);
	}
}

static void run(struct rng *r, uint32_t rules, uint32_t frames, bool rows)
{
	struct afxdp_rules_size size;
	static char text[RULES_MAX * EXPR_LEN];
	static struct frame wire, stripped;
	static struct model m;
	struct afxdp_rules *parsed;
	struct probe_run p;
	char err[512];
	bool ad;

	make_rules(&m, text, sizeof(text), r, rules, rows);
	CHECK(!afxdp_rules_parse_text("rules", text, strlen(text), &parsed, err, sizeof(err)),
	      "%s in\n%s", err, text);
	afxdp_rules_size(parsed, &size);
	CHECK(!rows || size.sets, "rules about one address each have not become one look-up");
	CHECK(!probe_load(&p, parsed), "the kernel refuses\n%s", text);
	p.probe->parse = 1;
	clock_gettime(CLOCK_MONOTONIC, &m.start);
	for (uint32_t n = 0; n < frames; n++) {
		const struct frame *sent = &wire;
		uint32_t got, want;

		frame_make(&wire, r);
		if (rng_chance(r, 50))
			frame_mutate(&wire, r);
		p.probe->flags = 0;
		if (rng_chance(r, 50) && frame_strip(&wire, &stripped, &p.probe->vlan_tci, &ad)) {
			sent = &stripped;
			p.probe->flags = AFXDP_META_VLAN | AFXDP_META_VLAN_STRIP |
					 (ad ? AFXDP_META_VLAN_AD : 0);
		}
		got = probe_frame(&p, sent->data, sent->len);
		want = model_answer(&m, sent, &wire, got);
		CHECK(got == want, "verdict %u to %u by rule %d, expected %u to %u by %d, in\n%s",
		      AFXDP_CLASS_VERDICT(got), AFXDP_CLASS_TO(got), (int)AFXDP_CLASS_RULE(got),
		      AFXDP_CLASS_VERDICT(want), AFXDP_CLASS_TO(want), (int)AFXDP_CLASS_RULE(want),
		      text);
	}
	check_hits(&p, &m, text);
	for (uint32_t i = 0; i < m.rules; i++) {
		reference_free(m.rule[i].reference);
		reference_free(m.rule[i].any_source);
		for (int k = 0; k < CANDIDATES; k++)
			reference_free(m.rule[i].candidate[k]);
	}
	probe_close(&p);
}

int main(void)
{
	struct rng r = { .state = 1 };

	libbpf_set_print(NULL);
	for (int i = 0; i < 25; i++)
		run(&r, 1 + rng_below(&r, 12), 1500, false);
	for (int i = 0; i < 4; i++)
		run(&r, 60 + rng_below(&r, 60), 3000, false);
	run(&r, RULES_MAX, 5000, false);
	for (int i = 0; i < 8; i++)
		run(&r, RULES_MAX, 2000, true);
	return 0;
}
