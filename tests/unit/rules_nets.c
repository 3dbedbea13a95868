/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What words mean: a set in every context what `net` means there with the same prefixes; `inner`
 * what the rest of the expression means of the frame with its tags, labels and PPPoE taken off;
 * expressions that libpcap's optimiser is known to get wrong what they say; and words that cannot
 * mean anything are refused by name.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "../rules/exprs.h"
#include "../rules/frames.h"
#include "../rules/reference.h"
#include "../rules/run.h"
#include "t.h"

#define BATCH	 64
#define EXPR_LEN 8192

struct batch {
	struct reference *reference[BATCH];
	char ours[BATCH][EXPR_LEN];
	uint32_t n;
	struct probe_run run;
};

static const char set_path[] = "/tmp/afxdp-nets";

static const char *const prefixes4[] = { "10.0.0.0/24", "172.16.0.0/12", "192.168.1.1",
					 "224.0.0.0/4", NULL };
static const char *const prefixes6[] = { "2001:db8::/64", "fe80::/10", "ff02::1", NULL };

/* `DIRECTION net A or DIRECTION net B ...`, of those families that @direction leaves. */
static void spell_out(char *to, size_t size, const char *direction)
{
	bool v4 = strncmp(direction, "ip6", 3),
	     v6 = !v4 || (strncmp(direction, "ip", 2) && strncmp(direction, "arp", 3) &&
			  strncmp(direction, "rarp", 4));
	size_t n = snprintf(to, size, "(");

	for (const char *const *p = prefixes4; v4 && *p; p++)
		n += snprintf(to + n, size - n, "%s%s net %s", n > 1 ? " or " : "", direction, *p);
	for (const char *const *p = prefixes6; v6 && *p; p++)
		n += snprintf(to + n, size - n, "%s%s net %s", n > 1 ? " or " : "", direction, *p);
	snprintf(to + n, size - n, ")");
}

/* Both directions, one after the other: what libpcap says of a frame that ends between the two
 * addresses depends on the order of the prefixes, and a set has none. */
static void spell(char *to, size_t size, const char *protocol, const char *direction)
{
	bool both = !*direction || strlen(direction) > 3;
	char src[1024], dst[1024], qualified[32];

	snprintf(qualified, sizeof(qualified), "%s %s", protocol, both ? "src" : direction);
	spell_out(src, sizeof(src), protocol[0] ? qualified : qualified + 1);
	snprintf(qualified, sizeof(qualified), "%s dst", protocol);
	spell_out(dst, sizeof(dst), protocol[0] ? qualified : qualified + 1);
	if (both)
		snprintf(to, size, "(%s %s %s)", src, strstr(direction, "and") ? "and" : "or", dst);
	else
		snprintf(to, size, "%s", src);
}

/* @template with @what in the place of each `%`. */
static void fill_in(char *to, size_t size, const char *template, const char *what)
{
	size_t n = 0;

	for (; *template && n + 1 < size; template ++)
		if (*template == '%')
			n += snprintf(to + n, size - n, "%s", what);
		else
			to[n++] = *template;
	to[n] = 0;
}

static void load(struct batch *b, const char *head)
{
	static char text[BATCH * (EXPR_LEN + 16)];
	struct afxdp_rules *rules;
	char err[512];
	size_t n = snprintf(text, sizeof(text), "%s", head);

	for (uint32_t i = 0; i < b->n; i++)
		n += snprintf(text + n, sizeof(text) - n, "count %s\n", b->ours[i]);
	CHECK(!afxdp_rules_parse_text("rules", text, n, &rules, err, sizeof(err)), "%s", err);
	CHECK(!probe_load(&b->run, rules), "the kernel refuses:\n%s", text);
}

static void unload(struct batch *b)
{
	for (uint32_t i = 0; i < b->n; i++)
		reference_free(b->reference[i]);
	probe_close(&b->run);
	b->n = 0;
}

static void add(struct batch *b, const char *ours, const char *theirs)
{
	char err[512];

	CHECK(b->n < BATCH, "more than %d expressions", BATCH);
	snprintf(b->ours[b->n], EXPR_LEN, "%s", ours);
	b->reference[b->n] = reference_make(theirs, err, sizeof(err));
	CHECK(b->reference[b->n], "'%s': %s", theirs, err);
	b->n++;
}

