/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The XDP program on frames made by hand, each with what must be said of it written beside it:
 * where the headers are, which oddity is counted, which verdict is given and what the frame looks
 * like afterwards.
 */
#include "bpf_run.h"

#include <stddef.h>
#include "bpf_frames.h"

#define ALWAYS (AFXDP_META_MAGIC | AFXDP_META_RX_NS)
#define L3     AFXDP_META_L3
#define L4     AFXDP_META_L4
#define V6     AFXDP_META_IPV6
#define VLAN   AFXDP_META_VLAN
#define FRAG   AFXDP_META_FRAGMENT
#define BAD    AFXDP_META_MALFORMED

/* Counters that may go up by one; 0 is `received`, and stands for none here. */
#define ODD(name)    offsetof(struct afxdp_ledger, name)
#define COUNT(l, at) (*(const uint64_t *)((const char *)(l) + (at)))

static struct runner runner;

static void expect(const char *what, const struct frame *f, uint32_t flags, uint32_t l3,
		   uint32_t l4, uint32_t tci, size_t odd)
{
	struct afxdp_ledger before = runner_ledger(&runner), after;
	static struct run_result got;

	run_frame(&runner, f->data, f->len, &got);
	after = runner_ledger(&runner);
	CHECK(got.action == XDP_REDIRECT && got.meta_len == 32, "%s: action %u, metadata %u", what,
	      got.action, got.meta_len);
	CHECK(got.meta.flags == (flags | ALWAYS), "%s: flags %x, not %x", what, got.meta.flags,
	      flags | ALWAYS);
	CHECK(got.meta.l3_offset == l3, "%s: l3 %u, not %u", what, got.meta.l3_offset, l3);
	CHECK(got.meta.l4_offset == l4, "%s: l4 %u, not %u", what, got.meta.l4_offset, l4);
	CHECK(got.meta.vlan_tci == tci, "%s: tci %x, not %x", what, got.meta.vlan_tci, tci);
	CHECK(got.len == f->len && !memcmp(got.frame, f->data, f->len), "%s: changed", what);
	CHECK(after.received == before.received + 1 && after.captured == before.captured + 1 &&
		      after.bytes == before.bytes + f->len,
	      "%s: not counted", what);
	for (size_t at = ODD(no_meta); at < sizeof(after); at += sizeof(uint64_t))
		CHECK(COUNT(&after, at) == COUNT(&before, at) + (at == odd),
		      "%s: oddity at %zu of struct afxdp_ledger: %lu, not %lu", what, at,
		      COUNT(&after, at), COUNT(&before, at) + (at == odd));
}

/* A frame that ends with this layer 4 header, given as said. */
static void finish(struct frame *f, uint32_t protocol)
{
	frame_l4(f, protocol, 10);
	frame_end(f);
}

