#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# afxdpgen --count is exact: what it says it sent is what the other end's driver received, at full speed, from two CPUs, and when the receiver's ring is
# so often full that frames are refused.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root

a=gc${RUN_ID}a b=gc${RUN_ID}b
gen() { in_ns "$a" "$BUILD/afxdpgen" -i g0 "$@"; }
# Frames that the peer's driver has taken from its rings.
received() { ip -n "$b" -j -s link show dev g1 | jq '.[0].stats64.rx.packets'; }

dir=$(mktemp -d)
cleanup rm -rf "$dir"
netns_add "$a"
netns_add "$b"
veth_pair "$a" g0 "$b" g1 2
ip -n "$b" link set dev g1 xdp object "$BUILD/bpf/afxdp_rx.bpf.o" section xdp

# exact WHAT COUNT ARGS...: sends COUNT, leaves the JSON in $json
exact() {
	local what=$1 count=$2 before
	shift 2
	before=$(received)
	json=$(gen --count "$count" "$@")
	expect_eq "$what: sent" "$(jq .sent <<<"$json")" "$count"
	expect_eq "$what: received" "$(($(received) - before))" "$count"
}

exact "one frame" 1
exact "full speed" 3000001
expect_eq "engine" "$(jq -r .engine <<<"$json")" xdp
expect_eq "bytes" "$(jq .bytes <<<"$json")" $((3000001 * 64))
exact "mix" 300001 --mix
exact "paced" 20001 --pps 200k
exact "batches of 256" 1000003 --batch 256
exact "batches of 1" 10007 --batch 1
exact "fewer than CPUs" 1 --cpus 0,0,0
exact "AF_PACKET" 100003 --engine packet
exact "size" 10007 --size 1514
expect_eq "bytes" "$(jq .bytes <<<"$json")" $((10007 * 1514))

if [ "$(nproc)" -ge 2 ]; then
	queue() { in_ns "$b" ethtool -S g1 | awk -v k="rx_queue_$1_xdp_packets:" '$1 == k { print $2 }'; }
	q0=$(queue 0) q1=$(queue 1)
	exact "two CPUs" 1000001 --cpus 0,1
	expect_eq "queue 0" "$(($(queue 0) - q0))" 500001
	expect_eq "queue 1" "$(($(queue 1) - q1))" 500000
	expect_eq "senders" "$(jq '[.senders[].sent] | add' <<<"$json")" 1000001
fi

# The receiver's program goes away and comes back while we send: frames wait meanwhile, and the count stays exact.
before=$(received)
in_ns "$a" "$BUILD/afxdpgen" -i g0 --count 2000003 --pps 1M >"$dir/json" &
sending=$!
for ((i = 0; i < 10; i++)); do
	sleep 0.1
	ip -n "$b" link set dev g1 xdp off
	sleep 0.05
	ip -n "$b" link set dev g1 xdp object "$BUILD/bpf/afxdp_rx.bpf.o" section xdp
done
wait "$sending" || fail "afxdpgen gave up when the receiver restarted"
expect_eq "restarted receiver: sent" "$(jq .sent "$dir/json")" 2000003
# What waits in a veth ring (256 frames) when its NAPI goes is freed by the kernel unread.
lost=$((2000003 - $(received) + before))
if [ $lost -lt 0 ] || [ $lost -gt 2560 ]; then fail "restarted receiver: $lost frames fewer received than sent"; fi

# With a thread of its own, the receiver is late again and again, its ring of 256 runs full, and the device refuses frames. /sys of the namespace is only
# seen by whoever mounts it there.
in_ns "$b" unshare --mount sh -c 'mount -t sysfs sysfs /sys && echo 1 >/sys/class/net/g1/threaded' || skip "no threaded NAPI here"
refused=0
for ((i = 0; i < 20 && !refused; i++)); do
	exact "threaded receiver" 500009 --batch 256
	refused=$(jq .refused <<<"$json")
done
[ "$refused" -gt 0 ] || fail "the device never refused a frame: what is refused was not tested"
expect_eq "bytes after refusals" "$(jq .bytes <<<"$json")" $((500009 * 64))
