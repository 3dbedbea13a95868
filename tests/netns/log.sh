#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What the daemon says while it runs, and when: levels where the journal reads, a flapping state in a bounded number of lines whose last is true, lines of
# --interval after a pause, the end after thirty days, standard descriptors that are closed, more queues than it serves.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
lines() { grep -c -- "$1" "$dir/err" || true; }

# Levels: in the journal's stream only, whatever the environment says.
: >"$dir/err"
JOURNAL_STREAM=$(stat -c %d:%i "$dir/err") start_daemon
expect_eq "lines without a level" "$(lines '^[^<]')" 0
[ "$(lines '^<6>afxdpd: .*: ready$')" = 1 ] || fail "levels: $(cat "$dir/err")"
kill -HUP "$daemon"
wait_for 10 daemon_says '^<4>afxdpd: SIGHUP: there is no rules file' || fail "a warning: $(cat "$dir/err")"
ip -n "$rx" link set "$rxif" down
wait_for 10 daemon_says '^<[46]>afxdpd: .*went down' || fail "an interface that is down: $(cat "$dir/err")"
ip -n "$rx" link set "$rxif" up
end_daemon
: >"$dir/err"
JOURNAL_STREAM=$(stat -c %d:%i "$dir/err") in_ns "$rx" "$BUILD/afxdpd" -i nothing 2>>"$dir/err" && fail "it serves what is not there"
grep -q '^<3>afxdpd: no such interface' "$dir/err" || fail "an error: $(cat "$dir/err")"
JOURNAL_STREAM=1:1 start_daemon
expect_eq "levels elsewhere" "$(lines '^<')" 0

# SIGHUP without rules, a thousand times: each is answered by the same line.
for ((i = 0; i < 1000; i++)); do kill -HUP "$daemon"; done
wait_for 20 daemon_says 'SIGHUP.*(the last of [0-9]* such lines)' || true # few may have come together
kill -HUP "$daemon"
[ "$(lines SIGHUP)" -le 30 ] || fail "$(lines SIGHUP) lines for one state"

# A carrier that comes and goes: no more lines than somebody reads, and the last one is true.
flaps=40
for ((i = 0; i < flaps; i++)); do
	ip -n "$tx" link set "$txif" down
	wait_for 10 sh -c "ip -n $rx -j link show dev $rxif | jq -e '.[0].flags | index(\"LOWER_UP\") | not'" || fail "no carrier loss"
	ctl status >/dev/null # it has heard of it by then
	ip -n "$tx" link set "$txif" up
	ctl status >/dev/null
done
last_is() { [[ $(grep 'carrier' "$dir/err" | tail -n 1) == *"$1"* ]]; }
wait_for 30 last_is "has a carrier again" || fail "the last line about a carrier: $(tail -n 3 "$dir/err")"
[ "$(lines 'lost its carrier')" -le 30 ] || fail "$(lines 'lost its carrier') lines for $flaps losses"
[ "$(lines 'lost its carrier')" -ge 10 ] || fail "$(lines 'lost its carrier') lines for $flaps losses: this test tests nothing"
ip -n "$tx" link set "$txif" down
wait_for 30 last_is "lost its carrier" || fail "the last line about a carrier: $(tail -n 3 "$dir/err")"
ip -n "$tx" link set "$txif" up
end_daemon
grep -q 'lost its carrier (the last of [0-9]* such lines)' "$dir/err" || fail "nothing was summed up: $(grep carrier "$dir/err" | tail -n 5)"

# Stopped for two seconds with a line every 50 ms: it does not say forty times what it did not see.
start_daemon --interval 0.05
line_count() { [ "$(grep -c 'received' "$dir/out")" -ge "$1" ]; }
wait_for 20 line_count 3 || fail "no lines: $(cat "$dir/out")"
stop_daemon
before=$(grep -c 'received' "$dir/out")
sleep 2
kill -CONT "$daemon"
wait_for 20 line_count $((before + 5)) || fail "no lines after the pause"
end_daemon
most=$(awk '/ s  received/ { n[$1]++ } END { for (t in n) if (n[t] > most) most = n[t]; print most }' "$dir/out")
[ "$most" -le 6 ] || fail "$most lines in a tenth of a second: $(cat "$dir/out")"

