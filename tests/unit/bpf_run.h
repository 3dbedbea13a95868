/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bpf_run.h - the XDP program, loaded by the library and run on one frame at a time by
 * BPF_PROG_TEST_RUN: verdict, metadata and counters are there to be looked at.
 *
 * A redirect is decided but not carried out by a test run, so an AF_XDP socket that was never bound
 * is consumer enough.
 */
#ifndef AFXDP_TEST_BPF_RUN_H
#define AFXDP_TEST_BPF_RUN_H

#include "t.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include "prog.h"
#include "uapi.h"

#define RUN_QUEUES 2
#define FRAME_MAX  9018

struct runner {
	struct afxdp_prog prog;
	int xsk;
};

struct run_result {
	uint32_t action; /* XDP_* */
	struct afxdp_meta meta;
	uint32_t meta_len; /* bytes in front of the frame */
	uint8_t frame[FRAME_MAX + 64];
	uint32_t len;
};

static int run_quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

/* In a network namespace of our own: whatever is attached on this machine is none of our business. */
static inline void runner_open_for(struct runner *r, bool splits_headers, uint32_t longest)
{
	struct afxdp_prog_config config = {
		.ifname = "lo",
		.ifindex = 1,
		.queues = RUN_QUEUES,
		.run = { .default_verdict = AFXDP_CAPTURE, .stamp = 1 },
		.splits_headers = splits_headers,
		.longest = longest,
	};
	int err;

	if (geteuid())
		SKIP("needs root: loads a BPF program");
	CHECK(!unshare(CLONE_NEWNET), "%s", strerror(errno));
	libbpf_set_print(run_quiet);
	err = afxdp_prog_load(&r->prog, &config);
	CHECK(!err, "%s", r->prog.why);
	r->xsk = socket(AF_XDP, SOCK_RAW, 0);
	CHECK(r->xsk >= 0, "AF_XDP socket: %s", strerror(errno));
	CHECK(!afxdp_prog_claim(&r->prog, 0, r->xsk), "claim");
}

static inline void runner_open(struct runner *r)
{
	runner_open_for(r, false, 0);
}

static inline void runner_close(struct runner *r)
{
	afxdp_prog_close(&r->prog);
	close(r->xsk);
}

static inline void runner_set(struct runner *r, enum afxdp_verdict verdict, uint32_t stamp)
{
	struct afxdp_config run = { .default_verdict = verdict, .stamp = stamp };

	CHECK(!afxdp_prog_set(&r->prog, &run), "set");
}

static inline struct afxdp_ledger runner_ledger(const struct runner *r)
{
	struct afxdp_ledger l;

	CHECK(!afxdp_prog_ledger(&r->prog, 0, &l), "ledger");
	return l;
}

/* @len: at least 14, or the kernel does not run the program. */
static inline void run_frame(struct runner *r, const void *frame, uint32_t len,
			     struct run_result *out)
{
	uint8_t data[sizeof(out->frame)];
	struct xdp_md md = { .data_end = len }, md_out = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len,
		    .data_out = data, .data_size_out = sizeof(data), .ctx_in = &md,
		    .ctx_size_in = sizeof(md), .ctx_out = &md_out, .ctx_size_out = sizeof(md_out));
	int err = bpf_prog_test_run_opts(r->prog.prog_fd, &opts);

	CHECK(!err, "test run of %u bytes: %s", len, strerror(-err));
	out->action = opts.retval;
	/* What comes back begins at data_meta. */
	out->meta_len = md_out.data;
	CHECK(out->meta_len == 0 || out->meta_len == sizeof(out->meta), "%u bytes of metadata",
	      out->meta_len);
	out->len = opts.data_size_out - out->meta_len;
	memcpy(&out->meta, data, out->meta_len);
	memcpy(out->frame, data + out->meta_len, out->len);
}

#endif
