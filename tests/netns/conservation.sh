#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# No frame is lost without a reason: five million at full speed on two queues, in every mode, with ordinary and with tiny rings; with a consumer that is
# stopped for two seconds; with a generator that does not stop when the daemon does.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 2
FRAMES=${FRAMES:-5000000}

# all_accounted WHAT SENT: stop the daemon once it has seen everything; where each frame went must be said.
all_accounted() {
	wait_for 20 live_is .ledger.received "$2" || fail "$1: $2 frames were sent, $(live .ledger.received) came"
	end_daemon
	expect_eq "$1: received" "$(reported .ledger.received)" "$2"
	expect_eq "$1: captured" "$(reported .ledger.captured)" "$2"
	balanced "$1"
	say "$1: $(reported '.ledger | "\(.received) received, \(.consumed) consumed, \(.ring_full) ring_full, \(.fill_empty) fill_empty"')"
}

full_speed() {
	local what="$1, ring of $2"
	start_daemon -m "$1" --ring "$2"
	gen --count "$FRAMES" --cpus "$cpus" >"$dir/sent"
	expect_eq "$what: sent" "$(jq .sent "$dir/sent")" "$FRAMES"
	all_accounted "$what" "$FRAMES"
	[ "$(reported .ledger.consumed)" -gt 0 ] || fail "$what: nothing was consumed"
	[ "$cpus" = 0 ] || expect_eq "$what: queues that took part" "$(reported '[.queues[] | select(.frames > 0)] | length')" 2
	expect_eq "$what: mode" "$(reported .mode)" "$1"
}

# A stopped process consumes nothing: rings run full and empty, and all of it must be found under its name, and end when the process goes on.
stopped() {
	local what="$1, stopped for 2 s" before
	start_daemon -m "$1"
	start_gen --pps 600k --cpus "$cpus"
	wait_for 10 live_above .ledger.consumed 10000 || fail "$what: no frames"
	before=$(live .ledger.consumed)
	stop_daemon
	sleep 2
	wait_for 30 arrived $(($(arrivals) + 200000)) || fail "$what: no frames come while it is stopped"
	kill -CONT "$daemon"
	# More than all that the rings can have held.
	wait_for 60 live_above .ledger.consumed $((before + 50000)) || fail "$what: frames do not flow again: $before, now $(live .ledger.consumed)"
	end_gen
	all_accounted "$what" "$(jq .sent "$dir/sent")"
	[ "$(reported '.ledger | .ring_full + .fill_empty')" -gt 100000 ] || fail "$what: where did the frames of two seconds go?"
}

# What arrives after the last look at the counters belongs to nobody; all before that must be accounted for.
still_running() {
	local what="$1, generator still running"
	start_daemon -m "$1"
	start_gen --duration 20 --cpus "$cpus"
	wait_for 10 live_above .ledger.consumed 10000 || fail "$what: no frames"
	kill -0 "$generator" || fail "$what: the generator was to run on"
	end_daemon # and with it the generator, to which the interface then says no
	balanced "$what"
	end_gen
}

for mode in interrupt busy spin adaptive; do
	full_speed $mode 2048
	full_speed $mode 64
	[ "$FRAMES" -ge 5000000 ] || continue
	stopped $mode
	still_running $mode
done
[ "$FRAMES" -ge 5000000 ] || { say "fewer frames were asked for: an emulated machine is too slow for the rest"; exit 0; }

# The other reasons, in the same traffic.
start_daemon -s drop
gen --count 300000 --cpus "$cpus" >/dev/null
all_accounted "sink drop" 300000
expect_eq "sink_dropped" "$(reported '.ledger | .sink_dropped == .consumed and .consumed > 0')" true

start_daemon -q 1
gen --count 300000 --cpus "$cpus" >/dev/null
wait_for 20 live_is .ledger.received 300000 || fail "one queue of two: $(live .ledger.received)"
end_daemon
balanced "one queue of two"
if [ "$cpus" != 0 ]; then
	expect_eq "unclaimed" "$(reported .ledger.unclaimed)" 150000
	expect_eq "captured" "$(reported .ledger.captured)" 150000
fi

start_daemon -f 'udp port 7' -m spin
gen --count 300000 --cpus "$cpus" >/dev/null
wait_for 20 live_is .ledger.received 300000 || fail "passed: $(live .ledger.received)"
end_daemon
balanced "passed"
expect_eq "passed" "$(reported .ledger.passed)" 300000

start_daemon --count 1000
gen --count 300000 --cpus "$cpus" >/dev/null 2>&1 || true
ended_daemon 0
balanced "--count"
expect_eq "--count: delivered" "$(reported .ledger.delivered)" 1000