# --duration 2592000: thirty days have more milliseconds than an int, and an end.
LD_PRELOAD=$BUILD/tests/netns/later_preload.so LATER_FILE=$dir/later LATER_SECONDS=2591990 start_daemon --duration 2592000
sleep 1
! gone "$daemon" || fail "thirty days are over at once: $(cat "$dir/err")"
touch "$dir/later"
sleep 1
! gone "$daemon" || fail "it ends before its time"
wait_for 30 gone "$daemon" || fail "it does not end after thirty days"
ended_daemon 0

# Descriptors 0 to 2 closed: what is opened first does not get their numbers, nor what was meant for them.
for fds in '<&-' '>&-' '2>&-' '<&- >&- 2>&-'; do
	rm -f "$dir/capture" "$dir/report"
	status=0
	in_ns "$rx" sh -c "exec $fds; exec \"\$@\"" sh "$BUILD/afxdpd" -i "$rxif" -s "pcap:$dir/capture" --report "$dir/report" --duration 0.3 >"$dir/out" 2>"$dir/err" || status=$?
	case $fds in
	*'>&-'*) [ $status = 1 ] || [ "$fds" = '2>&-' ] || fail "$fds: status $status: its table was lost" ;;
	*) expect_eq "$fds: status" $status 0 ;;
	esac
	jq -e .ledger "$dir/report" >/dev/null || fail "$fds: the report: $(cat "$dir/report")"
	tcpdump -nr "$dir/capture" >/dev/null 2>&1 || fail "$fds: the capture is not one: $(head -c 200 "$dir/capture" | cat -v)"
done
# shellcheck disable=SC2016
expect_status 1 sh -c 'exec "$0" --version >&-' "$BUILD/afxdpctl"

# A mode that one of two workers cannot have: none has it.
ip -n "$rx" link del "$rxif"
veth_pair "$rx" "$rxif" "$tx" "$txif" 2
set_knobs 3 7000
LD_PRELOAD=$BUILD/tests/netns/refuse_preload.so start_daemon -m interrupt
expect_status 1 ctl mode busy
expect_eq "settings after it" "$(knobs)" "3 7000"
expect_match "half a change" "$OUT" "cannot change to mode busy: Operation not permitted"
expect_eq "the mode" "$(live '[.mode, (.queues[] | .polling)]' | jq -c .)" '["interrupt",false,false]'
expect_status 0 ctl mode busy
# A worker that is late is shown as it was.
wait_for 20 live_is '[.mode, (.queues[] | .polling)] == ["busy", true, true]' true || fail "the mode, at the second try: $(live '[.mode, (.queues[] | .polling)]' | jq -c .)"
end_daemon

# More queues than one daemon serves: it says so, and what the others' frames become.
many=q$RUN_ID
if ip link add "$many" netns "$rx" numtxqueues 260 numrxqueues 260 type veth peer name "p$many" netns "$rx" numtxqueues 1 numrxqueues 1; then
	ip -n "$rx" link set "p$many" up
	ip -n "$rx" link set "$many" up
	: >"$dir/err"
	background "$rx" "$BUILD/afxdpd" -i "$many" --ring 64 --frames 64 >"$dir/out" 2>>"$dir/err"
	daemon=$started
	wait_for 300 ready_or_gone
	daemon_says "$many has 260 receive queues: this afxdpd serves the first 256, frames of the others go to the stack as unclaimed; fewer: ethtool -L" ||
		fail "260 queues: $(cat "$dir/err")"
	expect_eq "queues" "$(in_ns "$rx" "$BUILD/afxdpctl" -i "$many" --json ledger | jq '.queues | length')" 256
	end_daemon
fi