/* Ask of @sent; libpcap is asked of @seen. */
static uint64_t ask(struct batch *b, const struct frame *sent, const struct frame *seen)
{
	uint64_t yes = 0;

	probe_frame(&b->run, sent->data, sent->len);
	for (uint32_t i = 0; i < b->n; i++) {
		int want = reference_match(b->reference[i], seen->data, seen->len);
		bool got = b->run.probe->matched >> i & 1;

		if (want < 0)
			continue;
		if (want != got)
			for (uint32_t at = 0; at < sent->len && at < 160; at++)
				fprintf(stderr, "%02x%s", sent->data[at],
					at % 16 == 15 ? "\n" : " ");
		CHECK(want == got, "'%s': %d, expected %d (%u bytes, stripped %d)", b->ours[i], got,
		      want, sent->len, !!(b->run.probe->flags & AFXDP_META_VLAN_STRIP));
		yes += want;
	}
	return yes;
}

/* The same with its outermost tag beside it. */
static uint64_t ask_stripped(struct batch *b, const struct frame *f, const struct frame *seen)
{
	static struct frame stripped;
	uint64_t yes;
	bool ad;

	if (!frame_strip(f, &stripped, &b->run.probe->vlan_tci, &ad))
		return 0;
	b->run.probe->flags = AFXDP_META_VLAN | AFXDP_META_VLAN_STRIP |
			      (ad ? AFXDP_META_VLAN_AD : 0);
	yes = ask(b, &stripped, seen);
	b->run.probe->flags = 0;
	return yes;
}

/* A frame that ends inside of an IPv6 address: `net` with a mask compares what there is, a set
 * needs it all (afxdp-rules(5)). */
static bool may_be_cut(const struct frame *f, uint32_t before)
{
	if (f->len >= before)
		return false;
	for (uint32_t i = 12; i + 1 < f->len && i < 80; i++)
		if ((f->data[i] == 0x86 && f->data[i + 1] == 0xdd) || f->data[i] == 0x57 ||
		    f->data[i] >> 4 == 6)
			return true;
	return false;
}

static void test_sets(struct rng *r, uint32_t frames)
{
	static const char *const contexts[] = {
		"%",
		"not %",
		"vlan and %",
		"vlan and not %",
		"vlan and vlan and %",
		"vlan 100 and %",
		"mpls and %",
		"mpls and mpls and %",
		"pppoes and %",
		"vlan and pppoes and %",
		"% and udp",
		"arp and %",
		"not ip and %",
		"% or (vlan and %)",
	};
	static const char *const directions[] = { "src", "dst", "", "src or dst", "src and dst" };
	static const char *const protocols[] = { "ip", "ip6", "arp", "rarp", "ip6" };
	static struct batch b;
	static struct frame f;
	char net[4096], ours[EXPR_LEN], theirs[EXPR_LEN], set[64];
	FILE *file = fopen(set_path, "w");
	uint64_t yes = 0;

	CHECK(file, "%s", set_path);
	for (const char *const *p = prefixes4; *p; p++)
		fprintf(file, "%s\n", *p);
	for (const char *const *p = prefixes6; *p; p++)
		fprintf(file, "%s\n", *p);
	fclose(file);
	for (uint32_t round = 0; round < 5; round++) {
		const char *direction = directions[round];

		for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
			spell(net, sizeof(net), "", direction);
			snprintf(set, sizeof(set), "%s @s", direction);
			fill_in(ours, sizeof(ours), contexts[i], set);
			fill_in(theirs, sizeof(theirs), contexts[i], net);
			add(&b, ours, theirs);
		}
		spell(net, sizeof(net), protocols[round], direction);
		snprintf(set, sizeof(set), "%s %s @s", protocols[round], direction);
		add(&b, set, net);
		snprintf(ours, sizeof(ours), "set s = \"%s\"\n", set_path);
		load(&b, ours);
		for (uint32_t n = 0; n < frames; n++) {
			uint32_t len;

			frame_make(&f, r);
			len = f.len;
			if (rng_chance(r, 50))
				frame_mutate(&f, r);
			if (may_be_cut(&f, len))
				continue;
			yes += ask(&b, &f, &f) + ask_stripped(&b, &f, &f);
		}
		unload(&b);
	}
	unlink(set_path);
	CHECK(yes > frames, "%lu matches are too few to prove anything", yes);
	printf("sets are nets: %lu matches\n", yes);
}

