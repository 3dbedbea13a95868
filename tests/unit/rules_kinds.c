/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sets of ports, of Ethernet addresses, and of addresses with ports: the same as their elements
 * spelled out, in every context; and after changes while they run.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "../rules/batch.h"
#include "t.h"

#define ELEMENTS 8

/* What is written for an element: `%` stands for it, or for its address and `#` for its port. */
struct kind {
	const char *name;
	const char *element[ELEMENTS]; /* frames have some of them */
	struct {
		const char *ours, *theirs, *again; /* again: behind all of the first */
	} use[6];
};

static const struct kind kinds[] = {
	{ "ports",
	  { "53", "80", "4000", "1", "65535", "0", "8000", "443" },
	  { { "dst port @s", "dst port %", NULL },
	    { "src port @s", "src port %", NULL },
	    { "port @s", "src port %", "dst port %" },
	    { "tcp dst port @s", "tcp dst port %", NULL },
	    { "udp port @s", "udp src port %", "udp dst port %" } } },
	{ "Ethernet addresses",
	  { "02:00:00:00:00:01", "02:00:00:00:00:02", "ff:ff:ff:ff:ff:ff", "01:00:5e:00:00:01",
	    "02:00:00:00:01:01", "03:00:00:00:00:01", "00:00:00:00:00:00", "33:33:00:00:00:01" },
	  { { "ether src @s", "ether src %", NULL },
	    { "ether dst @s", "ether dst %", NULL },
	    { "ether host @s", "ether host %", NULL },
	    { "ether dst host @s", "ether dst host %", NULL } } },
	{ "addresses with ports",
	  { "10.0.0.1:53", "10.0.0.2:53", "10.0.0.1:80", "192.168.0.1:4000", "10.1.2.3:53",
	    "224.0.0.1:53", "10.0.0.2:4000", "0.0.0.0:0" },
	  { { "dst @s", "(dst host % and dst port #)", NULL },
	    { "src @s", "(src host % and src port #)", NULL },
	    { "@s", "(src host % and src port #)", "(dst host % and dst port #)" },
	    { "udp dst @s", "(dst host % and udp dst port #)", NULL } } },
};

static const char *const contexts[] = {
	"%",	      "vlan and %", "vlan and vlan and %", "pppoes and %",
	"mpls and %", "not %",	    "% and less 1000",	   "% or arp"
};

static const char path[] = "/tmp/afxdp-kinds";

/* @template of @element. */
static size_t put_one(char *to, size_t size, const char *template, const char *element)
{
	const char *colon = strrchr(element, ':');
	size_t n = 0, address = strchr(template, '#') ? (size_t)(colon - element) : strlen(element);

	for (; *template; template ++)
		if (*template == '%')
			n += snprintf(to + n, size - n, "%.*s", (int)address, element);
		else if (*template == '#')
			n += snprintf(to + n, size - n, "%s", colon + 1);
		else
			n += snprintf(to + n, size - n, "%c", *template);
	return n;
}

/* All elements of @set, by bit: first one end, then the other. */
static void spell(char *to, size_t size, const struct kind *k, int use, uint32_t set)
{
	const char *const templates[] = { k->use[use].theirs, k->use[use].again };
	size_t n = snprintf(to, size, "(");

	for (int t = 0; t < 2 && templates[t]; t++)
		for (uint32_t i = 0; i < ELEMENTS; i++) {
			if (!(set >> i & 1))
				continue;
			n += snprintf(to + n, size - n, "%s", n > 1 ? " or " : "");
			n += put_one(to + n, size - n, templates[t], k->element[i]);
		}
	snprintf(to + n, size - n, "%s)", n > 1 ? "" : "len < 0");
}

static void write_set(const struct kind *k, uint32_t set)
{
	FILE *f = fopen(path, "w");

	CHECK(f, "%s", path);
	for (uint32_t i = 0; i < ELEMENTS; i++)
		if (set >> i & 1)
			fprintf(f, "%s\n", k->element[i]);
	fclose(f);
}

static void add_uses(struct batch *b, const struct kind *k, uint32_t set)
{
	static char theirs[BATCH_EXPR], ours[BATCH_EXPR], list[BATCH_EXPR / 2];

	for (int use = 0; k->use[use].ours; use++) {
		spell(list, sizeof(list), k, use, set);
		for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
			/* There libpcap has no Ethernet addresses. */
			if (strstr(k->name, "Ethernet") && strchr(contexts[i], 'p'))
				continue;
			batch_fill_in(ours, sizeof(ours), contexts[i], k->use[use].ours);
			batch_fill_in(theirs, sizeof(theirs), contexts[i], list);
			batch_add(b, ours, theirs);
		}
	}
}

/* Frames that were not cut: of one that ends inside of what is looked up a set matches neither one
 * nor the other, and a list may (afxdp-rules(5)). */
static uint64_t ask_all(struct batch *b, struct rng *r, uint32_t frames)
{
	static struct frame f;
	uint64_t yes = 0;

	for (uint32_t n = 0; n < frames; n++) {
		frame_make(&f, r);
		yes += batch_ask(b, &f, &f) + batch_ask_stripped(b, &f, &f);
	}
	return yes;
}

