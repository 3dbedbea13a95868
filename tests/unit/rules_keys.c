/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * `limit` by frames and by bytes, for all, per address, network and port, against a token bucket
 * that goes by a clock of the test's own: for every frame, does it pass?
 */
#include <arpa/inet.h>
#include <bpf/libbpf.h>
#include <string.h>
#include <rules.h>
#include <trial.h>
#include "../rules/random.h"
#include "t.h"

#define BUCKETS 4096
#define FRAME	1500

struct kind {
	const char *limit;
	uint64_t rate, burst;
	bool bytes, src, dst, port;
	uint32_t bits4, bits6;
};

/* Rule i is about UDP to ports 1000 + 10 * i to 1009 + 10 * i. */
static const struct kind kinds[] = {
	{ "100/s burst 7", 100, 7, .bytes = false },
	{ "20/s burst 3 per src", 20, 3, .src = true, .bits4 = 32, .bits6 = 128 },
	{ "20/s per dst", 20, 1, .dst = true, .bits4 = 32, .bits6 = 128 },
	{ "30/s burst 2 per src/24", 30, 2, .src = true, .bits4 = 24, .bits6 = 64 },
	{ "30/s burst 2 per dst/9,40", 30, 2, .dst = true, .bits4 = 9, .bits6 = 40 },
	{ "10/s burst 2 per src and dst port", 10, 2, .src = true, .port = true, .bits4 = 32,
	  .bits6 = 128 },
	{ "10/s burst 2 per src/16,33 and dst port", 10, 2, .src = true, .port = true, .bits4 = 16,
	  .bits6 = 33 },
	{ "100kB/s", 100000, 65536, .bytes = true },
	{ "40kB/s burst 3kB per dst", 40000, 3000, .bytes = true, .dst = true, .bits4 = 32,
	  .bits6 = 128 },
	{ "400kbit/s burst 24kbit per src/24 and dst port", 50000, 3000, .bytes = true, .src = true,
	  .port = true, .bits4 = 24, .bits6 = 64 },
	{ "1GB/s burst 2kB", 1000000000, 2000, .bytes = true },
};

#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

struct frame {
	uint8_t data[FRAME];
	uint32_t len, kind;
	bool v6;
	uint8_t src[16], dst[16];
	uint16_t port;
};

struct key {
	uint32_t kind;
	bool v6;
	uint8_t address[16];
	uint16_t port;
};

struct bucket {
	struct key key;
	bool used;
	double level;
	uint64_t ns;
};

static struct bucket buckets[BUCKETS];

/* Addresses that differ in one bit or another. */
static void some_address(uint8_t *a, bool v6, struct rng *r)
{
	static const uint8_t base4[4] = { 10, 1, 2, 3 };
	static const uint8_t base6[16] = { 0x20, 1, 0xd, 0xb8, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 1 };
	uint32_t bit = rng_below(r, v6 ? 128 : 32);

	memcpy(a, v6 ? base6 : base4, v6 ? 16 : 4);
	if (rng_chance(r, 60))
		a[bit / 8] ^= 0x80 >> bit % 8;
}

static void make_frame(struct frame *f, struct rng *r)
{
	uint32_t ip, udp, size = 60 + rng_below(r, 1400);

	memset(f, 0, sizeof(*f));
	f->len = size;
	f->v6 = rng_chance(r, 40);
	f->kind = rng_below(r, KINDS);
	f->port = 1000 + 10 * f->kind + rng_below(r, 3);
	some_address(f->src, f->v6, r);
	some_address(f->dst, f->v6, r);
	ip = 14;
	if (rng_chance(r, 20)) { /* not ours: the expression is about the first header */
		memcpy(f->data + 12, "\x81\x00\x00\x05", 4);
		ip = 18;
		f->kind = KINDS;
	}
	udp = ip + (f->v6 ? 40 : 20);
	memcpy(f->data + ip - 2, f->v6 ? "\x86\xdd" : "\x08\x00", 2);
	if (f->v6) {
		f->data[ip] = 0x60;
		f->data[ip + 4] = (size - ip - 40) >> 8;
		f->data[ip + 5] = size - ip - 40;
		f->data[ip + 6] = 17;
		memcpy(f->data + ip + 8, f->src, 16);
		memcpy(f->data + ip + 24, f->dst, 16);
	} else {
		f->data[ip] = 0x45;
		f->data[ip + 2] = (size - ip) >> 8;
		f->data[ip + 3] = size - ip;
		f->data[ip + 9] = 17;
		memcpy(f->data + ip + 12, f->src, 4);
		memcpy(f->data + ip + 16, f->dst, 4);
	}
	f->data[udp + 2] = f->port >> 8;
	f->data[udp + 3] = f->port;
	f->data[udp + 4] = (size - udp) >> 8;
	f->data[udp + 5] = size - udp;
}