static void test_link_layer(void)
{
	static struct frame f;

	frame_ether(&f);
	expect("an Ethernet header alone", &f, 0, 0, 0, 0, 0);

	frame_ether(&f);
	frame_next(&f, ETHER_ARP);
	frame_pad(&f, 46);
	expect("ARP", &f, 0, 0, 0, 0, 0);

	frame_ether(&f);
	frame_next(&f, 46); /* 802.3: a length */
	frame_pad(&f, 46);
	expect("802.3 with LLC", &f, 0, 0, 0, 0, 0);

	frame_ether(&f);
	frame_vlan(&f, ETHER_VLAN, 0xe064);
	frame_ipv4(&f, 0, 0);
	finish(&f, IP_UDP);
	expect("one tag", &f, VLAN | L3 | L4, 18, 38, 0xe064, 0);

	frame_ether(&f);
	frame_vlan(&f, ETHER_QINQ, 0x0123);
	frame_vlan(&f, ETHER_VLAN, 0x0456);
	frame_ipv6(&f);
	finish(&f, IP_TCP);
	expect("two tags: the outer one counts", &f, VLAN | L3 | L4 | V6, 22, 62, 0x0123, 0);

	frame_ether(&f);
	frame_vlan(&f, ETHER_OLD_QINQ, 7);
	frame_ipv4(&f, 0, 0);
	finish(&f, IP_UDP);
	expect("tag of type 0x9100", &f, VLAN | L3 | L4, 18, 38, 7, 0);

	frame_ether(&f);
	for (uint32_t i = 1; i < 4; i++)
		frame_vlan(&f, ETHER_VLAN, i);
	frame_ipv4(&f, 0, 0);
	finish(&f, IP_UDP);
	expect("three tags: the third is not looked behind", &f, VLAN, 0, 0, 1, 0);

	frame_ether(&f);
	frame_vlan(&f, ETHER_VLAN, 1);
	f.len -= 2;
	expect("ends in a tag", &f, BAD, 0, 0, 0, ODD(short_l2));

	frame_ether(&f);
	frame_vlan(&f, ETHER_QINQ, 5);
	frame_vlan(&f, ETHER_VLAN, 6);
	f.len -= 1;
	expect("ends in the second tag", &f, VLAN | BAD, 0, 0, 5, ODD(short_l2));
}

static void test_ipv4(void)
{
	static const struct {
		const char *what;
		uint32_t at, value; /* byte of the IPv4 header to overwrite */
	} wrong[] = {
		{ "version 5", 0, 0x55 },
		{ "version 0", 0, 0x05 },
		{ "IHL 4", 0, 0x44 },
		{ "IHL 0", 0, 0x40 },
		{ "total length below the header's", 3, 19 },
		{ "total length beyond the frame", 3, 39 },
		{ "total length far beyond the frame", 2, 0xff },
		{ "IHL beyond the total length", 0, 0x4f },
	};
	static struct frame f;

	for (uint32_t options = 0; options <= 40; options += 4) {
		frame_ether(&f);
		frame_ipv4(&f, options, 0x4000); /* don't fragment is no fragment */
		finish(&f, IP_TCP);
		expect("IPv4 with options", &f, L3 | L4, 14, 34 + options, 0, 0);
	}

	frame_ether(&f);
	frame_ipv4(&f, 0, 0x2000);
	finish(&f, IP_UDP);
	expect("first fragment", &f, L3 | L4 | FRAG, 14, 34, 0, ODD(fragments));

	for (uint32_t offset = 1; offset < 0x2000; offset <<= 1) {
		frame_ether(&f);
		frame_ipv4(&f, 0, offset | (offset & 1 ? 0x2000 : 0));
		finish(&f, IP_UDP);
		expect("later fragment", &f, L3 | FRAG, 14, 0, 0, ODD(fragments));
	}

	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++) {
		frame_ether(&f);
		frame_ipv4(&f, 0, 0);
		finish(&f, IP_UDP);
		f.data[14 + wrong[i].at] = wrong[i].value;
		expect(wrong[i].what, &f, BAD, 0, 0, 0, ODD(bad_ipv4));
	}

	frame_ether(&f);
	frame_ipv4(&f, 0, 0);
	f.len -= 1;
	expect("IPv4 header cut off", &f, BAD, 0, 0, 0, ODD(bad_ipv4));
}

