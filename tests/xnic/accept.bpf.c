// SPDX-License-Identifier: GPL-2.0-only
/* accept.bpf.c - two programs that pass every frame: one that takes a buffer, one that takes
 * several. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int accept_one(struct xdp_md *ctx)
{
	return XDP_PASS;
}

SEC("xdp.frags")
int accept_frags(struct xdp_md *ctx)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
