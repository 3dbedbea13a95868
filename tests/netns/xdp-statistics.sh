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

# What rules send back out and the device does not send (veth, whose other end takes no XDP frames) is a row of its own; in generic mode nobody counts it, and that is said.
printf 'tx udp\ndefault drop\n' >"$dir/rules"
in_ns "$tx" ethtool -K "$txif" gro off >/dev/null
# sent_back ATTACH: ten frames are.
sent_back() {
	start_daemon -r "$dir/rules" -a "$1"
	gen --count 10 >/dev/null 2>&1
	wait_for 10 live_is .ledger.tx 10 || fail "$(live .ledger)"
	ctl ledger >"$dir/text"
}
sent_back native
expect_eq "not sent" "$(live .ledger.tx_failed)" 10
expect_match "in words" "$(cat "$dir/text")" "tx_failed +10 +of these: the device did not send them"
expect_match "by the device" "$(cat "$dir/text")" "not sent by $rxif, whoever's they were: 10 frames"
end_daemon
balanced "sent back, natively"
sent_back generic
expect_eq "nobody counts" "$(live .ledger.tx_failed)" null
expect_match "in words" "$(cat "$dir/text")" "tx_failed +not told.*the ledger balances; whether what rules sent back out has left, nobody counts here"
end_daemon
in_ns "$tx" ethtool -K "$txif" gro on >/dev/null
sent_back native
expect_eq "sent" "$(live .ledger.tx_failed)" 0
end_daemon

# Super-frames: what a sender leaves to its device to cut comes whole in generic mode, and is told apart.
ip -n "$rx" address add 10.9.9.1/24 dev "$rxif"
ip -n "$tx" address add 10.9.9.2/24 dev "$txif"
ip -n "$rx" link set "$rxif" mtu 1500
ip -n "$tx" link set "$txif" mtu 1500
in_ns "$tx" ethtool -K "$txif" tx on tso on gso on >/dev/null
echo 'default pass' >"$dir/rules"
start_daemon -r "$dir/rules" -a generic
background "$rx" python3 -c 'import socket
s = socket.create_server(("10.9.9.1", 5555))
c = s.accept()[0]
while c.recv(1 << 20): pass' 2>/dev/null
server=$started
in_ns "$tx" python3 -c 'import socket, time
for _ in range(100):
    try: s = socket.create_connection(("10.9.9.1", 5555))
    except OSError: time.sleep(0.1)
    else: break
s.sendall(bytes(1000000))
s.shutdown(socket.SHUT_WR)
s.recv(1)'
wait "$server" || fail "the server of bytes failed"
[ "$(live .oddities.super_frames)" -gt 0 ] || fail "no super-frames: $(live '[.oddities, .bytes, .ledger.received]')"
expect_match "advice" "$(ctl doctor)" "super-frames +.*ethtool -K PEER tso off"
end_daemon
expect_match "in words" "$(cat "$dir/out")" "of these [0-9]+ longer than the MTU"
