// SPDX-License-Identifier: GPL-2.0-only
/* frags.bpf.c - the test program for frames of any number of buffers. */
#include "verdict.h"

SEC("xdp.frags")
int frags(struct xdp_md *ctx)
{
	return verdict(ctx, bpf_xdp_get_buff_len(ctx), (long)ctx->data_end - (long)ctx->data);
}
