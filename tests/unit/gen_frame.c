/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * afxdpgen's frames: of every kind and of many sizes, checked by a receiver that knows nothing of
 * templates: lengths and checksums by the RFCs, sequence number and flow where they must be.
 */
#include <errno.h>
#include <string.h>

#include "frame.h"
#include "t.h"

static uint32_t sum(const uint8_t *p, size_t n)
{
	uint32_t s = 0;
	size_t i;

	for (i = 0; i < n; i++)
		s += i & 1 ? p[i] : p[i] << 8;
	return s;
}

static uint16_t fold(uint64_t s)
{
	while (s >> 16)
		s = (s & 0xffff) + (s >> 16);
	return s;
}

static unsigned int get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)get16(p) << 16 | get16(p + 2);
}

static const uint8_t src4[4] = { 198, 18, 255, 250 }, dst4[4] = { 10, 0, 0, 1 };
static const uint8_t src6[16] = { 0x20, 1, 0, 2, [12] = 0, 0, 0xff, 0xf0 };
static const uint8_t dst6[16] = { 0xfd, [15] = 9 };

/* Checks one stamped frame. */
static void check(const struct gen_spec *s, const uint8_t *f, uint32_t flow, uint64_t seq)
{
	const uint8_t *p = f + 12, *end = f + s->length, *l4 = NULL, *src;
	unsigned int header, protocol = 0, length;
	uint32_t pseudo = 0, i;
	uint64_t got = 0;

	CHECK(s->proto == GEN_ARP ? f[0] == 0xff : !memcmp(f, s->dst_mac, 6));
	CHECK(!memcmp(f + 6, s->src_mac, 6));
	if (s->vlan) {
		CHECK(get16(p) == 0x8100 && get16(p + 2) == s->vlan);
		p += 4;
	}
	if (s->proto == GEN_ARP) {
		CHECK(get16(p) == 0x0806 && get16(p + 2) == 1 && get16(p + 4) == 0x0800);
		CHECK(!memcmp(p + 26, dst4, 4));
		src = p + 16;
		l4 = p + 30;
	} else if (s->ipv6) {
		CHECK(get16(p) == 0x86dd && p[2] == 0x60);
		length = get16(p + 6);
		protocol = p[8];
		CHECK(p + 42 + length == end, "%u", length);
		CHECK(!memcmp(p + 26, dst6, 16) && !memcmp(p + 10, src6, 12));
		pseudo = sum(p + 10, 32) + length + protocol;
		src = p + 22;
		p = p + 42;
	} else {
		CHECK(get16(p) == 0x0800 && p[2] == 0x45);
		length = get16(p + 4) - 20;
		protocol = p[11];
		CHECK(p + 22 + length == end, "%u", length);
		CHECK(fold(sum(p + 2, 20)) == 0xffff, "IPv4 header checksum");
		CHECK(!memcmp(p + 18, dst4, 4));
		if (protocol != 1)
			pseudo = sum(p + 14, 8) + length + protocol;
		src = p + 14;
		p = p + 22;
	}
	CHECK(get32(src) ==
	      get32(s->ipv6 ? src6 + 12 : src4) + (s->scatter ? flow * 2654435769U : flow % 65536));
	if (s->proto != GEN_ARP) {
		CHECK(fold(sum(p, end - p) + pseudo) == 0xffff, "layer 4 checksum, %u bytes",
		      s->length);
		if (s->proto != GEN_ICMP)
			CHECK(get16(p) == ((s->sport + (s->scatter ? 0 : flow / 65536)) & 0xffff) &&
			      get16(p + 2) == s->dport);
		if (s->proto == GEN_UDP)
			CHECK(get16(p + 4) == end - p && get16(p + 6));
		header = s->proto == GEN_TCP ? 20 : 8;
		CHECK(protocol == (s->proto == GEN_TCP	 ? 6U
				   : s->proto == GEN_UDP ? 17U
				   : s->ipv6		 ? 58U
							 : 1U));
		CHECK(s->proto != GEN_TCP || p[12] == 0x50);
		l4 = p + header;
	}
	header = (end - l4) & ~1;
	if (header > 8)
		header = 8;
	for (i = 0; i < header; i++)
		got = got << 8 | l4[i];
	CHECK(got == (header == 8 ? seq : seq & ((1ULL << 8 * header) - 1)), "%llx, %llx",
	      (long long)got, (long long)seq);
}