/* ---- inner ---- */

static uint32_t get16(const struct frame *f, uint32_t at)
{
	return f->data[at] << 8 | f->data[at + 1];
}

/* What `inner` sees of @f: our own idea of it. */
static void unwrap(const struct frame *f, struct frame *inner)
{
	uint32_t type = get16(f, 12), at = 14;

	for (;;) {
		if (type == 0x8100 || type == 0x88a8 || type == 0x9100) {
			type = at + 4 <= f->len ? get16(f, at + 2) : 0xffff;
			at += 4;
		} else if (type == 0x8847 || type == 0x8848) {
			bool last = at + 4 > f->len || f->data[at + 2] & 1;
			uint32_t nibble;

			if (at + 4 > f->len)
				type = 0xffff;
			at += 4;
			if (!last)
				continue;
			nibble = type != 0xffff && at < f->len ? f->data[at] >> 4 : 0;
			type = nibble == 4 ? 0x0800 : nibble == 6 ? 0x86dd : 0xffff;
		} else if (type == 0x8864) {
			uint32_t protocol = 0xffff;

			if (at + 7 <= f->len && f->data[at + 6] & 1) {
				protocol = f->data[at + 6];
				at += 7;
			} else {
				if (at + 8 <= f->len)
					protocol = get16(f, at + 6);
				at += 8;
			}
			type = protocol == 0x21	   ? 0x0800
			       : protocol == 0x57  ? 0x86dd
			       : protocol == 0x281 ? 0x8847
			       : protocol == 0x283 ? 0x8848
						   : 0xffff;
		} else {
			break;
		}
	}
	memcpy(inner->data, f->data, 12);
	inner->data[12] = type >> 8;
	inner->data[13] = type;
	inner->len = 14;
	if (at < f->len) {
		memcpy(inner->data + 14, f->data + at, f->len - at);
		inner->len += f->len - at;
	}
}

/* Put up to six wrappers around @f, in any order. */
static void wrap(struct frame *f, struct rng *r)
{
	uint32_t times = rng_below(r, 7);

	while (times-- && f->len < 1500) {
		uint32_t type = get16(f, 12), n = 4;
		uint8_t head[10] = { 0 };

		if (rng_chance(r, 60)) {
			static const uint16_t tags[] = { 0x8100, 0x88a8, 0x9100 };
			uint16_t tag = rng_pick(r, tags);

			head[0] = tag >> 8;
			head[1] = tag;
			head[3] = rng_next(r);
		} else if (type == 0x0800 || type == 0x86dd || type == 0x8847) {
			/* A label, or a session: its type takes the place of what it is about. */
			bool session = rng_chance(r, 50);

			n = session ? 8 : 4;
			head[0] = 0x88;
			head[1] = session ? 0x64 : 0x47;
			if (session)
				head[2] = 0x11;
			else
				head[4] = type != 0x8847;
			if (session)
				memcpy(head + 8,
				       type == 0x0800	? "\0\x21"
				       : type == 0x86dd ? "\0\x57"
							: "\2\x81",
				       2);
			/* Replaces the EtherType: two bytes more are moved over it. */
			memmove(f->data + 14 + n, f->data + 14, f->len - 14);
			memcpy(f->data + 12, head, 2);
			memcpy(f->data + 14, head + 2, n);
			f->len += n;
			continue;
		} else {
			continue;
		}
		memmove(f->data + 12 + n, f->data + 12, f->len - 12);
		memcpy(f->data + 12, head, n);
		f->len += n;
	}
}

