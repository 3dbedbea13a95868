#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic: every XDP verdict is counted exactly over 100,000 frames, of one buffer and of several; what is sent back or on arrives.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
xnic_guest --timeout 1200

N=${N:-100000}
DROP=1 PASS=2 TX=3 REDIRECT=4 ABORTED=0 UNKNOWN=17

# expect_run WHAT VERDICT SIZE EXPECTED_RX EXPECTED_BACK [ADJUST [SHRINK]]: N frames, all seen by the program, received by eth0, and so many back
# at eth1.
expect_run() {
	local what=$1 verdict=$2 size=$3 back=$4 adjust=${5:-0} shrink=${6:-0} seen rx got
	xdp_config "$verdict" "$adjust" "$shrink"
	seen=$(xdp_seen frames) rx=$(stat64 rx_packets eth0) got=$(stat64 rx_packets eth1)
	flood "$N" "$size" 4096
	settled() { [ "$(($(xdp_seen frames) - seen))" = "$N" ] && [ "$(($(stat64 rx_packets eth1) - got))" = "$back" ]; }
	wait_for 120 settled || true
	expect_eq "$what: frames seen by the program" $(($(xdp_seen frames) - seen)) "$N"
	expect_eq "$what: frames counted by eth0" $(($(stat64 rx_packets eth0) - rx)) "$N"
	expect_eq "$what: frames back at eth1" $(($(stat64 rx_packets eth1) - got)) "$back"
}

xnic_load
modprobe pktgen
xnic_ports
# Nothing but the flood: no ARP, no ICMP answers.
ip addr flush dev eth0; on eth1 ip addr flush dev eth1
on eth1 ip link set eth1 promisc on # what comes back has eth0's address
xdp_load one
xdp_attach

expect_run drop $DROP 60 0
for queue in 0 1; do [ "$(xdp_seen frames $queue)" -gt $((N / 4)) ] || fail "queue $queue got few of 4096 flows"; done
expect_run pass $PASS 60 0
expect_run tx $TX 60 "$N"
expect_run "tx, 4 bytes longer" $TX 300 "$N" 4
expect_run aborted $ABORTED 60 0
expect_run unknown $UNKNOWN 60 0
xdp_port eth0
expect_run "redirect to the port it came from" $REDIRECT 60 "$N"

# A queue that is full stops the stack until there is room. A burst fills a small ring, however slow the sender is.
stops() { counters "tx[01]_$1" eth1; }
on eth1 ethtool -G eth1 tx 64
carriers
xdp_config $DROP
FLOOD_BURST=64 flood "$N" 60 4096
[ "$(stops stop)" -gt 0 ] || fail "a ring of 64 was never full: $(on eth1 ethtool -S eth1)"
[ "$(stops wake)" -gt 0 ] || fail "a queue that stopped was never woken: $(on eth1 ethtool -S eth1)"
on eth1 ethtool -G eth1 tx 512
carriers

# On to a veth, whose other end counts.
ip link add v0 type veth peer name v1
ip link set v0 up; ip link set v1 up
ethtool -K v1 gro on # its NAPI is what takes redirected frames
xdp_port v0
before=$(cat /sys/class/net/v1/statistics/rx_packets)
expect_run "redirect to a veth" $REDIRECT 60 0
# Its ring is short: what did not fit is counted there.
accounted() {
	local got refused
	got=$(($(cat /sys/class/net/v1/statistics/rx_packets) - before))
	refused=$(ethtool -S v0 | awk '/xdp_xmit_errors/ { n += $2 } END { print n + 0 }')
	[ $((got + refused)) = "$N" ] && [ $got -gt 0 ]
}
wait_for 60 accounted || fail "of $N frames redirected to a veth, $(($(cat /sys/class/net/v1/statistics/rx_packets) - before)) arrived: $(ethtool -S v0)"

# A program that takes one buffer, and frames that need several: refused above its MTU, with the reason.
expect_status 2 ip link set eth0 mtu 9000
xdp_detach
ip link set eth0 mtu 9000; on eth1 ip link set eth1 mtu 9000
expect_status 234 xdp_attach
expect_match "why" "$OUT" "MTU 9000 is above 3502: load the program as xdp.frags"
xdp_load frags
xdp_attach
N=$((N / 10))
expect_run "drop of frames of three buffers" $DROP 9000 0
expect_eq "of which in several buffers" "$(xdp_seen multi)" "$N"
expect_run "tx of frames of three buffers" $TX 9000 "$N"
xdp_port eth0
expect_run "redirect of frames of three buffers" $REDIRECT 9000 "$N"
expect_run "pass of frames of three buffers" $PASS 9000 0
expect_run "tx of three buffers cut to one" $TX 9000 "$N" 0 8000
expect_run "tx of three buffers, one byte less" $TX 9000 "$N" 0 1
expect_run "aborted" $ABORTED 9000 0
xdp_detach
xnic_unload
