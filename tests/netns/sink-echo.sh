#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The echo sink against a real kernel: ARP, ping, neighbour discovery, UDP; with VLAN tags in and out of the frame, offloads, jumbo frames; what it must not answer.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root

a=se${RUN_ID}a b=se${RUN_ID}b
dir=$(mktemp -d)
cleanup rm -rf "$dir"
netns_add "$a"
netns_add "$b"
veth_pair "$a" tx0 "$b" rx0 1
in_ns "$a" sysctl -qw net.ipv6.conf.tx0.disable_ipv6=0
in_ns "$b" sysctl -qw net.ipv6.conf.rx0.disable_ipv6=0
ip -n "$a" addr add 10.1.1.2/24 dev tx0
ip -n "$a" addr add 2001:db8::2/64 dev tx0 nodad
mac=$(ip -n "$b" -j link show rx0 | jq -r '.[0].address')
udp=$(dirname "$0")/udp_echo.py

daemon() {
	rm -f "$dir/log" # of the one before, which was ready, too
	nsenter --net="/run/netns/$b" -- "$BUILD/afxdpd" -i rx0 --report "$dir/report" "$@" >"$dir/out" 2>"$dir/log" &
	pid=$!
	wait_for 10 grep -q ': ready' "$dir/log" || fail "afxdpd is not ready: $(cat "$dir/log")"
}
stop() {
	local status=0
	kill -TERM "$pid"
	wait_for 5 gone "$pid" || fail "afxdpd does not stop"
	wait "$pid" || status=$?
	expect_eq "exit status ($(cat "$dir/log"))" "$status" 0
	check "the ledger balances" '.ledger.unexplained == 0 and .ledger.sink_dropped == 0 and .ledger.delivered == .ledger.captured'
}
check() { jq -e "$2" "$dir/report" >/dev/null || fail "$1: $(jq -c '[.ledger, .sink]' "$dir/report")"; }
pings() { OUT=$(in_ns "$a" ping -q -n -i 0.02 -W 10 "$@" 2>&1) || fail "ping $*: $OUT"; }
silent() { ! OUT=$(in_ns "$a" ping -q -n -c 2 -i 0.1 -W 0.3 "$@" 2>&1) || fail "ping $* was answered: $OUT"; }
udps() { OUT=$(in_ns "$a" python3 "$udp" "$@" 2>&1) || fail "UDP: $OUT"; }
neighbour() { ip -n "$a" -j neigh show "$1" dev "${2:-tx0}" | jq -r '.[0].lladdr'; }

# The interface's own addresses, each way of IP; nothing configured by hand on the other side, so ARP and neighbour discovery come first.
ip -n "$b" addr add 10.1.1.1/24 dev rx0
ip -n "$b" addr add 2001:db8::1/64 dev rx0 nodad
daemon -s echo
for size in 0 1 56 1400; do pings -c 3 -s $size 10.1.1.1; done
for size in 0 1 56 1400; do pings -c 3 -s $size 2001:db8::1; done
expect_eq "MAC address by ARP" "$(neighbour 10.1.1.1)" "$mac"
expect_eq "MAC address by neighbour discovery" "$(neighbour 2001:db8::1)" "$mac"
udps 10.1.1.1 7 0 1 2 17 18 100 1471 1472
udps 2001:db8::1 7 0 1 2 17 18 100 1451 1452
# A sender that leaves checksums to hardware.
in_ns "$a" ethtool -K tx0 tx on >/dev/null
udps 10.1.1.1 9999 0 1 100 1472
udps 2001:db8::1 9999 0 1 100 1452
in_ns "$a" ethtool -K tx0 tx off >/dev/null
silent 10.1.1.3
expect_eq "MAC address of nobody" "$(neighbour 10.1.1.3)" null
in_ns "$a" timeout 0.5 bash -c 'exec 3<>/dev/tcp/10.1.1.1/80' 2>/dev/null && fail "a TCP connection was made"
stop
check "what was answered" '.sink | .arp >= 1 and .neighbour >= 1 and .icmp == 12 and .icmpv6 == 12 and .udp == 24 and .ignored >= 1'
expect_eq "addresses" "$(jq -c '[.sink.addresses[] | select(startswith("fe80") | not)]' "$dir/report")" '["10.1.1.1","2001:db8::1"]'

