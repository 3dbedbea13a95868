/* SPDX-License-Identifier: GPL-2.0-only */
/* probe.h - what the probe program and the tests that run it share. */
#ifndef AFXDP_TESTS_PROBE_H
#define AFXDP_TESTS_PROBE_H

#include <linux/types.h>

struct probe {
	__u64 matched;	/* out: `count` rules that matched, by bit */
	__u32 flags;	/* in: AFXDP_META_VLAN_STRIP and such */
	__u16 vlan_tci; /* in: of the stripped tag */
	__u8 parse;	/* in: look for headers, as the real program does */
	__u8 never;
};

#endif
