#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What a daemon lives through: text that is no UTF-8, a change that fails, more netlink messages than the socket holds, carrier, a new name.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 2

# Replies to what is not UTF-8: one line of JSON each, whatever it quotes.
printf 'drop host caf\xe9\n' >"$dir/latin1"
printf '# caf\xe9\ndrop udp dst port 9 # \xff\ndefault pass\n' >"$dir/comment"
start_daemon --duration 2592000 --control "$dir/control" # 30 days: more milliseconds than an int has
expect_status 1 ctl rules replace "$dir/latin1"
expect_match "a rule in Latin-1" "$OUT" 'caf'
long=$(printf 'ä%.0s' {1..900})
expect_status 1 ctl sink "nowhere$long"
expect_match "a long word" "$OUT" "unknown sink 'nowhere"
ctl rules replace "$dir/comment"
expect_eq "rules with odd bytes are listed" "$(ctl --json rules show | jq '.rules | length')" 1

kill -0 "$daemon" || fail "afxdpd ended: $(cat "$dir/err")"
end_daemon

# --duration begins when all is ready: a start that takes longer still ends with a report.
mkfifo "$dir/late-rules"
launch_daemon -r "$dir/late-rules" --duration 0.05 --report "$dir/report"
sleep 0.2
kill -0 "$daemon" || fail "ended before it was ready: $(cat "$dir/err")"
echo 'default capture' >"$dir/late-rules"
ended_daemon 0
expect_eq "a short run has a report" "$(jq .schema "$dir/report")" 1

# Nobody may prefer busy polling, nor write the device's settings: his keeper does both, and puts them back.
set_knobs 3 7000
start_daemon --user nobody
expect_status 0 ctl mode busy
expect_eq "settings in mode busy" "$(knobs)" "2 200000"
end_daemon
expect_eq "settings after it" "$(knobs)" "3 7000"
start_daemon

# Ten thousand events for a reader that is stopped: netlink drops some (ENOBUFS). The state is right all the same.
stop_daemon
for ((i = 0; i < 800; i++)); do echo "link set dev $rxif alias a$i"; done | ip -n "$rx" -batch -
ip -n "$rx" link set "$rxif" down
for ((i = 0; i < 800; i++)); do echo "link set dev $rxif alias b$i"; done | ip -n "$rx" -batch -
kill -CONT "$daemon"
wait_for 10 daemon_says "$rxif went down" || fail "down was lost: $(cat "$dir/err")"
ip -n "$rx" link set "$rxif" up
wait_for 10 daemon_says "$rxif is up again" || fail "up was lost: $(cat "$dir/err")"

# Carrier: the other end of the pair goes down.
ip -n "$tx" link set "$txif" down
wait_for 10 daemon_says "$rxif lost its carrier" || fail "carrier: $(cat "$dir/err")"
ip -n "$tx" link set "$txif" up
wait_for 10 daemon_says "$rxif has a carrier again" || fail "carrier again: $(cat "$dir/err")"

# A new name: frames flow, and whoever knows the old name still finds the daemon.
ip -n "$rx" link set dev "$rxif" name "n$RUN_ID"
wait_for 10 daemon_says "$rxif is called n$RUN_ID now" || fail "renamed: $(cat "$dir/err")"
ip -n "$rx" link set dev "n$RUN_ID" name "$rxif"
wait_for 10 daemon_says "n$RUN_ID is called $rxif now" || fail "renamed: $(cat "$dir/err")"

# Detached by somebody else: said, in one line.
prog=$(ip -n "$rx" -j -d link show dev "$rxif" | jq '.[0].xdp.prog.id')
in_ns "$rx" bpftool link detach id "$(in_ns "$rx" bpftool -j link | jq ".[] | select(.prog_id == $prog).id")"
wait_for 10 daemon_says "somebody has detached our XDP program" || fail "detached: $(cat "$dir/err")"
# And attached again, when whoever did that has put nothing else there.
wait_for 10 live_is .life 2 || fail "detached: $(live '.state, .state_why')"

# Deleted while its reader is stopped, among thousands of other events.
gen --count 1000 >/dev/null
wait_for 10 live_is .ledger.received 1000 || fail "received: $(live .ledger.received)"
stop_daemon
ip -n "$rx" link del "$rxif"
for ((i = 0; i < 800; i++)); do echo "link set dev lo alias a$i"; done | ip -n "$rx" -batch -
kill -CONT "$daemon"
wait_for 10 daemon_says "$rxif is gone" || fail "gone was lost: $(cat "$dir/err")"
end_daemon
balanced "after a deletion"
expect_eq "received" "$(reported .ledger.received)" 1000
