#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The whole path on xnic: its ring, the filter in native mode, afxdpd with zero-copy on both queues, a ledger that balances and agrees with what
# the other port sent. `scripts/demo --xnic` is this with the tables shown.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
xnic_guest --timeout 600

FRAMES=${FRAMES:-50000}
cd "$ROOT"
xnic_load
modprobe pktgen
xnic_ports
bpffs
# Nothing but the flood: no ARP, no ICMP answers.
ip addr flush dev eth0
on eth1 ip addr flush dev eth1

# path ZEROCOPY SINK: one run; sets REPORT.
path() {
	build/afxdpd -i eth0 -z "$1" -f 'udp' -s "$2" --report /tmp/report >/tmp/out 2>/tmp/err &
	local daemon=$!
	wait_for 60 grep -q ready /tmp/err || fail "afxdpd did not start: $(cat /tmp/err)"
	carriers
	flood "$FRAMES" 60 1024 10000
	wait_for 60 sh -c "build/afxdpctl -i eth0 --json ledger | jq -e '.ledger.received >= $FRAMES and .ledger.unexplained == 0'" ||
		fail "$1 $2: not all frames came: $(build/afxdpctl -i eth0 --json ledger | jq -c .ledger)"
	build/afxdpctl -i eth0 stop
	wait $daemon || fail "$1 $2: afxdpd failed: $(cat /tmp/err)"
	cat /tmp/err /tmp/out
	REPORT=$(jq -c '[.attach, .zerocopy, .ledger.received, .ledger.captured, .ledger.unexplained]' /tmp/report)
}

path on count
expect_eq "zero-copy: mode, zero-copy, received, captured, unexplained" "$REPORT" "[\"native\",true,$FRAMES,$FRAMES,0]"
[ "$(jq '[.queues[].frames] | min' /tmp/report)" -gt $((FRAMES / 8)) ] || fail "one queue got nothing: $(jq -c '[.queues[].frames]' /tmp/report)"
path off count
expect_eq "copy: mode, zero-copy, received, captured, unexplained" "$REPORT" "[\"native\",false,$FRAMES,$FRAMES,0]"
xnic_unload