static void test_l4(void)
{
	static const struct {
		uint32_t protocol, size;
	} known[] = {
		{ IP_UDP, 8 }, { IP_TCP, 20 }, { IP_SCTP, 12 }, { IP_ICMP, 8 }, { IP_ICMPV6, 8 },
	};
	static struct frame f;

	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		uint32_t size = known[i].size, protocol = known[i].protocol;

		frame_ether(&f);
		frame_ipv4(&f, 0, 0);
		frame_l4(&f, protocol, 0);
		frame_end(&f);
		expect("a layer 4 header ends the frame", &f, L3 | L4, 14, 34, 0, 0);

		f.len -= 1;
		frame_end(&f);
		expect("one byte less", &f, L3 | BAD, 14, 0, 0, ODD(bad_l4));

		/* The packet ends in it; that the frame goes on helps nobody. */
		frame_ether(&f);
		frame_ipv4(&f, 0, 0);
		frame_l4(&f, protocol, 0);
		f.len -= size - 4;
		frame_end(&f);
		frame_pad(&f, 30);
		expect("padding is not a header", &f, L3 | BAD, 14, 0, 0, ODD(bad_l4));

		frame_ether(&f);
		frame_ipv6(&f);
		frame_l4(&f, protocol, 0);
		frame_end(&f);
		expect("behind IPv6", &f, L3 | L4 | V6, 14, 54, 0, 0);
	}

	for (uint32_t protocol = 0; protocol < 256; protocol++) {
		if (protocol == IP_UDP || protocol == IP_TCP || protocol == IP_SCTP ||
		    protocol == IP_ICMP || protocol == IP_ICMPV6)
			continue;
		frame_ether(&f);
		frame_ipv4(&f, 0, 0);
		frame_next(&f, protocol);
		frame_end(&f);
		expect("unknown protocol", &f, L3, 14, 0, 0, 0);
	}

	for (uint32_t words = 0; words < 16; words++) {
		bool good = words >= 5 && words <= 7; /* 8 bytes of options are there */

		frame_ether(&f);
		frame_ipv4(&f, 0, 0);
		frame_l4(&f, IP_TCP, 8);
		frame_end(&f);
		f.data[34 + 12] = words << 4;
		expect("TCP data offset", &f, L3 | (good ? L4 : BAD), 14, good ? 34 : 0, 0,
		       good ? 0 : ODD(bad_l4));
	}
}

static void test_ipv6(void)
{
	static struct frame f;

	for (uint32_t i = 0; i < EXT_TYPES; i++) {
		uint32_t type = ext_types[i], flags = L3 | L4 | V6, odd = 0;

		if (type == IP_FRAGMENT) {
			flags |= FRAG;
			odd = ODD(fragments);
		}
		frame_ether(&f);
		frame_ipv6(&f);
		frame_ext(&f, type, 8);
		finish(&f, IP_UDP);
		expect("shortest extension header", &f, flags, 14, 62, 0, odd);

		frame_ether(&f);
		frame_ipv6(&f);
		frame_ext(&f, type, 8);
		frame_end(&f);
		expect("nothing behind it", &f, flags & ~L4, 14, 0, 0, odd);

		f.len -= 1;
		frame_end(&f);
		expect("cut off", &f, L3 | V6 | BAD, 14, 0, 0, ODD(bad_ipv6));

		if (type == IP_FRAGMENT)
			continue;
		frame_ether(&f);
		frame_ipv6(&f);
		frame_ext(&f, type, 32);
		finish(&f, IP_UDP);
		expect("longer extension header", &f, flags, 14, 86, 0, odd);

		f.data[54 + 1] = 200;
		expect("reaches beyond the packet", &f, L3 | V6 | BAD, 14, 0, 0, ODD(bad_ipv6));
	}
}

