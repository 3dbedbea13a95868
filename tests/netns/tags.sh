#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A VLAN tag that stands beside the frame, as the kernel's senders and NICs leave it: rules see it, and it is in the frame again, with its own protocol, wherever
# the frame leaves us. Where it cannot be seen, that is said.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
here=$(dirname "$0")
veth_pair "$rx" "fo$RUN_ID" "$tx" "fi$RUN_ID" 1
cleanup rm -rf "/sys/fs/bpf/afxdp/fo$RUN_ID"
mac=$(ip -n "$rx" -j link show "$rxif" | jq -r '.[0].address')

# The sender leaves the tag to its device.
in_ns "$tx" ethtool -K "$txif" txvlan on tx-vlan-stag-hw-insert on >/dev/null
# XDP_TX into a veth end wants a program there, too.
ip -n "$tx" link set dev "$txif" xdp object "$BUILD/bpf/afxdp_rx.bpf.o" section xdp
in_ns "$tx" tc qdisc add dev "$txif" clsact
push() { # PROGRAM: ad, q or none
	in_ns "$tx" tc filter del dev "$txif" egress 2>/dev/null || true
	[ "$1" = none ] || in_ns "$tx" tc filter add dev "$txif" egress bpf da obj "$BUILD/tests/netns/push_tag.bpf.o" sec "tc/$1"
}
# wire IN: what a datagram brings back, or in at IN.
wire() { in_ns "$tx" python3 "$here/tag_wire.py" "$txif" "$1" "$mac" 10.9.0.2 10.9.0.1; }

tags_of() {
	case $1 in
	ad) echo 88a8:6005 ;;
	q) echo 8100:6005 ;;
	*) echo none ;;
	esac
}

for protocol in ad q none; do
	push $protocol
	want=$(tags_of $protocol)
	start_daemon -s echo:10.9.0.1
	expect_eq "echo, $protocol" "$(wire "$txif")" "$want"
	end_daemon
	start_daemon -s "forward:fo$RUN_ID"
	expect_eq "forward, $protocol" "$(wire "fi$RUN_ID")" "$want"
	end_daemon

	cat >"$dir/rules" <<-RULES
		count ether proto 0x88a8
		count ether proto 0x8100
		count vlan 5 and udp dst port 7
		count ip and udp dst port 7
		tx udp dst port 7 or (vlan and udp dst port 7)
	RULES
	start_daemon -r "$dir/rules"
	OUT=$(wire "$txif") || fail "tx, $protocol: nothing comes back: $(ctl rules show; ctl ledger --json | jq -c .ledger)"
	expect_eq "tx, $protocol" "$OUT" "$want"
	end_daemon
	case $protocol in
	ad) hits="[1,0,1,0,1]" ;;
	q) hits="[0,1,1,0,1]" ;;
	none) hits="[0,0,0,1,1]" ;;
	esac
	expect_eq "rules, $protocol" "$(reported '[.rules[].frames] | tojson')" "$hits"

	start_daemon -s "pcap:$dir/got.pcap" -f "udp dst port 7 or (vlan and udp dst port 7)" --count 1
	# Nothing comes back: it waits until it is ended.
	background "$tx" python3 "$here/tag_wire.py" "$txif" "$txif" "$mac" 10.9.0.2 10.9.0.1 2>/dev/null
	ended_daemon 0
	kill "$started" 2>/dev/null || true
	wait "$started" 2>/dev/null || true
	OUT=$(tcpdump -enr "$dir/got.pcap" 2>/dev/null)
	case $protocol in
	ad) expect_match "pcap" "$OUT" '802.1Q-QinQ \(0x88a8\).*vlan 5, p 3' ;;
	q) expect_match "pcap" "$OUT" '802.1Q \(0x8100\).*vlan 5, p 3' ;;
	none) expect_match "pcap" "$OUT" 'ethertype IPv4' ;;
	esac
done

# Generic mode cannot ask: it says so, and names what helps; then it is true.
push ad
start_daemon -a generic -s echo:10.9.0.1
daemon_says "$rxif: a VLAN tag that the device takes off is not seen in generic mode.*ethtool -K PEER txvlan off tx-vlan-stag-hw-insert off" ||
	fail "nobody says that tags are hidden: $(cat "$dir/err")"
expect_eq "generic mode, tag beside the frame" "$(wire "$txif")" none
in_ns "$tx" ethtool -K "$txif" txvlan off tx-vlan-stag-hw-insert off >/dev/null
expect_eq "generic mode, tag in the frame" "$(wire "$txif")" 88a8:6005
end_daemon
OUT=$(ctl doctor) || true
expect_match "doctor" "$OUT" 'vlan tags.*not with -a generic'
OUT=$(ctl rules check "$dir/rules" 2>&1)
expect_match "rules check" "$OUT" "$rxif: a VLAN tag .* is not seen by rules in generic mode, nor in a dispatcher; .*txvlan off"

# What is wrapped into tags, labels and sessions: from a real sender, in both modes. Nothing hides behind one more tag.
in_ns "$tx" tc qdisc del dev "$txif" clsact
echo 10.9.0.2 >"$dir/set"
cat >"$dir/rules" <<-RULES
	set s = "set"
	count src @s
	count src net 10.9.0.2
	count vlan and src @s
	count vlan and vlan and src @s
	count mpls and src @s
	count pppoes and src @s
	drop inner src @s
	capture src 10.9.0.2
	default pass
RULES
cat >"$dir/wrapped.py" <<-PYTHON
	import socket, struct, sys
	s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	s.bind((sys.argv[1], 0))
	ip = bytes.fromhex("4500001c000700004011") + b"\0\0" + socket.inet_aton("10.9.0.2") + socket.inet_aton("10.9.0.1") + struct.pack(">HHHH", 1, 2, 8, 0)
	head = bytes.fromhex(sys.argv[2].replace(":", "")) + s.getsockname()[4]
	label = lambda last: struct.pack(">I", 5 << 12 | last << 8 | 9)
	session = bytes.fromhex("88641100000100") + bytes([len(ip) + 2])
	for wrap in [b"\x81\0\0\5" * n + b"\x08\0" for n in range(6)] + [
	        b"\x88\x47" + label(1), b"\x88\x47" + label(0) * 3 + label(1), session + b"\0\x21", b"\x81\0\0\5" * 3 + session + b"\0\x21"]:
	    s.send(head + wrap + ip)
PYTHON
for mode in native generic; do
	start_daemon -a $mode -r "$dir/rules" -s count
	in_ns "$tx" python3 "$dir/wrapped.py" "$txif" "$mac"
	wait_for 10 live_above .ledger.dropped 9 || fail "$mode: something hides: $(ctl rules show)"
	end_daemon
	expect_eq "wrapped, $mode" "$(reported '[.rules[].frames] | tojson')" "[1,1,1,1,1,1,10,0]"
done
