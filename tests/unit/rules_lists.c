/* SPDX-License-Identifier: GPL-2.0-only */
/* Long lists of addresses become sets: the same text says the same. */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "../rules/batch.h"
#include "../rules/exprs.h"
#include "t.h"

#define LISTED 80

/* LISTED addresses, some of which frames have, @qualifier in front of the first or of @each. */
static void make_list(char *to, size_t size, struct rng *r, const char *qualifier, bool each,
		      bool net)
{
	size_t n = 0;

	for (int i = 0; i < LISTED; i++) {
		uint32_t a = i % 20 ? 0x0b000000 + rng_below(r, 0xffffff)
				    : rng_pick(r, test_addresses);
		uint32_t length = net ? 8 + rng_below(r, 25) : 32;

		a &= length < 32 ? ~(UINT32_MAX >> length) : UINT32_MAX;
		n += snprintf(to + n, size - n, "%s%s%u.%u.%u.%u", i ? " or " : "",
			      each || !i ? qualifier : "", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff,
			      a & 0xff);
		if (net)
			n += snprintf(to + n, size - n, "/%u", length);
	}
}

static const char *const contexts[] = { "%",	     "not (%)",	     "udp and (%)",
					"udp and %", "% and udp",    "% or port 53",
					"not %",     "vlan and (%)", "(%) or (vlan and (%))" };

#define CONTEXTS (sizeof(contexts) / sizeof(contexts[0]))

static void add_all(struct batch *b, const char *list, uint32_t step, uint32_t from)
{
	static char text[BATCH_EXPR];

	for (size_t i = from; i < CONTEXTS; i += step) {
		batch_fill_in(text, sizeof(text), contexts[i], list);
		batch_add(b, text, text);
	}
}

/* @v6: a list with IPv6 addresses leaves frames out that end inside of one. */
static uint64_t ask_all(struct batch *b, struct rng *r, uint32_t frames, bool v6)
{
	static struct frame f;
	uint64_t yes = 0;

	for (uint32_t n = 0; n < frames; n++) {
		uint32_t len;

		frame_make(&f, r);
		len = f.len;
		if (rng_chance(r, 50))
			frame_mutate(&f, r);
		if (!v6 || !frame_may_be_cut(&f, len))
			yes += batch_ask(b, &f, &f) + batch_ask_stripped(b, &f, &f);
	}
	return yes;
}

static void test_lists(struct rng *r, uint32_t frames)
{
	static const struct {
		const char *qualifier;
		bool each, net;
	} kinds[] = {
		{ "host ", true, false },     { "host ", false, false },
		{ "src host ", true, false }, { "dst ", true, false },
		{ "src ", false, false },     { "net ", true, true },
		{ "src net ", false, true },
	};
	static struct batch b;
	static char list[BATCH_EXPR / 3];
	struct afxdp_set_info info;
	uint64_t yes = 0;

	for (size_t round = 0; round < sizeof(kinds) / sizeof(kinds[0]); round++) {
		make_list(list, sizeof(list), r, kinds[round].qualifier, kinds[round].each,
			  kinds[round].net);
		add_all(&b, list, 1, 0);
		batch_load(&b, "");
		CHECK(!afxdp_rules_set(b.run.rules, CONTEXTS - 1, &info) && info.ipv4 > LISTED / 2,
		      "lists of '%s' have not become sets", kinds[round].qualifier);
		yes += ask_all(&b, r, frames, false);
		batch_unload(&b);
	}
	CHECK(yes > frames, "%lu matches are too few to prove anything", yes);
	printf("lists: %lu matches\n", yes);
}

/* ---- Of both families, and of all qualifiers ---- */

/* So many of each kind. */
#define MIXED 70

static size_t put_address(char *to, size_t size, struct rng *r, bool v6, bool net)
{
	uint32_t a = rng_chance(r, 20) ? rng_pick(r, test_addresses)
				       : 0x0b000000 + rng_below(r, 0xffffff);
	uint32_t length = net ? 8 + rng_below(r, 25) : 32;

	a &= length < 32 ? ~(UINT32_MAX >> length) : UINT32_MAX;
	if (v6 && net)
		return snprintf(to, size, "2001:db8:%x::/%u", rng_below(r, 4),
				48 + rng_below(r, 16));
	if (v6)
		return snprintf(to, size, "2001:db8::%x", rng_below(r, 200));
	return net ? snprintf(to, size, "%u.%u.%u.%u/%u", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff,
			      a & 0xff, length)
		   : snprintf(to, size, "%u.%u.%u.%u", a >> 24, a >> 16 & 0xff, a >> 8 & 0xff,
			      a & 0xff);
}