static void test_ipv6_limits(void)
{
	static struct frame f;
	uint32_t i;

	for (uint32_t n = 0; n <= 12; n++) {
		bool good = n <= 8;

		frame_ether(&f);
		frame_ipv6(&f);
		for (i = 0; i < n; i++)
			frame_ext(&f, IP_DSTOPTS, 8);
		finish(&f, IP_UDP);
		expect("chain", &f, L3 | V6 | (good ? L4 : BAD), 14, good ? 54 + 8 * n : 0, 0,
		       good ? 0 : ODD(ext_limit));
	}

	frame_ether(&f);
	frame_ipv6(&f);
	frame_ext(&f, IP_DSTOPTS, 200);
	finish(&f, IP_UDP);
	expect("layer 4 at 254", &f, L3 | L4 | V6, 14, 254, 0, 0);

	frame_ether(&f);
	frame_ipv6(&f);
	frame_ext(&f, IP_DSTOPTS, 208);
	finish(&f, IP_UDP);
	expect("layer 4 beyond what a byte can say", &f, L3 | V6, 14, 0, 0, 0);

	frame_ether(&f);
	frame_ipv6(&f);
	frame_fragment6(&f, 1);
	finish(&f, IP_UDP);
	expect("first fragment", &f, L3 | L4 | V6 | FRAG, 14, 62, 0, ODD(fragments));

	frame_ether(&f);
	frame_ipv6(&f);
	frame_fragment6(&f, 8);
	finish(&f, IP_UDP);
	expect("last fragment", &f, L3 | V6 | FRAG, 14, 0, 0, ODD(fragments));

	frame_ether(&f);
	frame_ipv6(&f);
	frame_fragment6(&f, 1);
	frame_fragment6(&f, 0);
	finish(&f, IP_UDP);
	expect("two fragment headers are one fragment", &f, L3 | L4 | V6 | FRAG, 14, 70, 0,
	       ODD(fragments));

	frame_ether(&f);
	frame_ipv6(&f);
	frame_ext(&f, IP_HOPOPTS, 8);
	finish(&f, IP_UDP);
	put16(f.data + 14 + 4, 0);
	expect("jumbogram", &f, L3 | L4 | V6, 14, 62, 0, 0);

	frame_ether(&f);
	frame_ipv6(&f);
	finish(&f, IP_UDP);
	put16(f.data + 14 + 4, 0);
	expect("empty packet with padding", &f, L3 | V6 | BAD, 14, 0, 0, ODD(bad_l4));

	frame_ether(&f);
	frame_ipv6(&f);
	finish(&f, IP_UDP);
	put16(f.data + 14 + 4, 19);
	expect("payload length beyond the frame", &f, BAD, 0, 0, 0, ODD(bad_ipv6));

	frame_ether(&f);
	frame_ipv6(&f);
	finish(&f, IP_UDP);
	f.data[14] = 0x40;
	expect("version 4", &f, BAD, 0, 0, 0, ODD(bad_ipv6));
}

/* Frames in several buffers: the length counts all of them. */
static void test_jumbo(void)
{
	static struct frame f;

	for (uint32_t payload = 900; payload <= 8900; payload += 500) {
		frame_ether(&f);
		frame_ipv4(&f, 0, 0);
		frame_l4(&f, IP_UDP, payload);
		frame_end(&f);
		expect("jumbo", &f, L3 | L4, 14, 34, 0, 0);
	}
	put16(f.data + 16, f.len - 13);
	expect("jumbo, total length one too much", &f, BAD, 0, 0, 0, ODD(bad_ipv4));
}

struct verdict {
	const char *what;
	enum afxdp_verdict verdict;
	uint32_t action;
	size_t counter;
};

