/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the echo sink answers: every kind of request against an answer built from scratch, byte for
 * byte; what must be ignored; and every truncation and random damage of all of these, in memory
 * that ends where the frame ends.
 */
#include "t.h"

#include <afxdp/checksum.h>

#include "echo_build.h"
#include "rnd.h"
#include "sinks/echo_frame.h"

static const uint8_t us[6] = { 2, 0, 0, 0, 0, 1 }, them[6] = { 2, 0, 0, 0, 0, 9 },
		     other[6] = { 2, 0, 0, 0, 0, 7 }, zero[6],
		     all[6] = { 255, 255, 255, 255, 255, 255 },
		     solicited[6] = { 0x33, 0x33, 0xff, 0, 0, 1 },
		     all_nodes[6] = { 0x33, 0x33, 0, 0, 0, 1 };

#define US4   "192.0.2.1"
#define THEM4 "192.0.2.9"
#define US6   "2001:db8::1"
#define THEM6 "2001:db8::9"

static struct echo_self self;

/* All valid frames made here, as seeds of damage. */
static struct build seeds[256];
static uint32_t seed_count;

static void keep(const struct build *b)
{
	CHECK(seed_count < sizeof(seeds) / sizeof(*seeds), "more seeds than room");
	seeds[seed_count++] = *b;
}

static void dump(const char *what, const uint8_t *p, uint32_t len)
{
	fprintf(stderr, "%s:", what);
	for (uint32_t i = 0; i < len; i++)
		fprintf(stderr, "%s%02x", i % 2 ? "" : " ", p[i]);
	fputc('\n', stderr);
}

static void expect(const char *what, const struct build *ask, enum echo_answer kind,
		   const struct build *want)
{
	struct build got = *ask;
	enum echo_answer is = echo_frame(&self, got.bytes, &got.len, BUILD_MAX, 0);

	keep(ask);
	CHECK(is == kind, "%s: answer %d, not %d", what, is, kind);
	if (got.len != want->len || memcmp(got.bytes, want->bytes, want->len)) {
		dump("got ", got.bytes, got.len);
		dump("want", want->bytes, want->len);
		CHECK(0, "%s: other bytes", what);
	}
}

static void ignore(const char *what, const struct build *ask)
{
	expect(what, ask, ECHO_IGNORED, ask);
}

static void arp(struct build *b, int tags, const uint8_t *to, uint32_t op, const char *sender_ip,
		const char *target_ip)
{
	*b = (struct build){ 0 };
	put_ether(b, to, them, tags, 0x0806);
	put_arp(b, op, them, sender_ip, zero, target_ip);
	put_data(b, 18); /* as a short frame is padded */
}

static void test_arp(void)
{
	struct build ask, want;

	for (int tags = 0; tags <= 2; tags++) {
		want = (struct build){ 0 };
		put_ether(&want, them, us, tags, 0x0806);
		put_arp(&want, 2, us, US4, them, THEM4);
		put_data(&want, 18);
		arp(&ask, tags, all, 1, THEM4, US4);
		expect("ARP request", &ask, ECHO_ARP, &want);
		arp(&ask, tags, us, 1, THEM4, US4);
		expect("unicast ARP request", &ask, ECHO_ARP, &want);
	}
	want = (struct build){ 0 };
	put_ether(&want, them, us, 0, 0x0806);
	put_arp(&want, 2, us, US4, them, "0.0.0.0");
	put_data(&want, 18);
	arp(&ask, 0, all, 1, "0.0.0.0", US4);
	expect("ARP probe", &ask, ECHO_ARP, &want);
	self.any = true;
	ignore("ARP probe for any address", &ask);
	self.any = false;

	arp(&ask, 0, all, 2, THEM4, US4);
	ignore("ARP reply", &ask);
	arp(&ask, 0, all, 1, THEM4, "192.0.2.2");
	ignore("ARP for another", &ask);
	arp(&ask, 0, all, 1, US4, US4);
	ignore("gratuitous ARP", &ask);
	arp(&ask, 0, other, 1, THEM4, US4);
	ignore("ARP to another station", &ask);
	arp(&ask, 0, all, 1, "224.0.0.1", US4);
	ignore("ARP from a group", &ask);
	arp(&ask, 0, all, 1, THEM4, US4);
	ask.bytes[15] = 6; /* hardware type */
	ignore("ARP of other hardware", &ask);
}

static void ping4(struct build *b, int tags, const uint8_t *to, const uint8_t *from,
		  const char *src, const char *dst, int ttl, uint32_t type, uint32_t options,
		  uint32_t data)
{
	*b = (struct build){ 0 };
	put_ether(b, to, from, tags, 0x0800);
	put_ipv4(b, src, dst, 1, ttl, options, 8 + data);
	put_ping(b, false, type, data);
}

