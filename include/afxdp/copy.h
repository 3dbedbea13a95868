/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * copy.h - copies of frames: what the XDP program (bpf/copy.h) hands to readers in user space.
 *
 * A frame that is copied goes on to its verdict; its beginning goes over the ring of each reader
 * (BPF_MAP_TYPE_RINGBUF) that wants it, with what became of the frame.
 */
#ifndef AFXDP_COPY_H
#define AFXDP_COPY_H

#include <linux/types.h>

/* Readers at a time: bits of struct afxdp_parse.copies. */
#define AFXDP_COPIES_MAX 8

/* Bytes of a frame, if nobody says otherwise: headers, and what tells most protocols. */
#define AFXDP_COPY_SNAP 256

/* Instead of a slot: of the sink that a rule calls by this number, AFXDP_CLASS_TO(). Route 1 has
 * the last slot, and so on down. */
#define AFXDP_COPY_TO	       0x100U
#define AFXDP_COPY_SLOT(route) (AFXDP_COPIES_MAX - (route))

/* Of a frame, at most: longer than a jumbo frame; with what stands in front it is half of what the
 * kernel takes for a CPU's value (PCPU_MIN_UNIT_SIZE, 32 KiB). */
#define AFXDP_COPY_SNAP_MAX 16384

/* One record of a ring; @captured bytes of the frame follow. Host byte order. */
struct afxdp_copied {
	__u64 ns;	/* CLOCK_MONOTONIC, when the frame had been decided over */
	__u32 class;	/* AFXDP_CLASS(): verdict, and the rule that decided */
	__u32 flags;	/* AFXDP_META_*; if the device took a tag off, it is not among the bytes */
	__u32 length;	/* of the whole frame, without a tag that was taken off */
	__u32 captured; /* bytes that follow */
	__u32 queue;	/* of reception */
	__u16 vlan_tci;
	__u16 generation; /* of the rules, as the reader was told with their texts */
};

/* One CPU's state of one reader: value of the per-CPU map `copy_slots`. */
struct afxdp_copy_slot {
	__u64 copied; /* frames that were to be copied */
	__u64 lost;   /* of these: the ring had no room */
	__u32 left;   /* 1/N: frames to leave out before the next */
	__u32 snap;   /* bytes of a frame */
};

/*
 * The first page of a ring is the reader's to write, and the kernel looks at its first word only.
 * How many records the reader has taken stands behind that, for whoever keeps the account.
 */
struct afxdp_copy_page {
	__u64 consumer; /* the kernel's: bytes taken */
	__u64 reserved[7];
	__u64 observed; /* records taken */
};

#endif
