#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The whole path on xnic: its rings, the filter in native mode, afxdpd on both queues, with zero-copy and without, in every mode and with every
# sink; a ledger that balances and agrees with what the other port sent and the device counted. `scripts/demo --xnic` is this with the tables shown.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
xnic_guest --nics 4 --timeout 900

FRAMES=${FRAMES:-4000}
cd "$ROOT"
xnic_load
modprobe pktgen
xnic_ports 1500
# A second wire, for what is forwarded: eth2 sends, eth3 receives.
ip link set eth2 up
ip link set eth3 up
lit() { [ "$(ip -br link show | grep -cE '^eth[23] +UP .*LOWER_UP')" = 2 ]; }
wait_for 120 lit || fail "eth2 and eth3 have no carrier"
bpffs
# Nothing but the flood: no ARP, no ICMP answers.
ip addr flush dev eth0
on eth1 ip addr flush dev eth1

ledger() { build/afxdpctl -i eth0 --json ledger; }
# path ZEROCOPY MODE SINK [JQ]: one run; leaves /tmp/report. JQ must be true of it.
path() {
	local daemon sent came missed name="zero-copy $1, $2, $3"
	sent=$(counters hw_tx_packets eth1) came=$(counters hw_rx_packets eth0) missed=$(counters hw_rx_missed eth0)
	build/afxdpd -i eth0 -z "$1" -m "$2" -s "$3" -f 'udp' --report /tmp/report >/tmp/out 2>/tmp/err &
	daemon=$!
	wait_for 300 grep -q ready /tmp/err || fail "$name: afxdpd did not start: $(cat /tmp/err)"
	carriers
	flood "$FRAMES" 60 1024 10000
	wait_for 300 sh -c "build/afxdpctl -i eth0 --json ledger | jq -e '.ledger.received >= $FRAMES and .ledger.unexplained == 0'" ||
		fail "$name: not all frames came: $(ledger | jq -c .ledger)"
	build/afxdpctl -i eth0 stop
	wait $daemon || fail "$name: afxdpd failed: $(cat /tmp/err)"
	cat /tmp/err /tmp/out
	expect_eq "$name: attached, zero-copy, received, captured, unexplained" \
		"$(jq -c '[.attach, .zerocopy, .ledger.received, .ledger.captured, .ledger.unexplained]' /tmp/report)" \
		"[\"native\",$([ "$1" = on ] && echo true || echo false),$FRAMES,$FRAMES,0]"
	expect_eq "$name: frames sent, came, missed" \
		"$(($(counters hw_tx_packets eth1) - sent)) $(($(counters hw_rx_packets eth0) - came)) $(($(counters hw_rx_missed eth0) - missed))" \
		"$FRAMES $FRAMES 0"
	[ "$(jq '[.queues[].frames] | min' /tmp/report)" -gt $((FRAMES / 8)) ] || fail "$name: one queue got nothing: $(jq -c '[.queues[].frames]' /tmp/report)"
	jq -e "${4:-.ledger.delivered == .ledger.consumed}" /tmp/report >/dev/null || fail "$name: not ${4:-}: $(jq -c '[.ledger, .sink]' /tmp/report)"
}

path on adaptive count
path off adaptive count
path on interrupt drop '.ledger.sink_dropped == .ledger.consumed'
path off busy count
! grep "no NAPI context" /tmp/err || fail "busy polling does nothing in copy mode"
path on busy pcap:/tmp/captured
! grep "no NAPI context" /tmp/err || fail "busy polling does nothing with zero-copy"
expect_eq "frames in the captured file" "$(tcpdump -nr /tmp/captured 2>/dev/null | wc -l)" "$(jq .ledger.delivered /tmp/report)"
rm /tmp/captured

# Answers go back over the same queues' transmit rings: without a copy, beside the reception.
before=$(counters hw_rx_packets eth1)
path on spin echo:10.0.0.1 true
echoed() { [ $(($(counters hw_rx_packets eth1) - before)) = "$(jq .ledger.delivered /tmp/report)" ]; }
wait_for 60 echoed || fail "$(jq .ledger.delivered /tmp/report) frames were echoed, $(($(counters hw_rx_packets eth1) - before)) arrived"
[ "$(jq .ledger.delivered /tmp/report)" -gt $((FRAMES / 8)) ] || fail "hardly any frame was echoed: $(jq -c '[.ledger, .sink]' /tmp/report)"

# From one port's buffers straight to the other's transmit ring.
before=$(counters hw_rx_packets eth3)
without_copy=$(counters 'tx[01]_xsk' eth2)
path on adaptive forward:eth2 true
forwarded() { [ $(($(counters hw_rx_packets eth3) - before)) = "$(jq .ledger.delivered /tmp/report)" ]; }
wait_for 60 forwarded || fail "$(jq .ledger.delivered /tmp/report) frames were forwarded, $(($(counters hw_rx_packets eth3) - before)) arrived"
[ "$(jq .ledger.delivered /tmp/report)" -gt $((FRAMES / 8)) ] || fail "hardly any frame was forwarded: $(jq -c '[.ledger, .sink]' /tmp/report)"
expect_eq "of which without a copy" $(($(counters 'tx[01]_xsk' eth2) - without_copy)) "$(jq .ledger.delivered /tmp/report)"
xnic_unload
