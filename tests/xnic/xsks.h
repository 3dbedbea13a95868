/* SPDX-License-Identifier: GPL-2.0-only */
/* xsks.h - for programs that send frames to AF_XDP sockets: where the sockets are. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, 2); /* by receive queue */
	__type(key, __u32);
	__type(value, __u32);
} xsks SEC(".maps");
