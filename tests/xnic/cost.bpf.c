// SPDX-License-Identifier: GPL-2.0-only
/*
 * cost.bpf.c - time spent in the NAPI polls of one device: with scripts/vm --icount a nanosecond is
 * an instruction. The probes' own share is within what is measured: what a poll costs that found
 * nothing says how much it can be at most.
 */
#include <asm/ptrace.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct net_device {
	int ifindex;
} __attribute__((preserve_access_index));

struct napi_struct {
	struct net_device *dev;
} __attribute__((preserve_access_index));

const volatile int ifindex;

struct cost {
	__u64 polls;
	__u64 ns;
	__u64 least; /* ns, of one poll */
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cost);
} costs SEC(".maps");

/* When the poll under way began; 0: another device's. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} since SEC(".maps");

SEC("kprobe")
int begin(struct pt_regs *ctx)
{
	struct napi_struct *napi = (void *)PT_REGS_PARM1(ctx);
	__u32 zero = 0;
	__u64 *start = bpf_map_lookup_elem(&since, &zero);

	if (start)
		*start = BPF_CORE_READ(napi, dev, ifindex) == ifindex ? bpf_ktime_get_ns() : 0;
	return 0;
}

SEC("kretprobe")
int end(struct pt_regs *ctx)
{
	__u64 now = bpf_ktime_get_ns();
	__u32 zero = 0;
	__u64 *start = bpf_map_lookup_elem(&since, &zero);
	struct cost *cost = bpf_map_lookup_elem(&costs, &zero);

	if (!start || !*start || !cost)
		return 0;
	now -= *start;
	cost->polls++;
	cost->ns += now;
	if (!cost->least || now < cost->least)
		cost->least = now;
	return 0;
}

SEC("license") char _license[] = "GPL";
