/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * abi.h - what the XDP program, the library and everybody who reads our maps or our frames share.
 *
 * Field names here are user-visible: `bpftool map dump` prints them from BTF, the report and the
 * metrics use the same words.
 */
#ifndef AFXDP_ABI_H
#define AFXDP_ABI_H

#include <linux/types.h>

/* Queues a ledger map has room for when nobody says otherwise (`ip link ... xdp object`); the
 * library sizes it to the device. */
#define AFXDP_QUEUES_DEFAULT 64

/* Rules a program can count: see LIMITS in afxdp-rules(5); the map has one slot a rule. */
#define AFXDP_RULES_MAX 1024

/* struct afxdp_meta.rule of a frame that no rule matched: the default action took it. */
#define AFXDP_RULE_DEFAULT 0xffffffffU

/* Consumers that rules can choose among: sockets a queue. Route 0 is that of `capture` without a
 * name. The map `xsks` has the socket of a queue's route at queue * AFXDP_ROUTES + route. */
#define AFXDP_ROUTES 8

/* Where a frame goes. Every frame gets exactly one of these, and is counted under it in struct
 * afxdp_ledger. */
enum afxdp_verdict {
	AFXDP_PASS = 0,	     /* to the kernel's stack, because a rule or the default says so */
	AFXDP_DROP = 1,	     /* dropped by a rule */
	AFXDP_LIMIT = 2,     /* dropped by a rule's rate limit */
	AFXDP_ABORT = 3,     /* the program itself failed; must stay 0 */
	AFXDP_TX = 4,	     /* sent back out of the same port */
	AFXDP_UNCLAIMED = 5, /* to be captured, but its queue has no consumer: to the stack */
	AFXDP_CAPTURE = 6,   /* handed to the AF_XDP socket of its queue */
	AFXDP_VERDICTS
};

/*
 * One queue's counters on one CPU: the value of the per-CPU map `ledger`, indexed by receive queue.
 *
 * received = passed + dropped + limited + aborted + tx + unclaimed + captured, always. What follows
 * `captured` says what was odd about frames that are already counted above; it is not part of the
 * sum.
 */
struct afxdp_ledger {
	__u64 received;
	__u64 bytes;
	__u64 passed;
	__u64 dropped;
	__u64 limited;
	__u64 aborted;
	__u64 tx;
	__u64 unclaimed;
	__u64 captured; /* all routes together */
	/* Oddities; all but no_meta and super_frames only if asked for (AFXDP_NEED_ODDITIES). */
	__u64 no_meta;	/* captured without metadata: the driver leaves no room for it */
	__u64 short_l2; /* ends inside the Ethernet header or a VLAN tag */
	__u64 bad_ipv4; /* truncated, wrong version, IHL below 5, total length below the header's */
	__u64 bad_ipv6; /* truncated or wrong version */
	__u64 bad_l4; /* ends inside the TCP, UDP, SCTP or ICMP header, or TCP data offset below 5 */
	__u64 ext_limit;    /* more IPv6 extension headers than the program walks */
	__u64 fragments;    /* IPv4 or IPv6 fragments, first ones included */
	__u64 super_frames; /* longer than the MTU allows: not cut by their sender, or put together */
	/* Of those captured: by route 1 and so on; the rest went by route 0. */
	__u64 routed[AFXDP_ROUTES - 1];
};

/* struct afxdp_meta.flags */
#define AFXDP_META_MAGIC      0xaf8d0000U /* upper half of flags whenever we wrote them */
#define AFXDP_META_MAGIC_MASK 0xffff0000U
#define AFXDP_META_RX_NS      (1U << 0) /* rx_ns was taken for this frame */
#define AFXDP_META_HW_NS      (1U << 1) /* hw_ns comes from the NIC */
#define AFXDP_META_HASH	      (1U << 2) /* rx_hash comes from the NIC */
#define AFXDP_META_VLAN	      (1U << 3) /* vlan_tci holds the outermost tag, wherever it was found */
#define AFXDP_META_VLAN_STRIP (1U << 4) /* the device stripped that tag: it is not in the frame */
#define AFXDP_META_L3	      (1U << 5) /* l3_offset points at a whole IPv4 or IPv6 header */
#define AFXDP_META_L4 \
	(1U << 6) /* l4_offset points at a whole TCP, UDP, SCTP, ICMP or ICMPv6 header */
