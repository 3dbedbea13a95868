/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * config.h - what user space tells the program, and the maps it fills.
 *
 * `config` may be written while the program runs (it is an mmapable array behind the scenes), so
 * that an object loaded by `ip link` can be adopted later. All zero means: pass every frame and
 * count it.
 */
#ifndef AFXDP_BPF_CONFIG_H
#define AFXDP_BPF_CONFIG_H

#include <stdbool.h>
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_endian.h>
#include <afxdp/abi.h>
#include <afxdp/classifier.h>

/* Fixed at load time, so that the verifier drops what is not used. */
const volatile __u32 ledger_queues = AFXDP_QUEUES_DEFAULT;
const volatile __u8 have_rules = 0;
const volatile __u8 tags_stripped = 0; /* the device takes VLAN tags off: ask it for them */
const volatile __u8 needs = AFXDP_NEED_ALL;
const volatile __u32 longest_frame = 0; /* as the MTU allows; 0: not known */

/* From this linear length on a frame may go on in fragments, and only a helper knows its whole
 * length. Smaller frames, where the call would weigh most, are spared it: no driver splits a frame
 * below a kilobyte, unless it puts headers into a buffer of their own. Then this is 0. */
const volatile __u32 whole_below = 1024;
/* By which route a consumer is reached that the rules know as their first, second ... */
const volatile __u8 have_routes = 0;
const volatile __u8 route_of[AFXDP_ROUTES] = { 0 };

const volatile __u8 on_trial = 0; /* frames come out of a file */

struct afxdp_trial_note trial SEC(".data.trial");

struct afxdp_config config SEC(".data.config");

/* By which route a frame goes that rules captured so. */
static __always_inline __u32 route_to(__u32 class)
{
	return have_routes ? route_of[AFXDP_CLASS_TO(class)] % AFXDP_ROUTES : 0;
}

/* Where in `xsks` the socket is to which a frame of @queue goes: asked by the verdict, and by who
 * tells what becomes of a frame (copy.h). */
static __always_inline __u32 socket_of(__u32 queue, __u32 class)
{
	return queue * AFXDP_ROUTES + route_to(class);
}

/* Whether anybody asks for @what. Any rule may ask for whatever is known of a frame. */
static __always_inline bool asked(__u8 what)
{
	return have_rules || needs & what;
}

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, AFXDP_QUEUES_DEFAULT);
	__type(key, __u32);
	__type(value, struct afxdp_ledger);
} ledger SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct afxdp_hits);
} rule_hits SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_XSKMAP);
	__uint(max_entries, AFXDP_QUEUES_DEFAULT *AFXDP_ROUTES);
	__type(key, __u32);
	__type(value, __u32);
} xsks SEC(".maps");

/* Who consumes a queue may have time for more stamps than config.stamp asks for: then one in so
 * many, a power of two. 0: as config says. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, AFXDP_QUEUES_DEFAULT);
	__type(key, __u32);
	__type(value, __u32);
} pace SEC(".maps");

#endif
