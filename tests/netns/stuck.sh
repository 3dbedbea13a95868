#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Sinks that do not come back: a target that is down, a pipe nobody empties, a plugin that blocks in every one of its functions. The daemon answers, changes
# what can be changed, tells the truth about what cannot, and ends with its ledger, under AddressSanitizer.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
with_sanitizers
plugin=$BUILD/tests/netns/stuck_plugin.so
block=$dir/block
# What the daemon promises is a second, and three for the end; a loaded machine has its time.
answers() { expect_status 0 timeout 10 nsenter --net="/run/netns/$rx" -- "$BUILD/afxdpctl" -i "$rxif" status; }
ctl_refused() { ! OUT=$(ctl status 2>&1) && [[ $OUT == *"$1"* ]]; }
# ends STATUS: by SIGTERM.
ends() {
	terminate "$1" "the end"
	no_program || fail "a program stayed"
}

# The target of forward goes down with frames on their way, and the sink is changed. Its frames stay with it, and so does its memory.
ip link add fw$RUN_ID netns "$rx" type veth peer name fx$RUN_ID netns "$tx"
ip -n "$rx" link set fw$RUN_ID up
ip -n "$tx" link set fx$RUN_ID up
start_daemon -s "forward:fw$RUN_ID"
gen --count 2000 --pps 20000 >/dev/null
ip -n "$rx" link set fw$RUN_ID down
gen --count 20000 --pps 100000 >/dev/null
expect_status 0 ctl sink count
expect_eq "the sink" "$(live .sink.name)" count
gen --count 3000 --pps 100000 >/dev/null
ip -n "$rx" link set fw$RUN_ID up
answers
expect_match "what status says" "$OUT" "sink count: done"
ends 0
balanced "forward to what is down"
[ "$(reported .ledger.received)" = 25000 ] || fail "received $(reported .ledger.received)"

# A pipe that somebody has opened and nobody reads: the frames in it are given up, and the next sink has its turn.
mkfifo "$dir/fifo"
sleep 1000 <>"$dir/fifo" &
holder=$!
cleanup kill $holder
start_daemon -s "pcap:$dir/fifo"
gen --count 20000 --pps 100000 >/dev/null
expect_status 0 ctl sink count
gen --count 1000 --pps 100000 >/dev/null
wait_for 10 live_is .ledger.received 21000 || fail "received: $(live .ledger.received)"
ends 0
balanced "a pipe nobody reads"
# And the end itself, with the pipe full.
mkfifo "$dir/fifo2"
sleep 1000 <>"$dir/fifo2" &
cleanup kill $!
start_daemon -s "pcap:$dir/fifo2"
gen --count 20000 --pps 100000 >/dev/null
ends 0
balanced "the end with a full pipe"

# A plugin that does not return from frames(): its worker is stuck. Others answer; no other sink can be had; what it has is told as held.
touch "$block"
start_daemon -s "plugin:$plugin:frames,$block" --metrics 127.0.0.1:9191
gen --count 500 --pps 10000 >/dev/null
wait_for 10 live_is .ledger.captured 500 || fail "captured: $(live .ledger.captured)"
answers
wait_for 20 live_is '.queues[0].stuck' true || fail "nobody says that the worker is stuck"
in_ns "$rx" curl -sf -m 10 http://127.0.0.1:9191/metrics >"$dir/page" || fail "no metrics"
grep -q 'afxdp_worker_stuck{interface="'"$rxif"'",queue="0"} 1' "$dir/page" || fail "the metrics do not say it"
timeout 3 nsenter --net="/run/netns/$rx" -- "$BUILD/afxdpctl" -i "$rxif" mode busy >/dev/null 2>&1 && fail "mode busy with a stuck worker"
timeout 3 nsenter --net="/run/netns/$rx" -- "$BUILD/afxdpctl" -i "$rxif" sink count >/dev/null 2>&1 && fail "another sink with a stuck worker"
answers
expect_match "what status says" "$OUT" "sink count: under way"
expect_status 1 ctl sink drop
expect_match "the next change" "$OUT" "a worker is stuck"
ends 1
balanced "a stuck worker"
expect_eq "held" "$(reported '[.ledger.captured, .ledger.held, .ledger.delivered]' | jq -c .)" '[500,500,0]'
daemon_says "500 frames are held by a worker" || fail "its last words: $(cat "$dir/err")"

# The same worker comes back: what was asked meanwhile happens, in order.
start_daemon -s "plugin:$plugin:frames,$block"
gen --count 500 --pps 10000 >/dev/null
wait_for 10 live_is .ledger.captured 500 || fail "captured: $(live .ledger.captured)"
(ctl sink count; echo "exit $?") >"$dir/change" 2>&1 &
change=$!
wait_for 10 live_is '.last_change.outcome' 'under way' || fail "no change under way"
rm "$block"
wait $change
expect_eq "the change" "$(cat "$dir/change")" "exit 0"
expect_eq "the sink" "$(live .sink.name)" count
expect_eq "the change in status" "$(live '.last_change | .outcome')" 'done'
ends 0
balanced "a worker that came back"
expect_eq "delivered" "$(reported .ledger.delivered)" 500

# Blocked in open(): a client that waits may leave, and another sink comes first. At the start: SIGTERM ends it.
touch "$block"
start_daemon
background "$rx" "$BUILD/afxdpctl" -i "$rxif" sink "plugin:$plugin:open,$block" 2>/dev/null
wait_for 10 live_is '.last_change.outcome' 'under way' || fail "no change under way"
expect_status 1 ctl sink drop
expect_match "meanwhile" "$OUT" "is still opening"
kill_now $started
wait_for 10 ctl sink drop || fail "no other sink after the client has left"
expect_eq "the sink" "$(live .sink.name)" drop
ends 0
launch_daemon -s "plugin:$plugin:open,$block"
wait_for 10 ctl_refused 'is not ready: the sink is opening' || fail "what a starting daemon says: $(ctl status 2>&1)"
ends 0

# Blocked in finish() and in report().
start_daemon -s "plugin:$plugin:finish,$block"
gen --count 500 --pps 10000 >/dev/null
wait_for 10 live_is .ledger.delivered 500 || fail "delivered: $(live .ledger.delivered)"
ends 0
expect_eq "delivered" "$(reported .ledger.delivered)" 500
start_daemon -s "plugin:$plugin:report,$block"
answers
answers
expect_eq "a report that does not come" "$(live .sink.stale)" true
ends 0
