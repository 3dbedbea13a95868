/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Expressions that libpcap's optimiser is known to get wrong mean what they say; words that cannot
 * mean anything are refused by name, and what is probably not meant is said.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "../rules/batch.h"
#include "../rules/exprs.h"
#include "t.h"

/* ---- What libpcap's optimiser makes something else of: the issues of its repository ---- */

static void test_miscompiled(struct rng *r, uint32_t frames)
{
	static const char *const exprs[] = {
		/* 945 */
		"host 10.0.0.1 and not ((host 10.0.0.2 or host 10.0.0.3) and icmp) and not (host "
		"10.0.0.3 or host 10.0.0.1)",
		"host 10.0.0.1 and not ((host 10.0.0.2 or host 192.168.1.1) and udp) and not (host "
		"192.168.1.1 or host 10.0.0.1)",
		/* 1699 */
		"1/2=1/3&&1>4/5&&1>6/7",
		/* 434 */
		"len >= 2147483648 & 2147483648 or len < 0 | 2147483648",
		"len <= 4294967295 & 2147483647 and len > 2147483647 + 0",
		/* 437 */
		"(1 = 0) || (1 / 4294967295 = 0) and (0 & 4294967295 = 0)",
		"(1 = 0) || (2147483648 / 4294967295 = 0) and (0 & 4294967295 = 0)",
		/* 112 */
		"(ip[12:4] = 0x0a000001 or ip[16:4] = 0x0a000001) and (not ((ip[12:4] = 0x0a000002 "
		"or "
		"ip[16:4] = 0x0a000002)))",
		/* 58 */
		"ip[4:2] & 0x0fff >= 2140 and ip[4:2] & 0x0fff <= 2147",
		/* 57 */
		"proto \\tcp and dst port 53",
		/* 33 */
		"(dst host 1234:5678:9abc:def0:feed:babe:dead:beef or dst host 2001:db8::1)",
		/* 42 */
		"tcp[0:2] >= 79 and tcp[0:2] <= 81",
		/* 1742 */
		"link[0:1] & 0xffffffff != 0",
		"ip[1:1] & 0xffffffff != 0",
		"link[0:4] & 0xffffffff = 0",
		/* 1162, 1513 */
		"(ether[len - 4:4] == 0x1d10c0da) and not (icmp or (vlan and icmp))",
		"ether proto 0x8892 or (vlan and ether proto 0x8892)",
	};
	static struct batch b;
	static struct frame f;
	uint64_t yes = 0;

	for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++)
		batch_add(&b, exprs[i], exprs[i]);
	batch_load(&b, "");
	for (uint32_t n = 0; n < frames; n++) {
		frame_make(&f, r);
		if (rng_chance(r, 40))
			frame_mutate(&f, r);
		yes += batch_ask(&b, &f, &f) + batch_ask_stripped(&b, &f, &f);
		/* Constants need no reference. */
		for (uint32_t i = 2; i < 7; i++)
			CHECK(i == 4 || b.run.probe->matched >> i & 1 || i == 3,
			      "'%s' is true of every frame", exprs[i]);
	}
	batch_unload(&b);
	CHECK(yes > frames, "%lu matches are too few to prove anything", yes);
	printf("miscompiled elsewhere: %lu matches\n", yes);
}

/* ---- Words ---- */

