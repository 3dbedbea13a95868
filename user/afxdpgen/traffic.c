/* SPDX-License-Identifier: GPL-2.0-only */
/* traffic.c - the list of frames: one, or the mix. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "traffic.h"

/* Benchmarking address blocks: RFC 2544 section C.2.2 (198.18.0.0/15) and RFC 5180 section 8
 * (2001:2::/48). */
static const uint8_t src4[4] = { 198, 18, 0, 1 }, dst4[4] = { 198, 19, 0, 1 };
static const uint8_t src6[16] = { 0x20, 0x01, 0x00, 0x02, [15] = 1 };
static const uint8_t dst6[16] = { 0x20, 0x01, 0x00, 0x02, 0, 0, 0, 1, [15] = 1 };

/* What a link carries, so that every branch of a receiver's parser has work: roughly half small
 * frames, a third full ones. */
static const struct {
	enum gen_proto proto;
	bool ipv6;
	uint16_t vlan;
	uint16_t length;
} mix[] = {
	{ GEN_UDP, false, 0, 64 },   { GEN_TCP, false, 0, 60 },	    { GEN_TCP, false, 0, 1514 },
	{ GEN_UDP, true, 0, 80 },    { GEN_TCP, false, 100, 1518 }, { GEN_ICMP, false, 0, 98 },
	{ GEN_TCP, true, 0, 1514 },  { GEN_UDP, false, 100, 128 },  { GEN_TCP, true, 0, 86 },
	{ GEN_UDP, false, 0, 594 },  { GEN_ARP, false, 0, 60 },	    { GEN_ICMP, true, 0, 118 },
	{ GEN_UDP, true, 200, 256 }, { GEN_TCP, false, 0, 1514 },   { GEN_ARP, false, 200, 64 },
	{ GEN_UDP, false, 0, 1400 },
};

/* Room for @want more after @have of @size bytes each, doubling. */
static int grow(void **p, uint32_t *room, uint64_t want, size_t size)
{
	uint64_t n = *room ? *room : 64;
	void *q;

	if (want <= *room)
		return 0;
	while (n < want)
		n *= 2;
	q = realloc(*p, n * size);
	if (!q)
		return -ENOMEM;
	*p = q;
	*room = n;
	return 0;
}

uint8_t *gen_traffic_add(struct gen_traffic *t, uint32_t length)
{
	struct gen_template *last;
	uint8_t *bytes;

	if ((uint64_t)t->arena_bytes + length > GEN_ARENA_MAX)
		return NULL;
	if (grow((void **)&t->templates, &t->templates_room, t->count + 1ULL, sizeof(*last)) ||
	    grow((void **)&t->arena, &t->arena_room, (uint64_t)t->arena_bytes + length, 1))
		return NULL;
	last = &t->templates[t->count];
	*last = (struct gen_template){ .arena = t->arena_bytes, .length = length };
	bytes = t->arena + t->arena_bytes;
	t->arena_bytes += length;
	if (!t->count || length < t->shortest)
		t->shortest = length;
	if (length > t->longest)
		t->longest = length;
	t->count++;
	return bytes;
}

static int add_spec(struct gen_traffic *t, const struct gen_spec *spec)
{
	struct gen_template *last;
	uint32_t where;
	uint8_t *bytes;
	int err;

	bytes = gen_traffic_add(t, spec->length);
	if (!bytes)
		return -ENOMEM;
	last = &t->templates[t->count - 1];
	where = last->arena;
	err = gen_frame_build(spec, bytes, last);
	last->arena = where;
	return err;
}

static void addresses(struct gen_spec *spec, const struct gen_options *o)
{
	const uint8_t *src = spec->ipv6 ? src6 : src4, *dst = spec->ipv6 ? dst6 : dst4;

	if (o->src.family)
		src = o->src.bytes;
	if (o->dst.family)
		dst = o->dst.bytes;
	memcpy(spec->src, src, spec->ipv6 ? 16 : 4);
	memcpy(spec->dst, dst, spec->ipv6 ? 16 : 4);
}

static int make_mix(struct gen_traffic *t, struct gen_spec *spec, const struct gen_options *o)
{
	size_t i;
	int err;

	for (i = 0; i < sizeof(mix) / sizeof(mix[0]); i++) {
		spec->proto = mix[i].proto;
		spec->ipv6 = mix[i].ipv6;
		spec->vlan = mix[i].vlan;
		spec->length = mix[i].length;
		addresses(spec, o);
		err = add_spec(t, spec);
		if (err)
			return err;
	}
	return 0;
}

int gen_traffic_make(struct gen_traffic *t, const struct gen_options *o, const uint8_t *src_mac,
		     uint32_t limit, char *why, size_t why_size)
{
	struct gen_spec spec = {
		.vlan = o->vlan,
		.proto = o->proto,
		.ipv6 = o->ipv6,
		.sport = o->sport,
		.dport = o->dport,
		.length = o->size,
		.seed = o->seed,
		.scatter = o->scatter,
	};

	*t = (struct gen_traffic){ .flows = o->flows, .seed = o->seed };
	if (o->pcap)
		return gen_traffic_pcap(t, o, limit, why, why_size);
	memcpy(spec.src_mac, src_mac, sizeof(spec.src_mac));
	memcpy(spec.dst_mac, o->dst_mac, sizeof(spec.dst_mac));
	if (o->mix)
		return make_mix(t, &spec, o);

	addresses(&spec, o);
	if (spec.length < gen_frame_min(&spec)) {
		snprintf(why, why_size,
			 "--size %u: the headers asked for and a sequence number need at least %u",
			 spec.length, gen_frame_min(&spec));
		return -EINVAL;
	}
	return add_spec(t, &spec);
}

uint32_t gen_traffic_frame(const struct gen_traffic *t, uint64_t seq, uint8_t *frame)
{
	const struct gen_template *p = &t->templates[seq % t->count];

	memcpy(frame, t->arena + p->arena, p->length);
	gen_stamp(p, frame, frame + p->length, gen_flow(seq / t->count, t->seed, t->flows), seq);
	return p->length;
}

void gen_traffic_free(struct gen_traffic *t)
{
	free(t->templates);
	free(t->arena);
	*t = (struct gen_traffic){};
}