static void test_inner(struct rng *r, uint32_t frames)
{
	static const char *const exprs[] = {
		"ip",
		"ip6",
		"arp",
		"udp",
		"tcp port 80",
		"src net 10.0.0.0/8",
		"not ip",
		"udp dst port 53",
		"icmp",
		"host 10.0.0.1",
		"ether proto 0x88cc",
		"greater 60",
		"less 100",
		"ip[0] & 0xf != 5",
		"tcp[tcpflags] & tcp-syn != 0",
		"ip6 and tcp",
		"ether[12] = 8",
		"ether[13] = 0",
		"ether[12:2] = 0x806",
		"ether host 02:00:00:00:00:01",
		"src host 10.0.0.2 or dst host 10.0.0.1",
		"len = 60",
		"stp",
		"ip proto 47",
		"sctp",
	};
	static struct batch b;
	static struct frame f, inner;
	char ours[EXPR_LEN];
	uint64_t yes = 0;

	for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
		snprintf(ours, sizeof(ours), "inner %s", exprs[i]);
		add(&b, ours, exprs[i]);
	}
	load(&b, "");
	for (uint32_t n = 0; n < frames; n++) {
		frame_make(&f, r);
		if (f.len < 1500)
			wrap(&f, r);
		if (rng_chance(r, 40))
			frame_mutate(&f, r);
		unwrap(&f, &inner);
		yes += ask(&b, &f, &inner) + ask_stripped(&b, &f, &inner);
	}
	unload(&b);
	CHECK(yes > frames, "%lu matches are too few to prove anything", yes);
	printf("inner: %lu matches\n", yes);
}

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
		add(&b, exprs[i], exprs[i]);
	load(&b, "");
	for (uint32_t n = 0; n < frames; n++) {
		frame_make(&f, r);
		if (rng_chance(r, 40))
			frame_mutate(&f, r);
		yes += ask(&b, &f, &f) + ask_stripped(&b, &f, &f);
		/* Constants need no reference. */
		for (uint32_t i = 2; i < 7; i++)
			CHECK(i == 4 || b.run.probe->matched >> i & 1 || i == 3,
			      "'%s' is true of every frame", exprs[i]);
	}
	unload(&b);
	CHECK(yes > frames, "%lu matches are too few to prove anything", yes);
	printf("miscompiled elsewhere: %lu matches\n", yes);
}

/* ---- Long lists of addresses, which become sets: the same text says the same ---- */

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

static void test_lists(struct rng *r, uint32_t frames)
{
	static const char *const contexts[] = {
		"%",	     "not (%)",	     "udp and (%)",
		"udp and %", "% and udp",    "% or port 53",
		"not %",     "vlan and (%)", "(%) or (vlan and (%))"
	};
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
	static struct frame f;
	char list[EXPR_LEN / 3], text[EXPR_LEN];
	struct afxdp_set_info info;
	uint64_t yes = 0;

	for (size_t round = 0; round < sizeof(kinds) / sizeof(kinds[0]); round++) {
		for (size_t i = 0; i < sizeof(contexts) / sizeof(contexts[0]); i++) {
			make_list(list, sizeof(list), r, kinds[round].qualifier, kinds[round].each,
				  kinds[round].net);
			fill_in(text, sizeof(text), contexts[i], list);
			add(&b, text, text);
		}
		load(&b, "");
		CHECK(!afxdp_rules_set(b.run.rules, 8, &info) && info.ipv4 > LISTED / 2,
		      "lists of '%s' have not become sets", kinds[round].qualifier);
		for (uint32_t n = 0; n < frames; n++) {
			frame_make(&f, r);
			if (rng_chance(r, 50))
				frame_mutate(&f, r);
			yes += ask(&b, &f, &f) + ask_stripped(&b, &f, &f);
		}
		unload(&b);
	}
	CHECK(yes > frames, "%lu matches are too few to prove anything", yes);
	printf("lists: %lu matches\n", yes);
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

int main(void)
{
	struct rng r = { .state = 7 };

	libbpf_set_print(NULL);
	test_words();
	test_miscompiled(&r, 4000);
	test_lists(&r, 1500);
	test_sets(&r, 3000);
	test_inner(&r, 20000);
	return 0;
}
