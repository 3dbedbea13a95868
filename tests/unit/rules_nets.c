/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What words mean: a set in every context what `net` means there with the same prefixes; `inner`
 * what the rest of the expression means of the frame with its tags, labels and PPPoE taken off.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "../rules/batch.h"
#include "../rules/exprs.h"
#include "t.h"

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
	char net[4096], ours[BATCH_EXPR], theirs[BATCH_EXPR], set[64];
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
			batch_fill_in(ours, sizeof(ours), contexts[i], set);
			batch_fill_in(theirs, sizeof(theirs), contexts[i], net);
			batch_add(&b, ours, theirs);
		}
		spell(net, sizeof(net), protocols[round], direction);
		snprintf(set, sizeof(set), "%s %s @s", protocols[round], direction);
		batch_add(&b, set, net);
		snprintf(ours, sizeof(ours), "set s = \"%s\"\n", set_path);
		batch_load(&b, ours);
		for (uint32_t n = 0; n < frames; n++) {
			uint32_t len;

			frame_make(&f, r);
			len = f.len;
			if (rng_chance(r, 50))
				frame_mutate(&f, r);
			if (frame_may_be_cut(&f, len))
				continue;
			yes += batch_ask(&b, &f, &f) + batch_ask_stripped(&b, &f, &f);
		}
		batch_unload(&b);
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
	char ours[BATCH_EXPR];
	uint64_t yes = 0;

	for (size_t i = 0; i < sizeof(exprs) / sizeof(exprs[0]); i++) {
		snprintf(ours, sizeof(ours), "inner %s", exprs[i]);
		batch_add(&b, ours, exprs[i]);
	}
	batch_load(&b, "");
	for (uint32_t n = 0; n < frames; n++) {
		frame_make(&f, r);
		if (f.len < 1500)
			wrap(&f, r);
		if (rng_chance(r, 40))
			frame_mutate(&f, r);
		unwrap(&f, &inner);
		yes += batch_ask(&b, &f, &inner) + batch_ask_stripped(&b, &f, &inner);
	}
	batch_unload(&b);
	CHECK(yes > frames, "%lu matches are too few to prove anything", yes);
	printf("inner: %lu matches\n", yes);
}

int main(void)
{
	struct rng r = { .state = 7 };

	libbpf_set_print(NULL);
	test_sets(&r, 3000);
	test_inner(&r, 20000);
	return 0;
}
