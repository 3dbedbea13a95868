#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# All actions at once, in native and in generic mode, from a real sender to where frames end: the stack, the wire, files, copies, nowhere. Which of them where, is
# what the test's own reference says (actions.py), with tcpdump's unoptimised filters: frames with up to four tags, MPLS, PPPoE, ARP, fragments, cut off at each byte.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
reference=$(dirname "$0")/actions.py
mac=$(ip -n "$rx" -j link show "$rxif" | jq -r '.[0].address')
# XDP_TX into a veth end wants a program there, too.
ip -n "$tx" link set dev "$txif" xdp object "$BUILD/bpf/afxdp_rx.bpf.o" section xdp

cat >"$dir/rules" <<-RULES
	count udp or (vlan and udp)
	copy to copies ip or arp or (vlan and ip6)
	sample to few 1/3 ip6 or (vlan and ip6)
	sample 1/4 ether proto 0x9100
	limit 1/s burst 4 icmp or (vlan and (icmp or udp))
	drop udp dst port 53
	tx tcp dst port 80 or (vlan and tcp dst port 80)
	capture to web mpls
	capture to web vlan and mpls
	capture pppoes and ip
	capture to rest vlan and vlan and vlan
	tx arp
	drop ip6
	capture to web vlan 5 and udp dst port 7
	pass vlan and arp
	drop less 20
	capture to default ip[6:2] & 0x1fff != 0
	default pass
RULES
for mode in native generic; do
	rm -f "$dir"/*.pcap
	begun=$SECONDS
	start_daemon -a $mode -r "$dir/rules" -s "pcap:$dir/default.pcap" -s "web=pcap:$dir/web.pcap" -s "few=pcap:$dir/few.pcap" -s "rest=pcap:$dir/rest.pcap" \
		-s "copies=pcap:$dir/copies.pcap"
	OUT=$(python3 "$reference" send "$dir" "$rx" "$rxif" "$tx" "$txif" "$mac" 2>&1) || fail "$mode: $OUT"
	wait_for 60 live_is .ledger.received "$OUT" || fail "$mode: $(live .ledger.received) of $OUT received"
	end_daemon
	balanced "$mode"
	OUT=$(python3 "$reference" check "$dir" $((SECONDS - begun)) 2>&1) || fail "$mode: $OUT"
done
