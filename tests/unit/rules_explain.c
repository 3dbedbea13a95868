/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is said of rules that never match: for lists made by hand what it is, and for lists at
 * random that it is true, by libpcap, of every frame.
 */
#include <bpf/libbpf.h>
#include <string.h>
#include <rules.h>
#include "../rules/exprs.h"
#include "../rules/frames.h"
#include "../rules/reference.h"
#include "t.h"

#define RULES	 12
#define EXPR_LEN 1024

static struct afxdp_rules *explained(const char *text)
{
	struct afxdp_rules *rules;
	char err[512];

	CHECK(!afxdp_rules_parse_text("f", text, strlen(text), &rules, err, sizeof(err)),
	      "%s in\n%s", err, text);
	CHECK(!afxdp_rules_explain(rules), "no memory");
	return rules;
}

/* Of line @line; NULL: nothing. */
static const char *said_of(const struct afxdp_rules *rules, uint32_t line)
{
	const char *warning;
	char head[32];

	snprintf(head, sizeof(head), "f:%u: ", line);
	for (uint32_t i = 0; (warning = afxdp_rules_warning(rules, i)); i++)
		if (!strncmp(warning, head, strlen(head)) && strstr(warning, "never matches"))
			return warning;
	return NULL;
}

/* The last line of each: what is said of it; NULL: nothing. */
static void test_table(void)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{ "drop ip and ip6\n", "it contradicts itself" },
		{ "drop less 60 and greater 100\n", "it contradicts itself" },
		{ "drop src 10.0.0.1 and src 10.0.0.2\n", "it contradicts itself" },
		{ "drop vlan and vlan and udp and tcp\n", "it contradicts itself" },
		{ "drop udp port 53 and tcp\n", "it contradicts itself" },
		{ "drop net 10.0.0.0/8\ndrop host 10.0.0.1\n", "line 1, 'drop net 10.0.0.0/8'" },
		{ "drop net 2001:db8::/32\npass src net 2001:db8:1::/48\n", "line 1" },
		{ "drop host 10.0.0.1\ndrop net 10.0.0.0/8\n", NULL },
		{ "drop src net 10.0.0.0/8\ndrop host 10.0.0.1\n", NULL },
		{ "count net 10.0.0.0/8\ndrop host 10.0.0.1\n", NULL },
		{ "drop inner net 10.0.0.0/8\ndrop host 10.0.0.1\n", NULL },
		{ "drop udp portrange 100-200\ndrop udp port 150\n", "line 1" },
		{ "drop udp portrange 100-200\ndrop udp port 201\n", NULL },
		{ "drop tcp\npass udp\ndrop tcp port 80\n", "line 1, 'drop tcp'" },
		{ "drop port 53\ndrop udp port 53\n", "line 1, 'drop port 53'" },
		{ "drop ip[8] > 5\ndrop ip[8] > 7\n", "line 1" },
		{ "drop ip[8] > 7\ndrop ip[8] > 5\n", NULL },
		{ "drop len > 100\ndrop greater 101\n", "line 1" },
		{ "drop len > 100\ndrop greater 100\n", NULL },
		{ "drop len >= 100\ndrop len > 99\n", "line 1" },
		{ "drop len >= 100\ndrop greater 99\n", NULL },
		{ "drop less 100\ndrop less 100 and udp\n", "line 1" },
		{ "drop less 100\ndrop less 101\n", NULL },
		{ "drop udp portrange 100-200\ndrop udp port 200\n", "line 1" },
		{ "drop udp portrange 100-200\ndrop udp port 99\n", NULL },
		{ "limit 1/s tcp\ndrop tcp port 80\n", NULL },
		{ "drop tcp\ndrop ip\ndrop ip6\ndrop not ip and not ip6\npass arp\n", "line 4" },
		{ "drop ip\ndrop not ip\npass udp or arp\n", "the rules before it" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct afxdp_rules *rules = explained(cases[i].text);
		const char *said = said_of(rules, afxdp_rules_count(rules));

		CHECK(!said == !cases[i].says && (!said || strstr(said, cases[i].says)), "%s'%s'",
		      cases[i].text, said ?: "nothing");
		afxdp_rules_free(rules);
	}
}

/* Expressions that often are about the same. */
static void some_expr(char *text, struct rng *r)
{
	static const char *const common[] = {
		"udp",
		"tcp",
		"ip",
		"ip6",
		"udp port 53",
		"port 53",
		"tcp dst port 80",
		"net 10.0.0.0/8",
		"src net 10.0.0.0/16",
		"host 10.0.0.1",
		"src 10.0.0.2",
		"portrange 20-100",
		"udp portrange 50-60",
		"len > 100",
		"greater 200",
		"less 90",
		"vlan",
		"vlan 100",
		"vlan and udp",
		"arp",
		"not ip",
		"ip[8] > 10",
		"ip[8] > 63",
		"dst net 10.0.0.0/8 and udp",
		"tcp[tcpflags] & tcp-syn != 0",
		"icmp or arp",
	};

	if (rng_chance(r, 75))
		snprintf(text, EXPR_LEN, "%s", rng_pick(r, common));
	else
		expr_make(text, EXPR_LEN, r);
}

static uint32_t test_random(struct rng *r, uint32_t frames)
{
	struct reference *reference[RULES];
	static char text[RULES * (EXPR_LEN + 16)], expr[EXPR_LEN];
	static struct frame f;
	struct afxdp_rules *rules;
	bool never[RULES];
	uint32_t said = 0, n = 0;
	size_t at = 0;
	char err[512];

	while (n < RULES) {
		some_expr(expr, r);
		reference[n] = reference_make(expr, err, sizeof(err));
		if (!reference[n] || strstr(expr, "protochain") || strstr(expr, "geneve")) {
			reference_free(reference[n]);
			continue;
		}
		at += snprintf(text + at, sizeof(text) - at, "drop %s\n", *expr ? expr : "all");
		n++;
	}
	rules = explained(text);
	for (uint32_t i = 0; i < RULES; i++) {
		never[i] = said_of(rules, i + 1);
		said += never[i];
	}
	for (uint32_t k = 0; k < frames; k++) {
		frame_make(&f, r);
		if (rng_chance(r, 50))
			frame_mutate(&f, r);
		for (uint32_t i = 0; i < RULES; i++) {
			if (reference_match(reference[i], f.data, f.len) != 1)
				continue;
			CHECK(!never[i], "'%s' matches a frame of %u bytes, in\n%s",
			      said_of(rules, i + 1), f.len, text);
			break;
		}
	}
	for (uint32_t i = 0; i < RULES; i++)
		reference_free(reference[i]);
	afxdp_rules_free(rules);
	return said;
}

int main(void)
{
	struct rng r = { .state = 3 };
	uint32_t said = 0;

	libbpf_set_print(NULL);
	test_table();
	for (int i = 0; i < 60; i++)
		said += test_random(&r, 3000);
	CHECK(said > 60, "%u rules that never match prove nothing", said);
	printf("%u rules never match\n", said);
	return 0;
}
