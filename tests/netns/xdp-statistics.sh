#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Each counter of XDP_STATISTICS is provoked on purpose and seen under its name: all six by a program on libafxdp, and those that afxdpd can meet in its
# own report and ledger.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
for end in "$rx $rxif" "$tx $txif"; do
	read -r ns name <<<"$end"
	ip -n "$ns" link set "$name" mtu 9000
done

# Both ends in one namespace, for the program sends and receives.
netns_add "$rx-both"
veth_pair "$rx-both" a0 "$rx-both" b0 1
ip -n "$rx-both" link set a0 mtu 9000
ip -n "$rx-both" link set b0 mtu 9000
in_ns "$rx-both" "$BUILD/tests/netns/xdp_statistics" a0 b0

# stopped_daemon FRAMES SIZE ARGS...: a daemon that does not come round to its rings while FRAMES frames arrive.
stopped_daemon() {
	local frames=$1 size=$2 before
	shift 2
	start_daemon --ring 64 "$@"
	stop_daemon
	before=$(arrivals)
	gen --count "$frames" --size "$size" >/dev/null
	# What is sent may still wait in the veth, and would find room if the daemon went on before.
	wait_for 10 arrived $((before + frames)) || fail "$frames frames of $size bytes: $(($(arrivals) - before)) arrived"
	kill -CONT "$daemon"
	wait_for 10 live_is .ledger.received "$frames" || fail "$frames frames of $size bytes: $(live .ledger.received) received"
	end_daemon
	balanced "$frames frames of $size bytes"
}
statistics() { reported "[.queues[].xdp_statistics.$1] | add"; }

stopped_daemon 1000 100
expect_eq "fill_empty" "$(reported .ledger.fill_empty)" $((1000 - 64))
expect_eq "rx_fill_ring_empty_descs" "$(statistics rx_fill_ring_empty_descs)" $((1000 - 64))
expect_eq "rx_dropped" "$(statistics rx_dropped)" $((1000 - 64))
expect_eq "kernel_dropped" "$(reported .ledger.kernel_dropped)" 0
expect_eq "consumed" "$(reported .ledger.consumed)" 64

# Three chunks of 4096 bytes each (256 of them headroom): the 22nd frame finds one.
stopped_daemon 1000 9000 --frame-size 4096
if [ "$(reported '.queues[0].multi_buffer')" = true ]; then
	expect_eq "kernel_dropped" "$(reported .ledger.kernel_dropped)" $((1000 - 21))
	expect_eq "fill_empty" "$(reported .ledger.fill_empty)" 0
	expect_eq "consumed" "$(reported .ledger.consumed)" 21
	expect_eq "bytes" "$(reported '[.queues[].bytes] | add')" $((21 * 9000))
fi
