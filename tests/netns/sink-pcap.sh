#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The pcap sink in the daemon: what is captured equals what was sent, byte for byte; full and stuck files cost counted drops and stall nobody.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root

a=sp${RUN_ID}a b=sp${RUN_ID}b
dir=$(mktemp -d)
cleanup rm -rf "$dir"
chmod 700 "$dir" # nobody gets in: a file must be open before privileges go
netns_add "$a"
netns_add "$b"
veth_pair "$a" tx1 "$b" rx1 1
veth_pair "$a" tx2 "$b" rx2 2
same=$(dirname "$0")/pcap_same.py

# gen QUEUES ARGS...: send on the pair with so many queues.
gen() { in_ns "$a" "$BUILD/afxdpgen" -i "tx$1" "${@:2}" >"$dir/gen.json" 2>"$dir/gen.log" || fail "afxdpgen: $(cat "$dir/gen.log")"; }
# daemon QUEUES ARGS...: in the background, $pid, until it is ready; what it says is in $dir/log.
daemon() {
	rm -f "$dir/log" # of the one before, which was ready, too
	nsenter --net="/run/netns/$b" -- "$BUILD/afxdpd" -i "rx$1" --report "$dir/report" "${@:2}" >"$dir/out" 2>"$dir/log" &
	pid=$! rx=rx$1
	wait_for 10 grep -q ': ready' "$dir/log" || fail "afxdpd is not ready: $(cat "$dir/log")"
}
# live FILTER: true of what the daemon reports, now or within some seconds.
now() { in_ns "$b" "$BUILD/afxdpctl" -i "$rx" --json ledger; }
holds() { now | jq -e "$1"; }
live() { wait_for 20 holds "$1" || fail "never: $1: $(now | jq -c '[.ledger, .sink]')"; }
# stop FRAMES: when so many have been received.
stop() {
	local status=0
	live ".ledger.received == $1"
	kill -TERM "$pid"
	wait_for 5 gone "$pid" || fail "afxdpd does not stop"
	wait "$pid" || status=$?
	expect_eq "exit status ($(cat "$dir/log"))" "$status" 0
	check "the ledger balances" '.ledger.unexplained == 0 and .ledger.aborted == 0'
}
# check WHAT FILTER: of the report
check() { jq -e "$2" "$dir/report" >/dev/null || fail "$1: $(jq -c '[.ledger, .sink]' "$dir/report")"; }
compare() { OUT=$(python3 "$same" "$@" 2>&1) || fail "$OUT"; }

# Rings and UMEM hold all that is sent, and so does the sink's half of it: nothing can be lost, however slow the machine is.
roomy=(--ring 4096 --frames 16384)
count=3000

# Frames of every kind: same bytes in the same order; with two queues, in any.
gen 1 --mix --count $count --write "$dir/sent.pcap"
for queues in 1 2; do
	daemon $queues "${roomy[@]}" -s "pcap:$dir/got.pcap"
	gen $queues --pcap "$dir/sent.pcap" --count $count
	stop $count
	check "delivered" ".ledger.delivered == $count and .sink.frames == $count and .sink.write_errors == 0"
	check "bytes" ".sink.bytes + 24 == $(stat -c %s "$dir/got.pcap")"
	if [ $queues = 1 ]; then compare "$dir/sent.pcap" "$dir/got.pcap"; else compare "$dir/sent.pcap" "$dir/got.pcap" --sorted; fi
	expect_eq "frames compared" "$OUT" $count
done

# Frames of several descriptors are one record.
for i in 1 2; do
	ip -n "$a" link set "tx$i" mtu 9000
	ip -n "$b" link set "rx$i" mtu 9000
done
gen 1 --size 9000 --count 500 --write "$dir/sent.pcap"
daemon 1 "${roomy[@]}" -s "pcap:$dir/got.pcap"
gen 1 --pcap "$dir/sent.pcap" --count 500 --engine packet
stop 500
check "jumbo frames" ".ledger.delivered == 500"
compare "$dir/sent.pcap" "$dir/got.pcap"
for i in 1 2; do
	ip -n "$a" link set "tx$i" mtu 1500
	ip -n "$b" link set "rx$i" mtu 1500