static void test_ping4(void)
{
	static const uint32_t sizes[] = { 0, 1, 56, 1472 };
	struct build ask, want;

	for (int tags = 0; tags <= 2; tags++)
		for (int i = 0; i < 4; i++) {
			ping4(&ask, tags, us, them, THEM4, US4, 64 - i, 8, 4 * i, sizes[i]);
			ping4(&want, tags, them, us, US4, THEM4, 64, 0, 4 * i, sizes[i]);
			expect("ping", &ask, ECHO_ICMP, &want);
		}
	/* Short frames are padded; the padding is not ours to touch. */
	ping4(&ask, 0, us, them, THEM4, US4, 1, 8, 0, 4);
	put_data(&ask, 14);
	ping4(&want, 0, them, us, US4, THEM4, 64, 0, 0, 4);
	put_data(&want, 14);
	expect("padded ping", &ask, ECHO_ICMP, &want);

	ping4(&ask, 0, us, them, THEM4, US4, 64, 0, 0, 56);
	ignore("ping reply", &ask);
	ping4(&ask, 0, all, them, THEM4, US4, 64, 8, 0, 56);
	ignore("broadcast ping", &ask);
	ping4(&ask, 0, other, them, THEM4, US4, 64, 8, 0, 56);
	ignore("another station's ping", &ask);
	ping4(&ask, 0, us, them, THEM4, "192.0.2.255", 64, 8, 0, 56);
	ignore("ping of another address", &ask);
	ping4(&ask, 0, us, them, "224.0.0.1", US4, 64, 8, 0, 56);
	ignore("ping from a group", &ask);
	ping4(&ask, 0, us, them, "127.0.0.1", US4, 64, 8, 0, 56);
	ignore("ping from loopback", &ask);
	ping4(&ask, 0, us, them, US4, US4, 64, 8, 0, 56);
	ignore("ping from ourselves", &ask);
	ping4(&ask, 0, us, solicited, THEM4, US4, 64, 8, 0, 56);
	ignore("ping from a group's MAC address", &ask);
	ping4(&ask, 0, us, them, THEM4, US4, 64, 8, 0, 56);
	ask.bytes[14 + 10] ^= 1;
	ignore("wrong header checksum", &ask);
	ping4(&ask, 2, us, them, THEM4, US4, 64, 8, 0, 56);
	memmove(ask.bytes + 16, ask.bytes + 12, ask.len - 12);
	ask.len += 4;
	ignore("three tags", &ask);
}

static void udp4(struct build *b, int tags, const uint8_t *to, const uint8_t *from, const char *src,
		 const char *dst, int ttl, uint32_t sport, uint32_t dport, uint32_t options,
		 uint32_t data)
{
	*b = (struct build){ 0 };
	put_ether(b, to, from, tags, 0x0800);
	put_ipv4(b, src, dst, 17, ttl, options, 8 + data);
	put_udp(b, false, options, sport, dport, data);
}

/* Set two bytes of the IPv4 header, untagged, and mend its checksum. */
static void set_ip(struct build *b, uint32_t at, uint32_t value)
{
	uint8_t *ip = b->bytes + 14;

	set16(ip + at, value);
	set16(ip + 10, 0);
	set16(ip + 10, checksum(ip, (ip[0] & 15) * 4, 0));
}