static void one_kind(enum gen_proto proto, bool ipv6, uint16_t vlan, bool scatter)
{
	static const uint64_t seqs[] = { 0, 1, 0xfffe, 0xffff, 0x10000, 0x123456789abcdef0, ~0ULL };
	static const uint32_t flows[] = { 0, 1, 5, 6, 65535, 65536, 1000000, 1 << 30 };
	struct gen_spec s = {
		.src_mac = { 2, 0, 0, 0, 0, 1 },
		.dst_mac = { 2, 0, 0, 0, 0, 2 },
		.vlan = vlan,
		.proto = proto,
		.ipv6 = ipv6,
		.scatter = scatter,
		.sport = 65530,
		.dport = 53,
	};
	uint32_t min = gen_frame_min(&s), length;
	struct gen_template t;
	size_t i, k;
	uint8_t *f;

	memcpy(s.src, ipv6 ? src6 : src4, ipv6 ? 16 : 4);
	memcpy(s.dst, ipv6 ? dst6 : dst4, ipv6 ? 16 : 4);
	for (length = min - 1; length <= GEN_SIZE_MAX; length += length < min + 20 ? 1 : 997) {
		s.length = length;
		s.seed = length * 77;
		f = malloc(length); /* exactly: ASan sees a byte too many */
		if (length < min) {
			CHECK(gen_frame_build(&s, f, &t) == -EMSGSIZE);
			free(f);
			continue;
		}
		CHECK(!gen_frame_build(&s, f, &t));
		for (i = 0; i < sizeof(seqs) / sizeof(*seqs); i++) {
			/* Stamped again and again, as the kernel's pages are. */
			k = i % (sizeof(flows) / sizeof(*flows));
			CHECK(gen_stamp(&t, f, f + length, flows[k], seqs[i]));
			check(&s, f, flows[k], seqs[i]);
			CHECK(gen_stamp(&t, f, f + length, flows[7 - k], seqs[i]));
			check(&s, f, flows[7 - k], seqs[i]);
		}
		free(f);
	}
}

/* A UDP checksum that comes out as 0 is sent as 0xffff: some 16-bit sequence number makes it so. */
static void udp_zero(void)
{
	struct gen_spec s = { .proto = GEN_UDP, .length = 60, .dport = 9 };
	struct gen_template t;
	uint8_t f[60];
	unsigned int ones = 0;
	uint64_t seq;

	CHECK(!gen_frame_build(&s, f, &t));
	for (seq = 0; seq < 65536; seq++) {
		CHECK(gen_stamp(&t, f, f + 60, 0, seq));
		CHECK(get16(f + 40) != 0);
		ones += get16(f + 40) == 0xffff;
	}
	CHECK(ones >= 1);
}

/* A seed permutes, no seed goes round; both reach every flow. */
static void flows(void)
{
	unsigned int seen[10] = {}, in_turn = 0, i;

	for (i = 0; i < 1000; i++) {
		CHECK(gen_flow(i, 0, 10) == i % 10);
		CHECK(gen_flow(i, 5, 10) == gen_flow(i, 5, 10));
		seen[gen_flow(i, 5, 10)]++;
		in_turn += gen_flow(i, 5, 10) == i % 10;
	}
	for (i = 0; i < 10; i++)
		CHECK(seen[i] > 50, "%u", seen[i]);
	CHECK(in_turn < 200, "%u", in_turn);
}

int main(void)
{
	static const uint16_t vlans[] = { 0, 1, 4094 };
	size_t v;

	for (v = 0; v < 3; v++) {
		one_kind(GEN_UDP, false, vlans[v], v & 1);
		one_kind(GEN_UDP, true, vlans[v], v & 1);
		one_kind(GEN_TCP, false, vlans[v], v & 1);
		one_kind(GEN_TCP, true, vlans[v], v & 1);
		one_kind(GEN_ICMP, false, vlans[v], v & 1);
		one_kind(GEN_ICMP, true, vlans[v], v & 1);
		one_kind(GEN_ARP, false, vlans[v], v & 1);
	}
	one_kind(GEN_UDP, false, 0, true);
	udp_zero();
	flows();
	return 0;
}