# Behind one VLAN tag and two, for an address that we name.
daemon -s echo:10.1.2.1
OUT=$(in_ns "$a" python3 "$(dirname "$0")/tag_echo.py" tx0 "$mac" 10.1.2.2 10.1.2.1 2>&1) || fail "tagged UDP: $OUT"
silent 10.1.1.1
stop
check "tags" '.sink.udp == 3 and .sink.icmp == 0'

# VLAN devices of the kernel, tags written by the sender or left to the device. Not every kernel has them.
if ip -n "$a" link add link tx0 name v100 type vlan id 100 2>/dev/null; then
	ip -n "$a" link set v100 up
	ip -n "$a" addr add 10.1.2.2/24 dev v100
	for offload in off on; do
		in_ns "$a" ethtool -K tx0 txvlan $offload >/dev/null
		in_ns "$b" ethtool -K rx0 rxvlan $offload >/dev/null
		ip -n "$a" neigh flush all
		daemon -s echo:10.1.2.1
		pings -c 3 10.1.2.1
		udps 10.1.2.1 7 0 1 1400
		expect_eq "MAC address behind a tag" "$(neighbour 10.1.2.1 v100)" "$mac"
		stop
		check "tags, offload $offload" '.sink.icmp == 3 and .sink.udp == 3'
	done
	ip -n "$a" link delete v100
fi

# Frames of several descriptors.
ip -n "$a" link set tx0 mtu 9000
ip -n "$b" link set rx0 mtu 9000
daemon -s echo
pings -c 5 -s 8000 10.1.1.1
pings -c 5 -s 8000 2001:db8::1
for offload in off on; do
	in_ns "$a" ethtool -K tx0 tx $offload >/dev/null
	udps 10.1.1.1 7 8000 5000
	udps 2001:db8::1 7 8001
done
in_ns "$a" ethtool -K tx0 tx off >/dev/null
stop
ip -n "$a" link set tx0 mtu 1500
ip -n "$b" link set rx0 mtu 1500

# Many at once: more than a TX batch, more than one call of the kernel sends.
daemon -s echo -m interrupt
in_ns "$a" ping -q -n -f -c 5000 -l 100 -W 10 10.1.1.1 >"$dir/flood" || true
wait_for 10 grep -q ' 0% packet loss' "$dir/flood" || fail "flood: $(cat "$dir/flood")"
stop
check "a flood" '.sink.icmp == 5000'

# An answer that the device has no room for goes out when it has, though no frame comes behind it; one that never goes is not delivered.
ip -n "$a" neigh replace 10.1.1.1 lladdr "$mac" dev tx0 nud permanent
for mode in spin busy adaptive; do
	UNSENT=3 LD_PRELOAD=$BUILD/tests/netns/unsent_preload.so daemon -s echo:10.1.1.1 -m $mode
	pings -c 1 10.1.1.1
	stop
	check "sent later, $mode" '.sink.icmp == 1'
done
UNSENT=1000000000 LD_PRELOAD=$BUILD/tests/netns/unsent_preload.so daemon -s echo:10.1.1.1 -m spin
silent 10.1.1.1
kill -TERM "$pid"
wait "$pid" || fail "exit status $?: $(cat "$dir/log")"
check "never sent" '.ledger | .unexplained == 0 and .sink_dropped == 2 and .delivered == .captured - 2'
ip -n "$a" neigh del 10.1.1.1 dev tx0

# Nobody says which addresses are ours: all, but never one that somebody else asks for because he wants to use it.
ip -n "$b" addr flush dev rx0
daemon -s echo
expect_match "an interface without addresses" "$(cat "$dir/log")" "rx0 has no address: answering for every address"
pings -c 2 10.1.1.77
pings -c 2 2001:db8::77
ip -n "$a" addr add 2001:db8::99/64 dev tx0
wait_for 10 bash -c "! ip -n '$a' -6 addr show dev tx0 tentative | grep -q db8::99" || fail "duplicate address detection does not end"
expect_eq "claimed the address of another" "$(ip -n "$a" -6 addr show dev tx0 dadfailed)" ""
stop

expect_status 2 in_ns "$b" "$BUILD/afxdpd" -i rx0 -s echo:10.1.1.300
expect_match "a wrong address" "$OUT" "'10.1.1.300'"
