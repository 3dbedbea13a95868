#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The object loads with plain ip link: traffic passes, bpftool shows names and numbers. afxdpd adopts what it finds and leaves it as it was, or takes its
# place with --replace; ip link cannot take away what afxdpd holds.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 2
command -v ping >/dev/null || skip "no ping here"
object=$BUILD/bpf/afxdp_rx.bpf.o
ip -n "$rx" address add 192.0.2.1/24 dev "$rxif"
ip -n "$tx" address add 192.0.2.2/24 dev "$txif"
# Nobody asks by ARP what he knows for good: no frames but the test's.
mac() { ip -n "$1" -j link show dev "$2" | jq -r '.[0].address'; }
ip -n "$rx" neighbour add 192.0.2.2 lladdr "$(mac "$tx" "$txif")" nud permanent dev "$rxif"
ip -n "$tx" neighbour add 192.0.2.1 lladdr "$(mac "$rx" "$rxif")" nud permanent dev "$txif"

# plain_traffic WHAT: the stack's own traffic gets through, there and back.
plain_traffic() { in_ns "$tx" ping -qc 3 -i 0.05 -W 5 192.0.2.1 >"$dir/ping" || fail "$1: ping: $(cat "$dir/ping")"; }
program_id() { ip -n "$rx" -j -d link show dev "$rxif" | jq -r '.[0].xdp.prog.id'; }
# counted MAP FIELD: the sum over CPUs and queues, by the names that bpftool prints. MAP as bpftool names it: id N or pinned FILE.
# shellcheck disable=SC2086
counted() { in_ns "$rx" bpftool -j map dump $1 | jq "[.[].formatted.values[].value.$2] | add"; }
ledger_id() {
	local id
	for id in $(in_ns "$rx" bpftool -j prog show id "$(program_id)" | jq '.map_ids[]'); do
		[ "$(in_ns "$rx" bpftool -j map show id "$id" | jq -r .name)" != ledger ] || echo "$id"
	done
}

plain_traffic "without a program"
ip -n "$rx" link set dev "$rxif" xdp object "$object" section xdp
program_is afxdp_rx_plain || fail "ip link: $(ip -n "$rx" -d link show dev "$rxif")"
plain_traffic "loaded by ip link"
id=$(ledger_id)
before=$(counted "id $id" passed)
[ "$before" -ge 3 ] || fail "3 pings, $before frames passed"
gen --count 10000 --cpus "$cpus" >/dev/null
passed_is() { [ "$(counted "id $id" passed)" = "$1" ]; }
wait_for 10 passed_is $((before + 10000)) || fail "of 10000 frames $(($(counted "id $id" passed) - before)) were counted"
expect_eq "ledger" "$(in_ns "$rx" bpftool -j map dump id "$id" |
	jq '[.[].formatted.values[].value] | all(.received == .passed + .dropped + .limited + .aborted + .tx + .unclaimed + .captured)')" true
for field in received passed dropped limited aborted tx unclaimed captured short_l2 bad_ipv4 fragments; do
	in_ns "$rx" bpftool map dump id "$id" | grep "\"$field\": [0-9]" >/dev/null || fail "bpftool prints no '$field'"
done

# Adopted: frames are captured, and counted from now on.
program=$(program_id)
start_daemon
daemon_says "adopted program afxdp_rx_plain (id $program)" || fail "it does not say that it adopted: $(cat "$dir/err")"
gen --count 20000 --cpus "$cpus" >/dev/null
wait_for 10 live_is .ledger.received 20000 || fail "adopted: $(live .ledger.received) received"
expect_eq "adopted: captured" "$(live .ledger.captured)" 20000
expect_eq "pinned ledger" "$(counted "pinned /sys/fs/bpf/afxdp/$rxif/ledger" captured)" 20000
end_daemon
balanced "adopted"
expect_eq "adopted" "$(reported .adopted)" true
expect_eq "the program that was there" "$(program_id)" "$program"
plain_traffic "after the adopter has gone"
captured=$(counted "id $id" captured)
gen --count 1000 >/dev/null
expect_eq "captured without a consumer" "$(counted "id $id" captured)" "$captured"

# Killed: the program is not ours to take along, but nobody must miss his traffic.
start_daemon
kill_daemon
plain_traffic "after the adopter was killed"
expect_eq "after a kill" "$(program_id)" "$program"
start_daemon
gen --count 1000 >/dev/null
wait_for 10 live_is .ledger.consumed 1000 || fail "adopted after a kill: $(live .ledger.consumed) consumed"
end_daemon

# It has no rules, and none can be put into it.
launch_daemon -f 'udp port 9'
ended_daemon 3
expect_match "rules for an adopted program" "$(cat "$dir/err")" "--replace"
expect_eq "after that" "$(program_id)" "$program"

start_daemon --replace -f 'udp port 9'
program_is afxdp_rx || fail "--replace: $(ip -n "$rx" -d link show dev "$rxif")"
[ "$(program_id)" != "$program" ] || fail "--replace: the old one is there"
gen --count 1000 >/dev/null
wait_for 10 live_is .ledger.consumed 1000 || fail "--replace: $(live .ledger.consumed) consumed"
plain_traffic "beside a filter"
! ip -n "$rx" link set dev "$rxif" xdp off 2>/dev/null || fail "ip link took our program off"
! ip -n "$rx" link set dev "$rxif" xdp object "$object" section xdp 2>/dev/null || fail "ip link put another program in our place"
end_daemon
balanced "--replace"
no_program || fail "--replace: a program stayed"
plain_traffic "in the end"

# Generic mode, for drivers without XDP of their own.
ip -n "$rx" link set dev "$rxif" xdpgeneric object "$object" section xdp
plain_traffic "generic"
start_daemon
gen --count 1000 --engine packet >/dev/null
wait_for 10 live_is .ledger.consumed 1000 || fail "adopted in generic mode: $(live .ledger.consumed) consumed"
end_daemon
balanced "adopted in generic mode"
expect_eq "attach" "$(reported .attach)" generic
