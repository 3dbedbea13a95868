/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How long a frame is: of several buffers, the first of which may be short where a device puts
 * headers into one of their own; and whether that is more than the MTU allows.
 */
#include "bpf_run.h"

#define LONGEST (1500 + 22)

/* Of @len bytes, @linear of them in the first buffer. Return: what the program takes it for; 0:
 * this kernel (before 6.18) does not split where it is told. */
static uint64_t bytes_of(struct runner *r, uint32_t len, uint32_t linear)
{
	static uint8_t frame[FRAME_MAX];
	struct afxdp_ledger before = runner_ledger(r);
	struct xdp_md md = { .data_end = linear };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .data_in = frame, .data_size_in = len, .ctx_in = &md,
		    .ctx_size_in = sizeof(md));
	int err = bpf_prog_test_run_opts(r->prog.prog_fd, &opts);

	CHECK(!err || err == -EINVAL, "%u bytes, %u in the first buffer: %s", len, linear,
	      strerror(-err));
	return err ? 0 : runner_ledger(r).bytes - before.bytes;
}

static void test_split(void)
{
	static const struct {
		uint32_t len, linear;
	} cases[] = { { 500, 66 }, { 1000, 54 }, { 1514, 14 }, { 4000, 1023 }, { 4000, 1024 } };
	struct runner r, plain;

	runner_open_for(&r, true, LONGEST);
	runner_open(&plain);
	if (!bytes_of(&r, 500, 66))
		SKIP("this kernel does not split frames where it is told");
	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++) {
		uint32_t len = cases[i].len, linear = cases[i].linear;
		uint64_t bytes = bytes_of(&r, len, linear);

		CHECK(bytes == len, "%u bytes, %u in the first buffer, are taken for %lu", len,
		      linear, (unsigned long)bytes);
		/* Or this test would ask nothing. */
		bytes = bytes_of(&plain, len, linear);
		CHECK(bytes == (linear < 1024 ? linear : len), "%u bytes in the first buffer: %lu",
		      linear, (unsigned long)bytes);
	}
	runner_close(&plain);
	runner_close(&r);
}

static void test_longest(void)
{
	static uint8_t frame[FRAME_MAX];
	static struct run_result out;
	struct runner r;

	runner_open_for(&r, false, LONGEST);
	run_frame(&r, frame, 60, &out);
	run_frame(&r, frame, LONGEST, &out);
	CHECK(!runner_ledger(&r).super_frames, "the longest is no super-frame");
	run_frame(&r, frame, LONGEST + 1, &out);
	run_frame(&r, frame, FRAME_MAX, &out);
	CHECK(runner_ledger(&r).super_frames == 2, "%lu super-frames",
	      (unsigned long)runner_ledger(&r).super_frames);
	runner_close(&r);
}

int main(void)
{
	test_longest();
	test_split();
	return 0;
}
