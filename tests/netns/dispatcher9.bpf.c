/* SPDX-License-Identifier: GPL-2.0-only */
/* What libxdp's dispatcher of a version to come looks like to who finds it: its name, and its
 * configuration's first bytes. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

const volatile struct {
	__u8 magic, version, programs, frags;
} config = { 236, 9, 1, 0 };

SEC("xdp")
int xdp_dispatcher(struct xdp_md *ctx)
{
	return ctx->data_end > ctx->data && config.programs ? XDP_PASS : XDP_ABORTED;
}

char _license[] SEC("license") = "GPL";
