#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic: AF_XDP sockets that come and go under traffic. A storm for STORM seconds (10): on both queues one socket after the other, in zero-copy and
# copy mode, while programs are exchanged, rings resized and the port taken down and up; frames stay in order, and every one is accounted for. Then
# a process with zero-copy sockets is killed at full load, CYCLES (5) times; then the device is pulled out from under one. No memory is lost.
# `make test-zc-storm`: five minutes, and fifty times.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
STORM=${STORM:-10} CYCLES=${CYCLES:-5}
export STORM CYCLES
xnic_guest --timeout $((900 + 4 * STORM + 20 * CYCLES)) --join pair

zc=$BUILD/tests/xnic/zc
device=/sys/bus/pci/devices/0000:01:00.0
pinned=$(pinned_pages)
modprobe pktgen
xnic_load
xnic_ports 1500
# Nothing but the flood: no ARP, no ICMP answers.
ip addr flush dev eth0
on eth1 ip addr flush dev eth1
steer_load
steer_attach a

# ---- the storm ----

end=$((SECONDS + STORM))
more() { [ $SECONDS -lt $end ]; }
# Changes may be refused (the port is down): they must not hang, nor leave anything behind.
try() { "$@" >/dev/null 2>&1 || true; }
pick() { local n=$((RANDOM % $# + 1)); echo "${!n}"; }
programs() {
	while more; do
		try steer_attach "$(pick a b)"
		[ $((RANDOM % 8)) != 0 ] || try bpftool net detach xdpdrv dev eth0
	done
}
shapes() {
	while more; do
		try ethtool -G eth0 rx "$(pick 64 256 512 1024 4096)" tx "$(pick 64 128 512 2048)"
		sleep 0.$((RANDOM % 10))
	done
}
up_and_down() {
	while more; do
		sleep $((RANDOM % 4 + 2))
		try ip link set eth0 down
		try ip link set eth0 up
	done
}

flood_begin 60 64 4000
jobs=()
for job in programs shapes up_and_down; do
	$job &
	jobs+=($!)
done
for queue in 0 1; do
	"$zc" storm eth0 $queue "$STORM" >/tmp/storm$queue &
	jobs+=($!)
done
for job in "${jobs[@]}"; do wait "$job" || fail "something died in the storm"; done
flood_end
try ip link set eth0 up
carriers
steer_attach a
# What QEMU still holds has come when nothing comes any more.
settled() { local n; n=$(counters hw_rx_packets eth0); sleep 1; [ "$(counters hw_rx_packets eth0)" = "$n" ]; }
wait_for 60 settled || fail "frames still come"

# Every frame: from the other port, through the device's counters, the driver's, the program's, to the sockets.
cat /tmp/storm0 /tmp/storm1 >&2
sum() { jq -s "[.[].$1] | add" /tmp/storm0 /tmp/storm1; }
say "$(on eth0 ethtool -S eth0 | grep -v ': 0$' | xargs)"
expect_eq "frames the programs saw" "$(steered seen)" $(($(steered redirected) + $(steered unclaimed)))
expect_eq "frames the sockets got or refused" "$(($(sum frames) + $(sum lost)))" "$(steered redirected)"
expect_eq "redirects, the driver says" "$(counters 'rx[01]_(xdp_redirect|xdp_redirect_failed|xsk_full)' eth0)" "$(steered redirected)"
expect_eq "drops, the driver says" "$(counters 'rx[01]_xdp_drop' eth0)" "$(steered unclaimed)"
expect_eq "frames, the device says" "$(counters hw_rx_packets eth0)" "$(counters 'rx[01]_(packets|discarded)' eth0)"
sent=$(counters hw_tx_packets eth1)
[ "$(counters 'hw_rx_packets|hw_rx_missed' eth0)" -le "$sent" ] || fail "more frames came than were sent ($sent)"
for mode in zerocopy copy; do [ "$(sum $mode)" -ge 4 ] || fail "that was no storm: $(sum $mode) sockets in $mode mode"; done
[ "$(sum frames)" -gt 100 ] || fail "that was no storm: $(sum frames) frames"
[ "$(sum completed)" -gt 0 ] || fail "nothing was sent"

# ---- killed at full load ----

# hold: a process with zero-copy sockets on both queues, under load; HOLDER.
hold() {
	rm -f /tmp/hold
	"$zc" hold eth0 >/tmp/hold &
	HOLDER=$!
	wait_for 300 grep -q loaded /tmp/hold || fail "$1: no load: $(cat /tmp/hold) $(ethtool -S eth0 | grep -v ': 0$' | xargs)"
}
unpinned() { [ "$(pinned_pages)" = "$pinned" ]; }

ethtool -G eth0 rx 512 tx 512
seen=$(steered seen) packets=$(counters 'rx[01]_packets' eth0)
flood_begin 60 64
for ((i = 1; i <= CYCLES; i++)); do
	hold "kill $i"
	kill -KILL $HOLDER
	wait $HOLDER 2>/dev/null || true
done
hold "after $CYCLES kills"
# An RX ring that is full costs the frame at hand, which the program sees no second time, and goes on when there is room.
full() { [ "$(counters 'rx[01]_xsk_full' eth0)" -gt "$1" ]; }
redirected() { [ "$(counters 'rx[01]_xdp_redirect' eth0)" -gt "$1" ]; }
before=$(counters 'rx[01]_xsk_full' eth0)
kill -STOP $HOLDER
wait_for 60 full "$before" || fail "no RX ring is full although nobody reads: $(ethtool -S eth0 | grep -v ': 0$' | xargs)"
kill -CONT $HOLDER
wait_for 60 redirected "$(counters 'rx[01]_xdp_redirect' eth0)" || fail "nothing comes after a full RX ring"
flood_end
wait_for 60 settled || fail "frames still come"
expect_eq "frames that the programs saw" "$(($(steered seen) - seen))" "$(($(counters 'rx[01]_packets' eth0) - packets))"
kill -TERM $HOLDER
wait $HOLDER || fail "the last process did not end well"
cat /tmp/hold >&2
wait_for 120 unpinned || fail "UMEMs were left behind: $(pinned_pages) pages are pinned, $pinned were at the beginning"
flood_begin 60 64

# ---- pulled out ----

# The program is the net device's: there is none on the new one.
for ((i = 1; i <= 2; i++)); do
	hold "unplug $i"
	echo 1 >$device/remove
	sleep 0.2
	kill -0 $HOLDER || fail "the process died with the device"
	kill -TERM $HOLDER
	wait $HOLDER || fail "the process did not end well without its device"
	wait_for 120 unpinned || fail "UMEMs were left behind by the removal: $(pinned_pages) pages are pinned, $pinned were at the beginning"
	echo 1 >/sys/bus/pci/rescan
	wait_for 120 test -e /sys/class/net/eth0 || fail "the device did not come back"
	ip link set eth0 up
	carriers
	steer_attach a
done
hold "after the removals"
kill -TERM $HOLDER
wait $HOLDER || fail "the last process did not end well"
flood_end
ip link set eth0 down
xnic_unload
expect_eq "pinned pages" "$(pinned_pages)" "$pinned"