/* @kinds of qualifiers in turn or at random, IPv4 (%) and IPv6 (6). */
static void mix_list(char *to, size_t size, struct rng *r, const char *const *kinds, bool in_turn)
{
	uint32_t n = 0;
	size_t at = 0;

	while (kinds[n])
		n++;
	for (uint32_t i = 0; i < n * MIXED; i++) {
		const char *kind = kinds[in_turn ? i % n : rng_below(r, n)];
		bool v6 = *kind == '6';

		at += snprintf(to + at, size - at, "%s%s ", i ? " or " : "", kind + v6);
		at += put_address(to + at, size - at, r, v6, strstr(kind, "net"));
	}
}

static void test_mixed(struct rng *r, uint32_t frames)
{
	static const char *const kinds[][7] = {
		{ "host", "6host", NULL },
		{ "src host", "6src host", "dst host", "6dst host", NULL },
		{ "host", "net", "6host", "6net", NULL },
		{ "src or dst host", "arp host", "ip src net", "6ip6 dst host", NULL },
		{ "src net", "dst host", NULL },
	};
	static struct batch b;
	static char list[BATCH_EXPR / 3];
	struct afxdp_rules_size size;
	uint64_t yes = 0;

	for (size_t round = 0; round < sizeof(kinds) / sizeof(kinds[0]); round++) {
		mix_list(list, sizeof(list), r, kinds[round], round % 2 == 0);
		/* No more sets than there may be. */
		add_all(&b, list, 3, round % 3);
		batch_load(&b, "");
		afxdp_rules_size(b.run.rules, &size);
		CHECK(size.sets >= 2 * CONTEXTS / 3, "round %zu: %u sets are too few", round,
		      size.sets);
		yes += ask_all(&b, r, frames, true);
		batch_unload(&b);
	}
	CHECK(yes > frames, "%lu matches are too few to prove anything", yes);
	printf("mixed lists: %lu matches\n", yes);
}

/* ---- Addresses with ports ---- */

#define PAIRS 80

static void make_pairs(char *to, size_t size, struct rng *r, const char *template)
{
	size_t n = 0;

	for (int i = 0; i < PAIRS; i++) {
		uint32_t port = rng_chance(r, 70) ? rng_pick(r, test_ports) : rng_below(r, 65536);

		n += snprintf(to + n, size - n, "%s", i ? " or " : "");
		for (const char *t = template; *t; t++)
			if (*t == '%')
				n += put_address(to + n, size - n, r, false, false);
			else if (*t == '#')
				n += snprintf(to + n, size - n, "%u", port);
			else
				n += snprintf(to + n, size - n, "%c", *t);
	}
}

/* Of a frame that ends inside of its ports a set and a list do not say the same. */
static void test_pairs(struct rng *r, uint32_t frames)
{
	static const char *const templates[] = {
		"(host % and port #)",	       "(dst host % and tcp dst port #)",
		"(src port # and dst host %)", "(udp and ip src host % and src port #)",
		"(host % && udp dst port #)",
	};
	static char list[BATCH_EXPR / 3];
	static struct batch b;
	static struct frame f;
	struct afxdp_rules_size size;
	uint64_t yes = 0;

	for (size_t round = 0; round < sizeof(templates) / sizeof(templates[0]); round++) {
		make_pairs(list, sizeof(list), r, templates[round]);
		add_all(&b, list, 2, round % 2);
		batch_load(&b, "");
		afxdp_rules_size(b.run.rules, &size);
		CHECK(size.sets >= CONTEXTS / 2, "'%s': %u sets are too few", templates[round],
		      size.sets);
		for (uint32_t n = 0; n < frames; n++) {
			frame_make(&f, r);
			yes += batch_ask(&b, &f, &f) + batch_ask_stripped(&b, &f, &f);
		}
		batch_unload(&b);
	}
	CHECK(yes > frames, "%lu matches are too few to prove anything", yes);
	printf("pairs: %lu matches\n", yes);
}

/* What was refused as too complex: a thousand of each, alternating. */
static void test_long(void)
{
	static char text[200000];
	struct afxdp_rules *rules;
	size_t at = 0;
	char err[512];

	for (uint32_t i = 0; i < 1000; i++)
		at += snprintf(text + at, sizeof(text) - at,
			       "%shost 10.%u.%u.1 or host 2001:db8:%x::1", i ? " or " : "", i >> 8,
			       i & 0xff, i);
	CHECK(!afxdp_rules_parse_expr(text, &rules, err, sizeof(err)), "%s", err);
	afxdp_rules_free(rules);
	at = 0;
	for (uint32_t i = 0; i < 1000; i++)
		at += snprintf(text + at, sizeof(text) - at, "%s(host 10.%u.%u.1 and port %u)",
			       i ? " or " : "", i >> 8, i & 0xff, 1000 + i);
	CHECK(!afxdp_rules_parse_expr(text, &rules, err, sizeof(err)), "%s", err);
	afxdp_rules_free(rules);
}

int main(void)
{
	struct rng r = { .state = 7 };

	libbpf_set_print(NULL);
	test_long();
	test_lists(&r, 1000);
	test_mixed(&r, 400);
	test_pairs(&r, 400);
	return 0;
}
