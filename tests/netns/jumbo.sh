#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Frames of several buffers: 4000 and 9000 bytes through chunks of 2048 and 4096, whole and in order, each counted once.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
need_root
rx=afxdp-jumbo-rx-$RUN_ID tx=afxdp-jumbo-tx-$RUN_ID
dir=$(mktemp -d)
cleanup rm -rf "$dir"
netns_add "$rx"
netns_add "$tx"
veth_pair "$rx" rx0 "$tx" tx0
ip -n "$rx" link set rx0 mtu 9000
ip -n "$tx" link set tx0 mtu 9000

for chunk in 2048 4096; do
	spawn "$rx" build/afxdpd -i rx0 --frame-size $chunk --batch 1 -s "pcap:$dir/got.pcap" --report "$dir/report" >/dev/null 2>"$dir/err"
	daemon=$SPAWNED
	cleanup end_process $daemon
	wait_for 10 grep -q ': ready' "$dir/err" || fail "afxdpd did not start: $(cat "$dir/err")"
	for size in 9000 4000 60; do
		in_ns "$tx" build/afxdpgen -i tx0 --count 50 --size $size --write "$dir/sent-$size.pcap" >/dev/null
		in_ns "$tx" build/afxdpgen -i tx0 --count 50 --size $size --engine packet >/dev/null 2>&1
	done
	wait_for 10 sh -c "nsenter --net=/run/netns/$rx build/afxdpctl -i rx0 --json ledger | jq -e '.ledger.delivered == 150'" ||
		fail "chunk $chunk: not all frames arrived: $(in_ns "$rx" build/afxdpctl -i rx0 --json ledger | jq -c .ledger)"
	end_process $daemon
	wait $daemon || fail "chunk $chunk: afxdpd failed: $(cat "$dir/err")"
	expect_eq "chunk $chunk: received, delivered, unexplained" \
		"$(jq -c '.ledger | [.received, .delivered, .unexplained]' "$dir/report")" "[150,150,0]"
	expect_eq "chunk $chunk: lengths" \
		"$(tcpdump -enr "$dir/got.pcap" 2>/dev/null | grep -o 'length [0-9]*:' | sort | uniq -c | tr -s ' \n' ' ')" \
		" 50 length 4000: 50 length 60: 50 length 9000: "
	expect_eq "chunk $chunk: bytes" "$(tcpdump -nXr "$dir/got.pcap" 2>/dev/null | grep -P '^\t' | md5sum)" \
		"$(for size in 9000 4000 60; do tcpdump -nXr "$dir/sent-$size.pcap" 2>/dev/null | grep -P '^\t'; done | md5sum)"
done
