/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * classifier.h - what the rule compiler (user/lib/rules) and the functions of the BPF object that
 * compiled rules call (bpf/actions.h, bpf/set.h) agree on. Nobody else's business.
 */
#ifndef AFXDP_CLASSIFIER_H
#define AFXDP_CLASSIFIER_H

#include <linux/types.h>

/* Which address of a frame is looked up in a set. */
enum afxdp_set_direction {
	AFXDP_SET_EITHER,
	AFXDP_SET_SRC,
	AFXDP_SET_DST
};

/*
 * Time in rate limits is counted in 64ths of a nanosecond: 3,000,000 frames a second are 333.3 ns
 * apart, and whole ones would be off by a thousandth. 64 bits of them are nine years of uptime.
 */
#define AFXDP_LIMIT_SHIFT  6
#define AFXDP_LIMIT_SECOND (1000000000ULL << AFXDP_LIMIT_SHIFT)

/* State of one rule's action, shared by all CPUs: value of the map `rule_state`. */
struct afxdp_rule_state {
	__u64 due;  /* limit: when the bucket will be full again, in 64ths of a nanosecond */
	__u64 seen; /* sample: frames matched */
};

/* `limit ... per src`: key of the map `sources`. IPv4 addresses are mapped (RFC 4291, 2.5.5.2). */
struct afxdp_source {
	__u32 rule;
	__u32 address[4];
};

/* Sources a program remembers, all its `per src` rules together; the least recently seen one makes
 * room. Some 130 bytes each. */
#define AFXDP_SOURCES_MAX 65536

#endif