static void test_udp4(void)
{
	struct build ask, want;

	for (int tags = 0; tags <= 2; tags++)
		for (uint32_t data = 0; data < 40; data++) {
			uint32_t options = data % 3 * 4;

			if (tags * 40 + data > 50 && data % 10)
				continue;
			udp4(&ask, tags, us, them, THEM4, US4, 64, 4321, 7, options, data);
			udp4(&want, tags, them, us, US4, THEM4, 63, 7, 4321, options, data);
			expect("UDP", &ask, ECHO_UDP, &want);
		}
	udp4(&ask, 0, us, them, THEM4, US4, 64, 1, 2, 0, 30);
	set16(ask.bytes + 14 + 20 + 6, 0);
	udp4(&want, 0, them, us, US4, THEM4, 63, 2, 1, 0, 30);
	set16(want.bytes + 14 + 20 + 6, 0);
	expect("UDP without checksum", &ask, ECHO_UDP, &want);

	/* A checksum left to hardware that is not there: the sink completes it first (echo.c). */
	udp4(&ask, 0, us, them, THEM4, US4, 64, 1, 2, 0, 31);
	set16(ask.bytes + 40,
	      (uint16_t)~checksum(NULL, 0, pseudo(ask.bytes + 34, false, 17, 39, 0)));
	CHECK(afxdp_checksum_complete(ask.bytes, ask.len), "the pseudo-header's sum is not seen");
	udp4(&want, 0, them, us, US4, THEM4, 63, 2, 1, 0, 31);
	expect("UDP with the pseudo-header's sum", &ask, ECHO_UDP, &want);

	udp4(&ask, 0, us, them, THEM4, US4, 1, 1, 2, 0, 30);
	ignore("TTL used up", &ask);
	udp4(&ask, 0, us, them, THEM4, US4, 64, 0, 2, 0, 30);
	ignore("no source port", &ask);
	udp4(&ask, 0, all, them, THEM4, US4, 64, 1, 2, 0, 30);
	ignore("broadcast UDP", &ask);
	udp4(&ask, 0, us, them, THEM4, US4, 64, 1, 2, 0, 30);
	set_ip(&ask, 6, 0x2000);
	ignore("first fragment", &ask);
	set_ip(&ask, 6, 0x0001);
	ignore("later fragment", &ask);
	set_ip(&ask, 6, 0);
	set16(ask.bytes + 38, 39);
	ignore("UDP longer than IP", &ask);
	set16(ask.bytes + 38, 7);
	ignore("UDP shorter than its header", &ask);
	udp4(&ask, 0, us, them, THEM4, US4, 64, 1, 2, 0, 30);
	set_ip(&ask, 2, 59);
	ignore("IP longer than the frame", &ask);
	udp4(&ask, 0, us, them, THEM4, US4, 64, 1, 2, 0, 30);
	set_ip(&ask, 0, 0x5510);
	ignore("version 5", &ask);
	udp4(&ask, 0, us, them, THEM4, US4, 64, 1, 2, 0, 30);
	set_ip(&ask, 0, 0x4410);
	ignore("header length 4", &ask);
	udp4(&ask, 0, us, them, THEM4, US4, 64, 1, 2, 0, 30);
	set_ip(&ask, 8, 0x4006);
	ignore("TCP", &ask);
}

static void test_options(void)
{
	struct build ask;

	/* Loose source route, after a no-operation. */
	ping4(&ask, 0, us, them, THEM4, US4, 64, 8, 12, 8);
	memcpy(ask.bytes + 34, "\x01\x83\x0b\x04", 4);
	set_ip(&ask, 4, 1);
	ignore("source route", &ask);
	ping4(&ask, 0, us, them, THEM4, US4, 64, 8, 4, 8);
	memcpy(ask.bytes + 34, "\x44\x00", 2);
	set_ip(&ask, 4, 1);
	ignore("option of no length", &ask);
	/* Behind the end of options nothing counts. */
	ping4(&ask, 0, us, them, THEM4, US4, 64, 8, 4, 8);
	memcpy(ask.bytes + 34, "\x00\x83", 2);
	set_ip(&ask, 4, 1);
	CHECK(echo_frame(&self, ask.bytes, &ask.len, BUILD_MAX, 0) == ECHO_ICMP, "end of options");
}

static void ping6(struct build *b, int tags, const uint8_t *to, const uint8_t *from,
		  const char *src, const char *dst, int hops, uint32_t type, uint32_t data)
{
	*b = (struct build){ 0 };
	put_ether(b, to, from, tags, 0x86dd);
	put_ipv6(b, src, dst, 58, hops, 8 + data);
	put_ping(b, true, type, data);
}

static void udp6(struct build *b, int tags, const uint8_t *to, const uint8_t *from, const char *src,
		 const char *dst, int hops, uint32_t sport, uint32_t dport, uint32_t data)
{
	*b = (struct build){ 0 };
	put_ether(b, to, from, tags, 0x86dd);
	put_ipv6(b, src, dst, 17, hops, 8 + data);
	put_udp(b, true, 0, sport, dport, data);
}

