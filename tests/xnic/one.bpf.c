// SPDX-License-Identifier: GPL-2.0-only
/* one.bpf.c - the test program for frames of one buffer. */
#include "verdict.h"

SEC("xdp")
int one(struct xdp_md *ctx)
{
	__u64 length = (long)ctx->data_end - (long)ctx->data;

	return verdict(ctx, length, length);
}
