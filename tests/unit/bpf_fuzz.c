/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Whatever comes in, the program says where it goes and counts it: every valid frame, every
 * truncation of each, and many frames that are broken at random, compared with a parser of the
 * test's own.
 */
#include "bpf_run.h"
#include "bpf_model.h"

/* Some 4 us each. */
#define MUTATED 70000
#define NOISE	30000

static struct runner runner;
static struct afxdp_ledger want;
static uint64_t state = 0x9e3779b97f4a7c15ULL;

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % below;
}

static void dump(const char *what, const uint8_t *data, uint32_t len)
{
	fprintf(stderr, "%s, %u bytes:", what, len);
	for (uint32_t i = 0; i < len; i++)
		fprintf(stderr, "%s%02x", i % 2 ? "" : " ", data[i]);
	fputc('\n', stderr);
}

/* One frame through the program, all that it says of it against the model. */
static void check(const char *what, const uint8_t *data, uint32_t len)
{
	static struct run_result got;
	struct model m = model_look(data, len);

	run_frame(&runner, data, len, &got);
	model_count(&m, len, &want);
	want.captured++;
	if (got.action != XDP_REDIRECT || got.meta_len != sizeof(got.meta) ||
	    got.meta.flags != (m.flags | AFXDP_META_MAGIC | AFXDP_META_RX_NS) ||
	    got.meta.vlan_tci != m.vlan_tci || got.meta.l3_offset != m.l3 ||
	    got.meta.l4_offset != m.l4 || got.meta.rule != AFXDP_RULE_DEFAULT || got.meta.hw_ns ||
	    got.meta.rx_hash) {
		dump(what, data, len);
		CHECK(0,
		      "action %u, flags %x tci %x l3 %u l4 %u; expected flags %x tci %x l3 %u l4 %u",
		      got.action, got.meta.flags, got.meta.vlan_tci, got.meta.l3_offset,
		      got.meta.l4_offset, m.flags, m.vlan_tci, m.l3, m.l4);
	}
	CHECK(got.len == len && !memcmp(got.frame, data, len), "%s: the frame was changed", what);
}

/* The counters are compared after every few frames: a look at them costs as much as a frame. */
static void check_ledger(const char *what)
{
	struct afxdp_ledger l = runner_ledger(&runner);
	const uint64_t *a = (uint64_t *)&l, *b = (uint64_t *)&want;

	for (size_t i = 0; i < sizeof(l) / sizeof(*a); i++)
		CHECK(a[i] == b[i], "%s: counter %zu of struct afxdp_ledger is %lu, not %lu", what,
		      i, a[i], b[i]);
	CHECK(l.received == l.passed + l.dropped + l.limited + l.aborted + l.tx + l.unclaimed +
				    l.captured,
	      "the ledger does not balance");
}

static void test_valid(void)
{
	static struct frame f;

	for (uint32_t i = 0; i < VALID_FRAMES; i++) {
		frame_valid(&f, i);
		CHECK(!model_look(f.data, f.len).odd, "frame %u is not valid", i);
		check("valid", f.data, f.len);
	}
	check_ledger("valid frames");
}

static void test_truncated(void)
{
	static struct frame f;

	for (uint32_t i = 0; i < VALID_FRAMES; i++) {
		frame_valid(&f, i);
		for (uint32_t len = 14; len < f.len; len++)
			check("truncated", f.data, len);
		check_ledger("truncated frames");
	}
}

static void test_mutated(void)
{
	static struct frame f;

	for (uint32_t i = 0; i < MUTATED; i++) {
		uint32_t n = 1 + rnd(4);

		frame_valid(&f, rnd(VALID_FRAMES));
		/* Headers in the first place: what is behind them is nobody's concern. */
		while (n--)
			f.data[12 + rnd(f.len - 12)] = rnd(2) ? rnd(256) : 1U << rnd(8);
		check("mutated", f.data, rnd(4) ? f.len : 14 + rnd(f.len - 13));
		if (i % 64 == 0)
			check_ledger("mutated frames");
	}
	check_ledger("mutated frames");
}

/* Random bytes behind an Ethernet header that leads the parser on, or does not. */
static void test_noise(void)
{
	static const uint32_t type[] = { ETHER_IPV4, ETHER_IPV6, ETHER_VLAN, ETHER_QINQ };
	static uint8_t data[256];

	for (uint32_t i = 0; i < NOISE; i++) {
		uint32_t len = 14 + rnd(sizeof(data) - 13), kind = rnd(5);

		for (uint32_t k = 0; k < len; k++)
			data[k] = rnd(256);
		if (kind < 4)
			put16(data + 12, type[kind]);
		if (kind < 2) /* the right version, or hardly one in sixteen gets any further */
			data[14] = (kind ? 0x60 : 0x40) | rnd(8);
		check("noise", data, len);
		if (i % 64 == 0)
			check_ledger("noise");
	}
	check_ledger("noise");
}

/* A chain of @n extension headers, each of a random kind and length. */
static void random_chain(struct frame *f, uint32_t n)
{
	frame_tags(f, rnd(3));
	frame_ipv6(f);
	while (n--) {
		uint32_t type = ext_types[rnd(EXT_TYPES)], bytes = 8;

		if (type == IP_AH)
			bytes += 4 * rnd(6);
		else if (type != IP_FRAGMENT)
			bytes += 8 * (rnd(4) ? rnd(3) : rnd(30));
		frame_ext(f, type, bytes);
	}
	frame_l4(f, l4_protocols[rnd(L4_PROTOCOLS)], rnd(8));
	frame_end(f);
}

static void test_chains(void)
{
	static struct frame f;

	for (uint32_t i = 0; i < 10000; i++) {
		random_chain(&f, rnd(12));
		check("chain", f.data, f.len);
		check("broken chain", f.data, 14 + rnd(f.len - 14));
	}
	check_ledger("chains");
}

int main(void)
{
	runner_open(&runner);
	test_valid();
	test_truncated();
	test_mutated();
	test_noise();
	test_chains();
	runner_close(&runner);
	return 0;
}