static void test_kind(const struct kind *k, struct rng *r)
{
	uint32_t set = 0x55;
	struct afxdp_set_info info;
	static struct batch b;
	char head[128];
	uint64_t yes;

	write_set(k, set);
	snprintf(head, sizeof(head), "set s = \"%s\"\n", path);
	add_uses(&b, k, set);
	batch_load(&b, head);
	CHECK(!afxdp_rules_set(b.run.rules, 0, &info) && !strcmp(info.kind, k->name) &&
		      info.others == 4,
	      "%s: %s, %u", k->name, info.kind, info.others);
	yes = ask_all(&b, r, 3000);
	/* The same program with other elements: only the reference is made again. */
	for (int round = 0; round < 12; round++) {
		uint32_t i = rng_below(r, ELEMENTS), n = b.n;
		bool is = set >> i & 1;
		char err[256];
		int ret = is ? afxdp_rules_set_add(b.run.rules, "s", k->element[i], err,
						   sizeof(err))
			     : afxdp_rules_set_del(b.run.rules, "s", k->element[i], err,
						   sizeof(err));

		CHECK(ret == (is ? -EEXIST : -ENOENT), "%s, for the second time: %d", k->element[i],
		      ret);
		ret = is ? afxdp_rules_set_del(b.run.rules, "s", k->element[i], err, sizeof(err))
			 : afxdp_rules_set_add(b.run.rules, "s", k->element[i], err, sizeof(err));
		CHECK(!ret, "%s: %s", k->element[i], err);
		set ^= 1u << i;
		for (uint32_t e = 0; e < n; e++)
			reference_free(b.reference[e]);
		b.n = 0;
		add_uses(&b, k, set);
		yes += ask_all(&b, r, 300);
	}
	batch_unload(&b);
	CHECK(yes > 3000, "%s: %lu matches are too few to prove anything", k->name, yes);
	printf("%s: %lu matches\n", k->name, yes);
}

/* A range of ports, in part there already; a map without room takes nothing of it. */
static int append(void *arg, const char *element)
{
	char *list = arg;

	strcat(list, *list ? " " : "");
	strcat(list, element);
	return 0;
}

static void expect_list(struct afxdp_rules *rules, const char *want)
{
	static char list[100000];

	list[0] = 0;
	CHECK(!afxdp_rules_set_list(rules, "s", append, list) && !strcmp(list, want),
	      "'%.200s', not '%s'", list, want);
}

static void test_ranges(void)
{
	const struct kind *k = &kinds[0];
	char text[128], err[256];
	struct afxdp_rules *rules, *grown;
	struct probe_run run;

	write_set(k, 3);
	snprintf(text, sizeof(text), "set s = \"%s\"\ncount port @s\n", path);
	CHECK(!afxdp_rules_parse_text("rules", text, strlen(text), &rules, err, sizeof(err)), "%s",
	      err);
	CHECK(!probe_load(&run, rules), "the kernel refuses");
	CHECK(!afxdp_rules_set_add(rules, "s", "50-55", err, sizeof(err)), "%s", err);
	expect_list(rules, "50-55 80");
	CHECK(!afxdp_rules_set_del(rules, "s", "52-53", err, sizeof(err)), "%s", err);
	expect_list(rules, "50-51 54-55 80");
	CHECK(afxdp_rules_set_del(rules, "s", "50-55", err, sizeof(err)) == -ENOENT,
	      "not all there");
	CHECK(afxdp_rules_set_add(rules, "s", "10.0.0.1", err, sizeof(err)) == -EINVAL &&
		      strstr(err, "not a port"),
	      "%s", err);
	CHECK(afxdp_rules_set_add(rules, "s", "0-65535", err, sizeof(err)) == -ENOSPC, "room");
	expect_list(rules, "50-51 54-55 80");
	CHECK(!afxdp_rules_with_element(rules, "s", "0-65535", true, &grown, err, sizeof(err)),
	      "%s", err);
	expect_list(grown, "0-65535");
	afxdp_rules_free(grown);
	/* The rules were compiled for ports. */
	write_set(&kinds[1], 3);
	CHECK(afxdp_rules_with_set(rules, "s", path, &grown, err, sizeof(err)) == -EINVAL &&
		      strstr(err, "has Ethernet addresses, and set 's' is of ports"),
	      "%s", err);
	write_set(k, 0);
	CHECK(!afxdp_rules_with_set(rules, "s", path, &grown, err, sizeof(err)), "%s", err);
	expect_list(grown, "");
	CHECK(!afxdp_rules_set_add(grown, "s", "7", err, sizeof(err)), "%s", err);
	expect_list(grown, "7");
	afxdp_rules_free(grown);
	probe_close(&run);
}

int main(void)
{
	struct rng r = { .state = 5 };

	libbpf_set_print(NULL);
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		test_kind(&kinds[i], &r);
	test_ranges();
	unlink(path);
	return 0;
}