static void test_words(void)
{
	static const struct {
		const char *text, *says; /* NULL: it is taken */
	} words[] = {
		{ "src @@s", "a set is written @NAME" },
		{ "inbound", "'inbound' can match nothing here" },
		{ "outbound", "'outbound' can match nothing here" },
		{ "inbound and udp dst port 53", "received frames only" },
		{ "udp and not outbound", "'outbound'" },
		{ "ifindex 1", "one interface" },
		{ "type mgt", "802.11" },
		{ "type data subtype qos-data", "802.11" },
		{ "subtype beacon", "802.11" },
		{ "dir fromds", "802.11" },
		{ "direction tods", "802.11" },
		{ "wlan addr1 02:00:00:00:00:01", "802.11" },
		{ "radio[0] = 1", "802.11" },
		{ "gateway 10.0.0.1", "ether host MAC" },
		{ "ip broadcast", "ether broadcast" },
		{ "ifname em0", "packet filter" },
		{ "rulenum 3", "packet filter" },
		{ "reason match", "packet filter" },
		{ "action pass", "packet filter" },
		{ "vpi 3", "ATM" },
		{ "vci 3", "ATM" },
		{ "lane", "ATM" },
		{ "oamf4", "ATM" },
		{ "metac", "ATM" },
		{ "bcc", "ATM" },
		{ "connectmsg", "ATM" },
		{ "fisu", "MTP2" },
		{ "msu", "MTP2" },
		{ "sio 3", "MTP3" },
		{ "opc 3", "MTP3" },
		{ "hdpc 3", "MTP3" },
		{ "tcp and inner udp", "in front of the whole" },
		{ "inner vlan", "'vlan' behind 'inner'" },
		{ "inner mpls and udp", "'mpls' behind 'inner'" },
		{ "inner ip6 protochain 6", "protochain" },
		{ "ether host 02:00:00:00:00:01", NULL },
		{ "ether multicast", NULL },
		{ "wlan host 02:00:00:00:00:01", NULL }, /* pcap-filter(7): an alias of ether */
		{ "fddi proto 0x800", NULL },
		{ "iso proto \\clnp", NULL },
		{ "isis and l1", NULL },
		{ "decnet host 1.2", NULL },
		{ "ip proto \\igmp", NULL },
		{ "byte 3 > 5", NULL },
		{ "link[3] = 5", NULL },
		{ "pppoed", NULL },
		{ "geneve", NULL },
		{ "netbeui or ipx or atalk or aarp or lat or moprc or mopdl", NULL },
		{ "carp or vrrp or igrp or pim or esp or ah or icmp6", NULL },
	};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		struct afxdp_rules *rules = NULL;
		char err[1024] = "";
		int ret = afxdp_rules_parse_expr(words[i].text, &rules, err, sizeof(err));

		if (words[i].says)
			CHECK(ret == -EINVAL && strstr(err, words[i].says), "'%s': %d, '%s'",
			      words[i].text, ret, err);
		else
			CHECK(!ret, "'%s': %s", words[i].text, err);
		afxdp_rules_free(rules);
	}
}

/* What is right and probably not meant is taken, with a warning; @says NULL: without. */
static void test_hints(void)
{
	static const struct {
		const char *text, *says;
	} hints[] = {
		{ "vlan 2 or vlan 3", "3 inside of another tag" },
		{ "mpls 2 or mpls 3", "3 behind another label" },
		{ "pppoes 2 || pppoes 3", "3 inside of another" },
		{ "vlan 2 or udp", "UDP behind a tag only" },
		{ "(vlan 2 and tcp) or udp", "UDP behind a tag only" },
		{ "mpls or udp", "UDP behind a label only" },
		{ "pppoes or udp", "UDP in a session only" },
		{ "not vlan and udp", "'not vlan and udp' likewise" },
		{ "!(vlan 2) && udp", "'not vlan and udp' likewise" },
		{ "(udp or vlan) and port 53", "UDP behind a tag only" },
		{ "udp or vlan and tcp", "UDP behind a tag only" },
		{ "ip6 and udp[0:2] = 53", "IPv4 only" },
		{ "udp or (vlan and udp)", NULL },
		{ "vlan 2 and (udp or tcp)", NULL },
		{ "vlan and vlan 3 and not arp", NULL },
		{ "(ip or arp) and ether[0] & 1 = 0 and vlan 2 and len > 60", NULL },
		{ "udp or vlan 2", NULL },
		{ "not vlan", NULL },
		{ "not (vlan 2)", NULL },
		{ "udp and not (vlan and udp)", NULL },
		{ "mpls 2 and (udp or tcp)", NULL },
	};

	for (size_t i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		struct afxdp_rules *rules = NULL;
		char err[1024] = "";
		const char *warning = NULL;
		bool found = false;

		CHECK(!afxdp_rules_parse_expr(hints[i].text, &rules, err, sizeof(err)), "'%s': %s",
		      hints[i].text, err);
		for (uint32_t n = 0; (warning = afxdp_rules_warning(rules, n)); n++)
			found |= !hints[i].says ? !strstr(warning, "never matches")
						: !!strstr(warning, hints[i].says);
		CHECK(found == !!hints[i].says, "'%s': %s hint", hints[i].text,
		      found ? "an unwanted" : "no");
		afxdp_rules_free(rules);
	}
}

int main(void)
{
	struct rng r = { .state = 7 };

	libbpf_set_print(NULL);
	test_words();
	test_hints();
	test_miscompiled(&r, 4000);
	return 0;
}
