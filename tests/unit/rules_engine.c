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

#define RULES_MAX 200
#define EXPR_LEN  2048
#define SOURCES	  64

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
	struct reference *reference;
	uint64_t frames, bytes; /* matched */
	uint64_t seen;		/* sample */
	struct {
		uint8_t address[16];
		uint64_t passed;
	} source[SOURCES];
	uint32_t sources;
};

struct model {
	struct rule rule[RULES_MAX];
	uint32_t rules;
	uint32_t otherwise; /* verdict */
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

static void make_rules(struct model *m, char *text, size_t size, struct rng *r, uint32_t rules)
{
	static const enum kind often[] = { PASS,  DROP,	  CAPTURE, TX,	  COUNT, COUNT,
					   COUNT, SAMPLE, SAMPLE,  LIMIT, LIMIT, LIMIT_SRC };
	static const uint32_t defaults[] = { AFXDP_PASS, AFXDP_DROP, AFXDP_CAPTURE, AFXDP_TX };
	static const char *const names[] = { "pass", "drop", "capture", "tx" };
	uint32_t n = 0, other = rng_below(r, 4);

	memset(m, 0, sizeof(*m));
	m->otherwise = defaults[other];
	while (m->rules < rules) {
		struct rule *rule = &m->rule[m->rules];
		char expr[EXPR_LEN], err[512];

		some_expr(expr, r);
		rule->reference = reference_make(expr, err, sizeof(err));
		/* What libpcap does not always answer is for rules_diff.c. */
		if (!rule->reference || strstr(expr, "protochain") || strstr(expr, "geneve")) {
			reference_free(rule->reference);
			continue;
		}
		rule->kind = rng_pick(r, often);
		rule->number = 1 + rng_below(r, 5);
		n += snprintf(text + n, size - n, kinds[rule->kind].format, rule->number);
		n += snprintf(text + n, size - n, " %s\n", expr);
		m->rules++;
	}
	snprintf(text + n, size - n, "default %s\n", names[other]);
}

/* Source addresses of untagged and tagged frames, as the program finds them. */
static bool source_of(const struct frame *f, uint8_t address[16])
{
	uint32_t at = 12, tags = 0, type;

	memset(address, 0, 16);
	for (;; at += 4) {
		if (at + 2 > f->len)
			return false;
		type = f->data[at] << 8 | f->data[at + 1];
		if ((type != 0x8100 && type != 0x88a8 && type != 0x9100) || tags++ == 2)
			break;
	}
	at += 2;
	if (type == 0x0800 && at + 16 <= f->len) {
		memcpy(address, &f->data[at + 12], 4);
		return true;
	}
	if (type == 0x86dd && at + 24 <= f->len) {
		memcpy(address, &f->data[at + 8], 16);
		return true;
	}
	return false;
}

static uint64_t *passed(struct rule *rule, const struct frame *f)
{
	uint8_t address[16] = { 0xff };

	/* The bucket of frames without an address, and the only one without `per src`. */
	if (rule->kind == LIMIT || !source_of(f, address))
		memset(address, 0xff, 16);
	for (uint32_t i = 0; i < rule->sources; i++)
		if (!memcmp(rule->source[i].address, address, 16))
			return &rule->source[i].passed;
	if (rule->sources == SOURCES)
		return NULL; /* too many to follow */
	memcpy(rule->source[rule->sources].address, address, 16);
	return &rule->source[rule->sources++].passed;
}

/* Is the frame over the limit of @rule? Up to the burst never, beyond it only time can tell: then
 * the program may say either, and at most one a second passes. */
static bool limited(const struct model *m, struct rule *rule, const struct frame *f, bool says)
{
	uint64_t *n = passed(rule, f);
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
		uint32_t mine = AFXDP_CLASS(kinds[rule->kind].verdict, i);

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
			if (limited(m, rule, f, got == mine))
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

static void run(struct rng *r, uint32_t rules, uint32_t frames)
{
	static char text[RULES_MAX * EXPR_LEN];
	static struct frame wire, stripped;
	static struct model m;
	struct afxdp_rules *parsed;
	struct probe_run p;
	char err[512];
	bool ad;

	make_rules(&m, text, sizeof(text), r, rules);
	CHECK(!afxdp_rules_parse_text("rules", text, strlen(text), &parsed, err, sizeof(err)),
	      "%s in\n%s", err, text);
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
		CHECK(got == want, "verdict %u by rule %d, expected %u by %d, in\n%s",
		      AFXDP_CLASS_VERDICT(got), (int)AFXDP_CLASS_RULE(got),
		      AFXDP_CLASS_VERDICT(want), (int)AFXDP_CLASS_RULE(want), text);
	}
	check_hits(&p, &m, text);
	for (uint32_t i = 0; i < m.rules; i++)
		reference_free(m.rule[i].reference);
	probe_close(&p);
}

int main(void)
{
	struct rng r = { .state = 1 };

	libbpf_set_print(NULL);
	for (int i = 0; i < 25; i++)
		run(&r, 1 + rng_below(&r, 12), 1500);
	for (int i = 0; i < 4; i++)
		run(&r, 60 + rng_below(&r, 60), 3000);
	run(&r, RULES_MAX, 5000);
	return 0;
}