done

# Time stamps are wall clock: within the test's run, ascending.
before=$(date +%s.%N)
daemon 1 "${roomy[@]}" -s "pcap:$dir/got.pcap" --user nobody
gen 1 --count 100 --size 64
stop 100
after=$(date +%s.%N)
tcpdump -r "$dir/got.pcap" --time-stamp-precision=nano -tt -nn 2>/dev/null | awk '{ print $1 }' >"$dir/times"
expect_eq "records that tcpdump reads" "$(wc -l <"$dir/times")" 100
sort -c "$dir/times" || fail "time stamps go back"
awk -v b="$before" -v e="$after" '$1 < b - 0.01 || $1 > e + 0.01 { bad = 1; print } END { exit bad }' "$dir/times" || fail "time stamps outside $before to $after"

# To stdout.
daemon 1 "${roomy[@]}" -s pcap:-
gen 1 --count 100
stop 100
expect_eq "records on stdout" "$(tcpdump -r "$dir/out" -nn 2>/dev/null | wc -l)" 100

# A full disk: dropped and counted, said once, nobody waits; no half record; when there is room again, it goes on.
mkdir "$dir/disk"
mount -t tmpfs -o size=512k tmpfs "$dir/disk"
cleanup umount "$dir/disk"
daemon 1 -s "pcap:$dir/disk/x.pcap" --ring 1024 --frames 2048 --user nobody
gen 1 --count 50000 --size 64 --pps 50k
# A worker that waited for the disk would have got no further than what was written and the UMEM.
live '.ledger.received == 50000 and .ledger.consumed > .ledger.delivered + 4 * 2048'
live '.ledger.sink_dropped > 0 and .sink.write_errors > 0'
mount -o remount,size=64m "$dir/disk"
delivered=$(holds .ledger.delivered)
gen 1 --count 1000 --size 64 --pps 10k
live ".ledger.delivered > $delivered"
stop 51000
check "a full disk" '.ledger.sink_dropped > 0 and .ledger.delivered == .sink.frames'
compare "$dir/disk/x.pcap" "$dir/disk/x.pcap"
expect_eq "whole records in the file" "$OUT" "$(jq .ledger.delivered "$dir/report")"
expect_eq "lines about it ($(cat "$dir/log"))" "$(grep -c 'No space left' "$dir/log")" 1

# A pipe that nobody empties: the same, and the end does not wait for it.
mkfifo "$dir/fifo"
exec 7<>"$dir/fifo"
daemon 1 -s "pcap:$dir/fifo" --ring 1024 --frames 2048
gen 1 --count 30000 --pps 50k
live '.ledger.received == 30000 and .ledger.consumed > .ledger.delivered + 4 * 2048'
stop 30000
check "a stuck pipe" '.ledger.sink_dropped > 0'
exec 7>&-

# Without frames its thread does not run at all.
daemon 1 -s "pcap:$dir/got.pcap"
gen 1 --count 10
live '.ledger.delivered == 10'
task=$(grep -lx pcap /proc/"$pid"/task/*/comm)
switches() { awk '/ctxt_switches/ { n += $2 } END { print n }' "${task%comm}status"; }
quiet() { local n; n=$(switches); sleep 0.3; [ "$n" = "$(switches)" ]; }
wait_for 20 quiet || fail "the writer runs without frames"
gen 1 --count 10
live '.ledger.delivered == 20'
stop 20

# Wrong files: one line that quotes them, and nothing else happens.
for file in /nonexistent/x.pcap "$dir" /dev/full; do
	expect_status 2 in_ns "$b" "$BUILD/afxdpd" -i rx1 -s "pcap:$file"
	expect_match "an unwritable file" "$OUT" "'$file'"
	expect_eq "lines of '$OUT'" "$(wc -l <<<"$OUT")" 1
done
! ip -n "$b" link show rx1 | grep -q prog/xdp || fail "a program is still attached"