static void test_verdicts(void)
{
	static const struct verdict verdicts[] = {
		{ "pass", AFXDP_PASS, XDP_PASS, ODD(passed) },
		{ "drop", AFXDP_DROP, XDP_DROP, ODD(dropped) },
		{ "limit", AFXDP_LIMIT, XDP_DROP, ODD(limited) },
		{ "tx", AFXDP_TX, XDP_TX, ODD(tx) },
		{ "capture", AFXDP_CAPTURE, XDP_REDIRECT, ODD(captured) },
		{ "abort", AFXDP_ABORT, XDP_ABORTED, ODD(aborted) },
		{ "nonsense", 200, XDP_ABORTED, ODD(aborted) },
	};
	static struct run_result got;
	static struct frame f;

	frame_valid(&f, 0);
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(*verdicts); i++) {
		const struct verdict *v = &verdicts[i];
		struct afxdp_ledger before = runner_ledger(&runner), after;

		runner_set(&runner, v->verdict, 1);
		run_frame(&runner, f.data, f.len, &got);
		after = runner_ledger(&runner);
		CHECK(got.action == v->action, "%s: action %u", v->what, got.action);
		CHECK((got.meta_len != 0) == (v->verdict == AFXDP_CAPTURE), "%s: metadata %u",
		      v->what, got.meta_len);
		for (size_t at = ODD(passed); at <= ODD(captured); at += sizeof(uint64_t))
			CHECK(COUNT(&after, at) - COUNT(&before, at) == (at == v->counter),
			      "%s: counter at %zu", v->what, at);
		if (v->verdict == AFXDP_TX) {
			CHECK(!memcmp(got.frame, f.data + 6, 6) &&
				      !memcmp(got.frame + 6, f.data, 6),
			      "addresses are not swapped");
			memcpy(got.frame, f.data, 12);
		}
		CHECK(got.len == f.len && !memcmp(got.frame, f.data, f.len), "%s: changed",
		      v->what);
	}
}

/* A queue whose consumer is gone keeps its traffic; metadata must not reach the stack. */
static void test_unclaimed(void)
{
	struct afxdp_ledger before = runner_ledger(&runner), after;
	static struct run_result got;
	static struct frame f;

	runner_set(&runner, AFXDP_CAPTURE, 1);
	frame_valid(&f, 0);
	afxdp_prog_unclaim(&runner.prog, 0);
	run_frame(&runner, f.data, f.len, &got);
	after = runner_ledger(&runner);
	CHECK(got.action == XDP_PASS && !got.meta_len, "action %u, metadata %u", got.action,
	      got.meta_len);
	CHECK(after.unclaimed == before.unclaimed + 1 && after.captured == before.captured,
	      "not counted as unclaimed");
	CHECK(!afxdp_prog_claim(&runner.prog, 0, runner.xsk), "claim");
}

/* One frame in so many has its time taken. */
static void test_stamp(void)
{
	static const uint32_t every[] = { 1, 2, 16, 256 };
	static struct run_result got;
	static struct frame f;
	uint64_t last = 0;

	frame_valid(&f, 0);
	for (size_t i = 0; i < sizeof(every) / sizeof(*every); i++) {
		uint32_t stamped = 0;

		runner_set(&runner, AFXDP_CAPTURE, every[i]);
		for (uint32_t n = 0; n < 1024; n++) {
			run_frame(&runner, f.data, f.len, &got);
			CHECK(!!got.meta.rx_ns == !!(got.meta.flags & AFXDP_META_RX_NS),
			      "flags %x, time %lu", got.meta.flags, (uint64_t)got.meta.rx_ns);
			CHECK(!got.meta.rx_ns || got.meta.rx_ns > last, "time runs backwards");
			stamped += !!got.meta.rx_ns;
			last = got.meta.rx_ns ?: last;
		}
		CHECK(stamped == 1024 / every[i], "one in %u: %u of 1024", every[i], stamped);
	}
	runner_set(&runner, AFXDP_CAPTURE, 0);
	run_frame(&runner, f.data, f.len, &got);
	CHECK(!got.meta.rx_ns && got.meta.flags >> 16 == 0xaf8d, "off, but %lu",
	      (uint64_t)got.meta.rx_ns);
}

int main(void)
{
	cpu_set_t one;

	runner_open(&runner);
	/* Stamping counts frames per CPU. */
	CPU_ZERO(&one);
	CPU_SET(0, &one);
	CHECK(!sched_setaffinity(0, sizeof(one), &one), "%s", strerror(errno));
	test_link_layer();
	test_ipv4();
	test_l4();
	test_ipv6();
	test_ipv6_limits();
	test_jumbo();
	test_verdicts();
	test_unclaimed();
	test_stamp();
	runner_close(&runner);
	return 0;
}
