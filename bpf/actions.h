/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * actions.h - what rules do to a frame besides deciding over it: count, sample, limit.
 *
 * A rule that lets a frame go on counts it here. Where a rule decides, the caller of the classifier
 * counts: then every frame a rule matched is in rule_hits, once.
 */
#ifndef AFXDP_BPF_ACTIONS_H
#define AFXDP_BPF_ACTIONS_H

#include "config.h"
#include "load.h"
#include "parse.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct afxdp_rule_state);
} rule_state SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 1);
	__type(key, struct afxdp_source);
	__type(value, __u64);
} sources SEC(".maps");

/* With so many CPUs at one bucket at once, who loses every time is treated as over the limit. */
#define BUCKET_TRIES 16

static __always_inline __u64 limit_clock(void)
{
	return on_trial ? trial.now : bpf_ktime_get_ns();
}

static __always_inline void count_hit(__u32 rule, __u32 length)
{
	struct afxdp_hits *h = bpf_map_lookup_elem(&rule_hits, &rule);

	if (!h)
		return;
	h->frames++;
	h->bytes += length;
}

/** afxdp_count() - `count`: the frame goes on. */
__weak __attribute__((noinline)) int afxdp_count(struct afxdp_parse *p, __u32 rule)
{
	if (p)
		count_hit(rule, p->length);
	return 0;
}

/** afxdp_sample() - `sample 1/@every`. Return: 1 for every @every-th frame, whichever CPU sees it. */
__weak __attribute__((noinline)) int afxdp_sample(struct afxdp_parse *p, __u32 rule, __u32 every)
{
	struct afxdp_rule_state *s = bpf_map_lookup_elem(&rule_state, &rule);
	__u64 seen;

	if (!p || !s || !every)
		return 0;
	seen = __sync_fetch_and_add(&s->seen, 1) + 1;
	if (seen % every == 0)
		return 1;
	count_hit(rule, p->length);
	return 0;
}

/*
 * A token bucket as a single number (the generic cell rate algorithm, ITU-T I.371): when it will be
 * full again. A frame moves that by @cost; it is over the limit if that time would be more than
 * @depth ahead. One word, one compare-and-swap, no lock, no refill.
 */
static __always_inline int over_limit(__u64 *due, __u64 cost, __u64 depth)
{
	__u64 now = limit_clock() << AFXDP_LIMIT_SHIFT, seen, full;
	int i;

	for (i = 0; i < BUCKET_TRIES; i++) {
		seen = *(volatile __u64 *)due;
		full = seen > now ? seen : now;
		if (full - now + cost > depth)
			return 1;
		if (__sync_val_compare_and_swap(due, seen, full + cost) == seen)
			return 0;
	}
	return 1;
}

/* Of a frame, by what @rule counts. */
static __always_inline __u64 cost_of(const struct afxdp_parse *p, __u32 rule, __u64 interval)
{
	if (!(rule & AFXDP_LIMIT_BYTES))
		return interval;
	return interval * (p->length & 0xffffff) / AFXDP_LIMIT_BYTES_UNIT;
}

/** afxdp_limit() - `limit`. Return: 1 if the frame is over the rule's limit. */
__weak __attribute__((noinline)) int afxdp_limit(struct xdp_md *ctx, struct afxdp_parse *p,
						 __u32 rule, __u64 interval, __u64 depth)
{
	__u32 index = rule & ~AFXDP_LIMIT_BYTES;
	struct afxdp_rule_state *s = bpf_map_lookup_elem(&rule_state, &index);

	if (!ctx || !p || !s)
		return 0;
	if (over_limit(&s->due, cost_of(p, rule, interval), depth))
		return 1;
	count_hit(index, p->length);
	return 0;
}

/* Bits behind the first @n of a word of an address, in network order, cleared. */
static __always_inline __u32 cut_word(__u32 word, int n)
{
	if (n >= 32)
		return word;
	return n <= 0 ? 0 : word & bpf_htonl(~(~0U >> n));
}

/* Of TCP, UDP and SCTP; 0 where there is none, or none was found (bpf/parse.h). */
static __always_inline __u16 destination_port(struct xdp_md *ctx, const struct afxdp_parse *p)
{
	__s64 port;

	if (!(p->flags & AFXDP_META_L4) ||
	    (p->protocol != PROTO_TCP && p->protocol != PROTO_UDP && p->protocol != PROTO_SCTP))
		return 0;
	port = load_there(ctx, p->l4_offset + 2, 2);
	return port < 0 ? 0 : port;
}

/* The bucket of the address that @l tells of, made if there is none; the rule's own for frames
 * without an address. */
static __always_inline __u64 *bucket_of(struct xdp_md *ctx, const struct afxdp_parse *p,
					const struct afxdp_limited *l, __u64 *of_rule)
{
	struct afxdp_source source = { .rule = l->rule };
	__u64 *due, fresh = 0;
	int i;

	if (l->version == 4) {
		source.address[2] = bpf_htonl(0xffff);
		source.address[3] = cut_word(bpf_htonl(l->source), l->prefix4);
	} else if (l->version != 6 || !load_address6(ctx, p, l->source, source.address)) {
		return of_rule;
	} else {
#pragma unroll
		for (i = 0; i < 4; i++)
			source.address[i] = cut_word(source.address[i], (int)l->prefix6 - 32 * i);
	}
	if (l->port)
		source.port = destination_port(ctx, p);
	due = bpf_map_lookup_elem(&sources, &source);
	if (due)
		return due;
	/* Somebody else may have been faster: then theirs is there. */
	bpf_map_update_elem(&sources, &source, &fresh, BPF_NOEXIST);
	return bpf_map_lookup_elem(&sources, &source);
}

/** afxdp_limit_source() - `limit ... per KEY`. Return: 1 if the frame is over its key's limit. */
__weak __attribute__((noinline)) int afxdp_limit_source(struct xdp_md *ctx, struct afxdp_parse *p,
							const struct afxdp_limited *l)
{
	struct afxdp_rule_state *s;
	__u64 *due;
	__u32 rule;

	if (!ctx || !p || !l)
		return 0;
	rule = l->rule & ~AFXDP_LIMIT_BYTES;
	s = bpf_map_lookup_elem(&rule_state, &rule);
	if (!s)
		return 0;
	due = bucket_of(ctx, p, l, &s->due);
	/* No memory, or evicted at once: a key we know nothing of is within its limit. */
	if (due && over_limit(due, cost_of(p, l->rule, l->interval), l->depth))
		return 1;
	count_hit(rule, p->length);
	return 0;
}

#endif