static void make_key(const struct frame *f, struct key *key)
{
	const struct kind *k = &kinds[f->kind];
	uint32_t bits = f->v6 ? k->bits6 : k->bits4;

	memset(key, 0, sizeof(*key));
	key->kind = f->kind;
	if (k->port)
		key->port = f->port;
	if (!k->src && !k->dst)
		return;
	key->v6 = f->v6;
	for (uint32_t i = 0; i < bits; i++)
		key->address[i / 8] |= (k->src ? f->src : f->dst)[i / 8] & 0x80 >> i % 8;
}

static struct bucket *find(const struct frame *f)
{
	struct key key;

	make_key(f, &key);
	for (uint32_t i = 0; i < BUCKETS; i++) {
		if (buckets[i].used && memcmp(&buckets[i].key, &key, sizeof(key)))
			continue;
		buckets[i].key = key;
		return &buckets[i];
	}
	CHECK(false, "more keys than the test has room for");
	return NULL;
}

/* Does @f pass at @ns? @says is believed where a hair decides. */
static bool passes(const struct frame *f, uint64_t ns, bool says)
{
	const struct kind *k = &kinds[f->kind];
	double cost = k->bytes ? f->len : 1;
	struct bucket *b = find(f);
	bool yes;

	if (!b->used)
		*b = (struct bucket){ .key = b->key, .used = true, .level = k->burst, .ns = ns };
	b->level += (ns - b->ns) * (double)k->rate / 1e9;
	b->ns = ns;
	if (b->level > k->burst)
		b->level = k->burst;
	yes = b->level >= cost;
	if (b->level - cost < 0.01 * cost && cost - b->level < 0.01 * cost)
		yes = says;
	if (yes)
		b->level -= cost;
	return yes;
}

int main(void)
{
	static char text[8192];
	struct afxdp_trial_answer answer;
	struct rng r = { .state = 11 };
	struct afxdp_rules *rules;
	struct afxdp_trial *trial;
	uint64_t ns = 0, over[KINDS + 1] = { 0 }, within[KINDS + 1] = { 0 };
	struct frame f;
	char err[512];
	size_t n = 0;

	libbpf_set_print(NULL);
	for (uint32_t i = 0; i < KINDS; i++)
		n += snprintf(text + n, sizeof(text) - n, "limit %s udp dst portrange %u-%u\n",
			      kinds[i].limit, 1000 + 10 * i, 1009 + 10 * i);
	CHECK(!afxdp_rules_parse_text("rules", text, n, &rules, err, sizeof(err)), "%s", err);
	CHECK(!afxdp_trial_open(&trial, rules, err, sizeof(err)), "%s", err);
	for (uint32_t i = 0; i < 40000; i++) {
		bool says;

		make_frame(&f, &r);
		ns += rng_below(&r, 400000);
		CHECK(!afxdp_trial_frame(trial, f.data, f.len, ns, &answer), "trial");
		says = answer.verdict != AFXDP_LIMIT;
		CHECK(f.kind < KINDS ? says == passes(&f, ns, says) : says,
		      "frame %u, 'limit %s': %s", i,
		      f.kind < KINDS ? kinds[f.kind].limit : "of others",
		      says ? "passed" : "limited");
		++*(says ? &within[f.kind] : &over[f.kind]);
	}
	for (uint32_t i = 0; i < KINDS; i++)
		CHECK(within[i] > 100 && (over[i] > 20 || kinds[i].rate == 1000000000),
		      "'limit %s': %lu within and %lu over prove nothing", kinds[i].limit,
		      within[i], over[i]);
	afxdp_trial_close(trial);
	afxdp_rules_free(rules);
	return 0;
}