static void test_v6(void)
{
	struct build ask, want;

	for (int tags = 0; tags <= 2; tags++) {
		ping6(&ask, tags, us, them, THEM6, US6, 3, 128, 56 + tags);
		ping6(&want, tags, them, us, US6, THEM6, 64, 129, 56 + tags);
		expect("ping6", &ask, ECHO_ICMPV6, &want);
		udp6(&ask, tags, us, them, THEM6, US6, 64, 5000, 7, 3 + tags);
		udp6(&want, tags, them, us, US6, THEM6, 63, 7, 5000, 3 + tags);
		expect("UDP over IPv6", &ask, ECHO_UDP, &want);
	}
	ping6(&ask, 0, us, them, THEM6, US6, 64, 129, 56);
	ignore("ping6 reply", &ask);
	ping6(&ask, 0, us, them, THEM6, "2001:db8::2", 64, 128, 56);
	ignore("ping6 of another", &ask);
	ping6(&ask, 0, all_nodes, them, THEM6, US6, 64, 128, 56);
	ignore("multicast ping6", &ask);
	ping6(&ask, 0, us, them, "ff02::1", US6, 64, 128, 56);
	ignore("ping6 from a group", &ask);
	ping6(&ask, 0, us, them, "::", US6, 64, 128, 56);
	ignore("ping6 from nobody", &ask);
	udp6(&ask, 0, us, them, THEM6, US6, 1, 5000, 7, 3);
	ignore("hop limit used up", &ask);
	udp6(&ask, 0, us, them, THEM6, US6, 64, 5000, 7, 3);
	set16(ask.bytes + 14 + 40 + 6, 0);
	ignore("UDP over IPv6 without checksum", &ask);
	udp6(&ask, 0, us, them, THEM6, US6, 64, 5000, 7, 3);
	ask.bytes[14 + 6] = 44;
	ignore("fragment header", &ask);
	udp6(&ask, 0, us, them, THEM6, US6, 64, 5000, 7, 3);
	set16(ask.bytes + 14 + 4, 12);
	ignore("payload longer than the frame", &ask);
}

/* A solicitation as the kernel sends it; without the option as one for an address's own sake. */
static void solicit(struct build *b, int tags, const uint8_t *to, const char *src, const char *dst,
		    int hops, const char *target)
{
	bool probe = !strcmp(src, "::");

	*b = (struct build){ 0 };
	put_ether(b, to, them, tags, 0x86dd);
	put_ipv6(b, src, dst, 58, hops, probe ? 24 : 32);
	put_neighbour(b, 135, 0, target, probe ? 0 : 1, them);
}

static void advertise(struct build *b, int tags, const uint8_t *to, const char *dst, uint32_t flags)
{
	*b = (struct build){ 0 };
	put_ether(b, to, us, tags, 0x86dd);
	put_ipv6(b, US6, dst, 58, 255, 32);
	put_neighbour(b, 136, flags, US6, 2, us);
}

static void test_neighbour(void)
{
	struct build ask, want;

	for (int tags = 0; tags <= 2; tags++) {
		advertise(&want, tags, them, THEM6, 0x60);
		solicit(&ask, tags, solicited, THEM6, "ff02::1:ff00:1", 255, US6);
		expect("neighbour solicitation", &ask, ECHO_NEIGHBOUR, &want);
		solicit(&ask, tags, us, THEM6, US6, 255, US6);
		expect("unicast solicitation", &ask, ECHO_NEIGHBOUR, &want);
		/* The answer is 8 bytes longer than the question. */
		advertise(&want, tags, all_nodes, "ff02::1", 0x20);
		solicit(&ask, tags, solicited, "::", "ff02::1:ff00:1", 255, US6);
		expect("is this address free", &ask, ECHO_NEIGHBOUR, &want);
	}
	CHECK(echo_frame(&self, ask.bytes, &ask.len, ask.len, 0) == ECHO_IGNORED,
	      "an answer longer than its room");
	solicit(&ask, 0, solicited, "::", "ff02::1:ff00:1", 255, US6);
	self.any = true;
	ignore("is any address free", &ask);
	self.any = false;
	solicit(&ask, 0, solicited, THEM6, "ff02::1:ff00:2", 255, "2001:db8::2");
	ignore("solicitation of another", &ask);
	solicit(&ask, 0, solicited, THEM6, "ff02::1:ff00:1", 254, US6);
	ignore("a forwarded solicitation", &ask);
	solicit(&ask, 0, solicited, THEM6, "ff02::1:ff00:1", 255, US6);
	ask.bytes[14 + 42] ^= 1;
	ignore("wrong ICMPv6 checksum", &ask);
	advertise(&ask, 0, us, US6, 0x60);
	ignore("an advertisement", &ask);
}

static void test_any(void)
{
	struct build ask, want;

	self.any = true;
	ping4(&ask, 0, us, them, THEM4, "203.0.113.77", 64, 8, 0, 56);
	ping4(&want, 0, them, us, "203.0.113.77", THEM4, 64, 0, 0, 56);
	expect("ping of any address", &ask, ECHO_ICMP, &want);
	ping4(&ask, 0, us, them, THEM4, "255.255.255.255", 64, 8, 0, 56);
	ignore("ping of the broadcast address", &ask);
	ping4(&ask, 0, us, them, THEM4, "224.0.0.5", 64, 8, 0, 56);
	ignore("ping of a group", &ask);
	ping6(&ask, 0, us, them, THEM6, "ff02::1", 64, 128, 56);
	ignore("ping6 of a group", &ask);
	self.any = false;
}

