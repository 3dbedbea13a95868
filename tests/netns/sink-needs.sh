#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The program does what the sink needs, and does it in time: frames that are in the ring when the sink changes were seen by a program that gave them no
# metadata, and what lies in front of them are those of older frames. Then changes back and forth under full traffic, and who asks for what.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
cd "$ROOT"
two_ends 1
changes=${CHANGES:-6}

program_id() { in_ns "$rx" bpftool -j net show dev "$rxif" | jq '.[0].xdp[0].id'; }
# times FILE: of the frames of a capture. since FILE: "none older" than the file is.
times() { tcpdump -r "$1" --time-stamp-precision=nano -tt -nn 2>/dev/null | awk '{ print $1 }'; }

# Every chunk has metadata with a time; then a sink that wants none, and frames that wait in the ring until after the change to one that does.
HELD_FILE=$dir/held LD_PRELOAD=$BUILD/tests/netns/held_preload.so start_daemon -m interrupt --ring 256 -s "pcap:$dir/first"
gen --count 2000 --pps 20000 >/dev/null
wait_for 30 live_is .ledger.consumed 2000 || fail "2000 frames, $(live .ledger.consumed) consumed"
full=$(program_id)
ctl sink count
lean=$(program_id)
[ "$lean" != "$full" ] || fail "the sink count has the program that the sink pcap had"
touch "$dir/held"
gen --count 1 >/dev/null # it comes back from poll(), and stays
wait_for 30 test -s "$dir/held.yes" || fail "the worker is not held"
gen --count 200 >/dev/null
before=$(date +%s.%N)
ctl sink "pcap:$dir/second" &
change=$!
wait_for 30 sh -c "[ \"\$(nsenter --net=/run/netns/$rx bpftool -j net show dev $rxif | jq '.[0].xdp[0].id')\" != $lean ]" ||
	fail "the program has not changed"
sleep 0.3 # for the orders to be with the worker
rm "$dir/held"
wait "$change" || fail "the change of the sink failed"
gen --count 100 --pps 20000 >/dev/null
wait_for 30 live_is .ledger.consumed 2301 || fail "2301 frames, $(live .ledger.consumed) consumed"
end_daemon
balanced "held"
times "$dir/second" >"$dir/times"
awk -v b="$before" '$1 < b { n++ } END { if (n) { print n " frames of " NR " have the time of an older one"; exit 1 } }' "$dir/times" ||
	fail "the capture has frames that had no metadata"
expect_eq "frames after the change" "$(wc -l <"$dir/times")" 100

# Under full traffic.
start_daemon -m spin -s count
start_gen --flows 16
for ((i = 0; i < changes; i++)); do
	date +%s.%N >"$dir/begun.$i"
	ctl sink "pcap:$dir/under.$i,snaplen=64"
	ctl sink count
done
end_gen
end_daemon
balanced "changes"
expect_eq "received" "$(reported .ledger.received)" "$(jq .sent "$dir/sent")"
frames=0
for ((i = 0; i < changes; i++)); do
	times "$dir/under.$i" >"$dir/times"
	frames=$((frames + $(wc -l <"$dir/times")))
	awk -v b="$(cat "$dir/begun.$i")" '$1 < b { exit 1 }' "$dir/times" || fail "change $i: times of older frames"
	sort -c "$dir/times" || fail "change $i: times go back"
done
[ "$frames" -gt 0 ] || fail "no capture has a frame"

# Few frames are all stamped, many are not: 500 in all cannot be many.
start_daemon
gen --count 500 --pps 2000 >/dev/null
wait_for 30 live_is .ledger.consumed 500 || fail "500 frames, $(live .ledger.consumed) consumed"
expect_eq "stamps of 500 slow frames" "$(live .latency_ns.samples)" 500
gen --count 1000000 >"$dir/sent"
wait_for 30 live_is .ledger.received 1000500 || fail "1000500 frames, $(live .ledger.received) received"
if [ "$(jq '.pps | floor' "$dir/sent")" -gt 400000 ]; then
	[ "$(live .latency_ns.samples)" -lt "$(live '.ledger.consumed / 2 | floor')" ] || fail "of a million fast frames $(live .latency_ns.samples) were stamped"
fi
end_daemon

# Nobody asks for oddities: null, not 0. Asked for: counted, and the program that is there stays for sinks that need no more.
expect_eq "oddities nobody asked for" "$(reported '[.oddities | .short_l2, .bad_ipv4, .bad_l4, .fragments]' | jq -c .)" "[null,null,null,null]"
# Three of them: a kernel's datagram of 3,000 bytes.
ip -n "$tx" address add 192.0.2.1/24 dev "$txif"
ip -n "$tx" neighbor add 192.0.2.2 lladdr 02:00:00:00:00:02 dev "$txif"
start_daemon --oddities on
in_ns "$tx" ping -c 1 -W 1 -s 3000 192.0.2.2 >/dev/null || true
fragments_are() { live_is .oddities.fragments "$1"; }
wait_for 30 fragments_are 3 || fail "3 fragments, counted: $(live .oddities)"
expect_eq "bad headers" "$(live '.oddities | .short_l2 + .bad_ipv4 + .bad_ipv6 + .bad_l4')" 0
end_daemon
echo "$frames frames in $changes captures"
