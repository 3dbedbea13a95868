/* SPDX-License-Identifier: GPL-2.0-only */
/* A sender's `tc ... action vlan push` for kernels that were built without it: the same function of
 * the kernel, which leaves the tag beside the frame. One section a protocol. */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>

#define ON_WITH_IT -1 /* TC_ACT_UNSPEC */

SEC("tc/ad")
int push_ad(struct __sk_buff *skb)
{
	bpf_skb_vlan_push(skb, bpf_htons(0x88a8), 3 << 13 | 5);
	return ON_WITH_IT;
}

SEC("tc/q")
int push_q(struct __sk_buff *skb)
{
	bpf_skb_vlan_push(skb, bpf_htons(0x8100), 3 << 13 | 5);
	return ON_WITH_IT;
}

char _license[] SEC("license") = "GPL";