/* Headers in the first descriptor, the rest elsewhere. */
static void test_several_descriptors(void)
{
	struct build ask, want;
	uint32_t len = 60;

	udp4(&ask, 0, us, them, THEM4, US4, 64, 9, 7, 0, 1400);
	udp4(&want, 0, them, us, US4, THEM4, 63, 7, 9, 0, 1400);
	CHECK(echo_frame(&self, ask.bytes, &len, BUILD_MAX, ask.len - 60) == ECHO_UDP, "UDP");
	CHECK(len == 60 && !memcmp(ask.bytes, want.bytes, ask.len), "UDP: other bytes");
	ping4(&ask, 0, us, them, THEM4, US4, 64, 8, 0, 1400);
	ping4(&want, 0, them, us, US4, THEM4, 64, 0, 0, 1400);
	CHECK(echo_frame(&self, ask.bytes, &len, BUILD_MAX, ask.len - 60) == ECHO_ICMP, "ping");
	CHECK(len == 60 && !memcmp(ask.bytes, want.bytes, ask.len), "ping: other bytes");
	ping4(&ask, 0, us, them, THEM4, US4, 64, 8, 0, 1400);
	CHECK(echo_frame(&self, ask.bytes, &len, BUILD_MAX, ask.len - 61) == ECHO_IGNORED,
	      "a byte is missing");
}

/* @len bytes of @b in memory of exactly that size: the sanitizer sees every byte beyond. */
static void try(const struct build *b, uint32_t len, uint32_t rest)
{
	uint8_t *exact = malloc(len ? len : 1);
	uint32_t after = len;
	enum echo_answer is;

	CHECK(exact, "out of memory");
	memcpy(exact, b->bytes, len);
	is = echo_frame(&self, exact, &after, len, rest);
	CHECK(after <= len && is < ECHO_ANSWERS, "%u bytes became %u", len, after);
	if (is == ECHO_IGNORED)
		CHECK(after == len && !memcmp(exact, b->bytes, len), "an ignored frame changed");
	else
		CHECK(!memcmp(exact + 6, us, 6), "an answer from another station");
	free(exact);
}

static void test_truncated(void)
{
	for (uint32_t i = 0; i < seed_count; i++)
		for (uint32_t len = 0; len <= seeds[i].len; len++) {
			try(&seeds[i], len, 0);
			try(&seeds[i], len, seeds[i].len - len);
		}
}

static void test_damaged(void)
{
	for (uint32_t i = 0; i < 300000; i++) {
		struct build b = seeds[rnd(seed_count)];
		uint32_t hits = 1 + rnd(4);

		self.any = rnd(2);
		while (hits--)
			b.bytes[rnd(b.len < 90 ? b.len : 90)] = rnd(256);
		/* Half with a header checksum that lets the damage pass. */
		if (rnd(2) && (b.bytes[14] & 15) >= 5)
			set_ip(&b, 4, rnd(65536));
		try(&b, rnd(4) ? b.len : rnd(b.len + 1), rnd(8) ? 0 : rnd(9000));
	}
	for (uint32_t i = 0; i < 100000; i++) {
		struct build b = { .len = rnd(128) };

		for (uint32_t k = 0; k < b.len; k++)
			b.bytes[k] = rnd(256);
		memcpy(b.bytes, us, 6);
		b.bytes[6] = 2;
		set16(b.bytes + 12, (uint32_t[]){ 0x0800, 0x0806, 0x86dd, 0x8100 }[rnd(4)]);
		try(&b, b.len, rnd(2) ? 0 : rnd(9000));
	}
	self.any = false;
}

int main(void)
{
	memcpy(self.mac, us, 6);
	inet_pton(AF_INET, "192.0.2.200", &self.v4[0]);
	inet_pton(AF_INET, US4, &self.v4[1]);
	self.v4_count = 2;
	inet_pton(AF_INET6, "fe80::1", &self.v6[0]);
	inet_pton(AF_INET6, US6, &self.v6[1]);
	self.v6_count = 2;
	test_arp();
	test_ping4();
	test_udp4();
	test_options();
	test_v6();
	test_neighbour();
	test_any();
	test_several_descriptors();
	test_truncated();
	test_damaged();
	return 0;
}
