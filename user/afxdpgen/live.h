/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * live.h - what the XDP program of the live-frames engine and user space share.
 */
#ifndef AFXDPGEN_LIVE_H
#define AFXDPGEN_LIVE_H

#include "pace.h"
#include "stamp.h"

/* Most frames of one XDP test run between two flushes: the kernel's own limit
 * (TEST_XDP_MAX_BATCH in net/bpf/test_run.c). Rings of the state are as long. */
#define GEN_BATCH_MAX 256

/* A replayed frame is copied from the arena with a length the verifier only knows to be below
 * this, so the arena is longer by as much than what it holds. */
#define GEN_FRAME_ROOM 4096

/* Constants of one run, set before loading: the verifier removes what the run does not need. */
struct gen_constants {
	struct gen_template only; /* the template, if there is one only */
	__u32 head[15];		  /* and its first bytes, as many as the shortest frame has */
	__u32 reserved;
	__u64 seed;
	__u32 templates;
	__u32 flows;
	__u32 arena_bytes;
};

/* One sending thread's state, written by the XDP program and its tracepoint programs. Only one CPU
 * runs them at a time. */
struct gen_state {
	/* Set by user space. */
	__u64 limit; /* frames to be accepted in all; 0: no limit */
	__u64 stop;  /* send nothing more */
	struct gen_pace pace;
	/* Batches: every run of the kernel's loop between two flushes. */
	__u32 batch;	/* frames of one */
	__u32 position; /* in the present one */
	__u32 quota;	/* frames the present one may still send */
	__u32 cpu;	/* that runs it */
	/* Progress. */
	__u64 sequence; /* of the next new frame */
	__u64 step;	/* between two of ours: as many as there are senders */
	__u64 emitted;	/* frames handed to the device, again ones included */
	__u64 settled;	/* of those, how many the device has accepted or refused */
	__u64 accepted;
	__u64 bytes;   /* of accepted frames */
	__u64 refused; /* by the device (its ring was full); sent again */
	__u64 last_ns; /* CLOCK_MONOTONIC when the last batch that sent had ended */
	__u64 sending; /* the batch before this one sent */
	__s64 error;   /* negative errno: the kernel or the device refuses altogether */
	/* Sequence numbers of frames under way, by emission; and of those to be sent again. */
	__u32 again_head;
	__u32 again_tail;
	__u64 under_way[GEN_BATCH_MAX];
	__u32 lengths[GEN_BATCH_MAX];
	__u64 again[GEN_BATCH_MAX];
};

#endif