#define AFXDP_META_MALFORMED (1U << 7) /* one of the ledger's oddities, fragments apart */
#define AFXDP_META_FRAGMENT \
	(1U << 8) /* an IP fragment; only a first one can have a layer 4 header */
#define AFXDP_META_IPV6	   (1U << 9)  /* the header at l3_offset is IPv6 */
#define AFXDP_META_VLAN_AD (1U << 10) /* the tag that was stripped is 802.1ad's, not 802.1Q's */

/* The 32 bytes in front of a captured frame. Host byte order. */
struct afxdp_meta {
	__u64 rx_ns; /* CLOCK_MONOTONIC when the program ran, ns; 0 if this frame was not stamped */
	__u64 hw_ns; /* NIC clock, ns */
	__u32 rx_hash;	/* the NIC's RSS hash */
	__u32 rule;	/* index of the rule that captured it, or AFXDP_RULE_DEFAULT */
	__u16 vlan_tci; /* outermost VLAN tag: priority, DEI, identifier */
	__u8 l3_offset; /* from the first byte of the frame */
	__u8 l4_offset;
	__u32 flags;
};

/*
 * What the program knows about a frame: handed to the classifier, source of the metadata. Offsets
 * are valid only with their flag (AFXDP_META_L3, AFXDP_META_L4).
 */
struct afxdp_parse {
	__u32 length;	 /* bytes of the whole frame, fragments included */
	__u32 flags;	 /* AFXDP_META_* */
	__u16 ethertype; /* behind the VLAN tags, host order */
	__u16 vlan_tci;
	__u8 l3_offset;
	__u8 l4_offset;
	__u8 protocol; /* layer 4, behind IPv6 extension headers */
	__u8 copies;   /* readers that get a copy, a bit each: copy.h */
};

/* A classifier's answer: verdict and rule in one register. Where the verdict is to capture, bits 4
 * to 6 say to which of the consumers that the rules name: 0 is the one without a name. */
#define AFXDP_CLASS(verdict, rule) ((__u32)(rule) << 8 | (verdict))
#define AFXDP_CLASS_VERDICT(class) ((class) & 0x0f)
#define AFXDP_CLASS_TO(class)	   ((class) >> 4 & (AFXDP_ROUTES - 1))
#define AFXDP_TO(verdict, to)	   ((__u32)(verdict) | (__u32)(to) << 4)
#define AFXDP_CLASS_RULE(class)	   ((__u32)((int)(class) >> 8)) /* sign-extends AFXDP_RULE_DEFAULT */

/* What user space sets in the program's map `.data.config`, also while it runs. */
struct afxdp_config {
	__u32 default_verdict; /* enum afxdp_verdict of a frame that no rule takes */
	__u32 stamp;  /* take rx_ns of one captured frame in so many: a power of two; 0: of none */
	__u32 sparse; /* metadata only in front of frames whose rx_ns is taken; 0: of every frame */
	/* The kernel's own frames are sent, with what it knows of their checksums. The library's. */
	__u32 generic;
};

/* What the program finds out about frames besides its rules' verdict, if anybody asks: see
 * struct afxdp_prog_config.unasked. Rules may ask for all but the oddities. */
#define AFXDP_NEED_TAG	    (1U << 0) /* the VLAN tag that the device took off */
#define AFXDP_NEED_HEADERS  (1U << 1) /* offsets and flags in struct afxdp_meta */
#define AFXDP_NEED_ODDITIES (1U << 2) /* counters in struct afxdp_ledger */
#define AFXDP_NEED_ALL	    (AFXDP_NEED_TAG | AFXDP_NEED_HEADERS | AFXDP_NEED_ODDITIES)

/* Value of the per-CPU map `rule_hits`, indexed by rule. */
struct afxdp_hits {
	__u64 frames;
	__u64 bytes;
};

#endif
