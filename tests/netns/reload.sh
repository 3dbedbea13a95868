#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# SIGHUP reads the configuration again: each line that differs is said with when it takes effect, and does so then; with any mistake nothing changes.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 2
conf=$dir/conf

# config LINE...: the file. hup: SIGHUP; what is said from here on is in $dir/err.
config() { printf '%s\n' "$@" >"$conf"; }
hup() {
	: >"$dir/err"
	kill -HUP "$daemon"
}
# says TEXT: in a line of its own, soon.
says() { wait_for 20 grep -qxF -- "afxdpd: $1" "$dir/err" || fail "it does not say '$1' but: $(cat "$dir/err")"; }
has_sink() { [ "$(live .sink.name)" = "$1" ]; }
has_mode() { [ "$(live .mode)" = "$1" ]; }
settled() { wait_for 20 live_is .last_change.outcome "$1" || fail "$2: $(live .last_change)"; }

printf 'drop udp dst port 11\n' >"$dir/rules"
first=("mode interrupt" "rules $dir/rules" "ring 4096" "sink other drop")
config "${first[@]}"
start_daemon -c "$conf" -z off
gen --count 1000 >/dev/null
wait_for 10 live_is .ledger.consumed 1000 || fail "$(live .ledger.consumed) consumed"

hup
says "rules read again from '$dir/rules'"
says "$conf: read again, nothing has changed"

# One of each kind. What the command line says stays.
printf 'drop udp dst port 12\n' >"$dir/rules"
config "mode adaptive" "# a comment" "rules $dir/rules" "ring 8192" "queues 1" "sink drop" "zerocopy on" "replace" "sink other count" "sink third count"
hup
says "$conf:1: mode adaptive: from now on"
says "$conf:4: ring 8192: needs a restart"
says "$conf:5: queues 1: when $rxif is opened next"
says "$conf:6: sink drop: from now on"
says "$conf:8: replace: needs a restart"
says "$conf: sink other count: needs a restart"
says "$conf: sink third count: needs a restart"
! grep -q zerocopy "$dir/err" || fail "the command line's: $(cat "$dir/err")"
wait_for 10 has_sink drop || fail "the sink is $(live .sink.name)"
wait_for 10 has_mode adaptive || fail "the mode is $(live .mode)"
expect_eq "rules" "$(live .rules[0].text)" "drop udp dst port 12"
expect_eq "queues before it is opened again" "$(live '[.queues[] | select(.served)] | length')" 2
ip -n "$tx" link del "$txif"
wait_for 10 live_is .state absent || fail "it is $(live .state)"
veth_pair "$rx" "$rxif" "$tx" "$txif" 2
wait_for 10 live_is .state running || fail "it is $(live .state)"
expect_eq "queues" "$(live '[.queues[] | select(.served).id] | join(" ")')" 1

# What needs a restart goes on needing it; the rest is done. What is not said any more goes back.
hup
says "$conf:4: ring 8192: needs a restart"
says "$conf: sink third count: needs a restart"
! grep -q "mode\|queues" "$dir/err" || fail "said again: $(cat "$dir/err")"
config "${first[@]:1}"
hup
says "$conf: no 'mode' any more: from now on"
says "$conf: no 'sink' any more: from now on"
says "$conf: no 'queues' any more: when $rxif is opened next"
wait_for 10 has_sink count || fail "the sink is $(live .sink.name)"

# refused TEXT LINE...: nothing changes, also not what is right.
refused() {
	local text=$1 before
	shift
	config "$@"
	before=$(live '[.mode, .sink.name, .rules[].text] | join(" ")')
	hup
	wait_for 20 grep -q "nothing has changed" "$dir/err" || fail "$*: it says $(cat "$dir/err")"
	grep -qF -- "$text" "$dir/err" || fail "$*: not '$text' but: $(cat "$dir/err")"
	settled failed "$*"
	expect_eq "after $*" "$(live '[.mode, .sink.name, .rules[].text] | join(" ")')" "$before"
}
refused "$conf:2: --mode 'turbo'" "sink drop" "mode turbo" "rules $dir/rules"
refused "$conf:1: unknown option 'colour'" "colour red" "mode spin"
refused "sink 'nowhere'" "mode spin" "sink nowhere" "rules $dir/rules"
refused "/nonexistent/x" "mode spin" "sink pcap:/nonexistent/x" "rules $dir/rules"
refused "queue 7" "mode spin" "queues 7" "rules $dir/rules"
refused "/nonexistent/rules" "mode spin" "rules /nonexistent/rules"
printf 'drop udp\nfrobnicate\n' >"$dir/wrong"
refused "$dir/wrong:2: " "mode spin" "sink drop" "rules $dir/wrong"
mv "$conf" "$dir/away"
hup
wait_for 20 grep -q "cannot read configuration file '$conf' again" "$dir/err" || fail "gone: $(cat "$dir/err")"
mkfifo "$conf"
hup
wait_for 20 grep -q "it is not a file; nothing has changed" "$dir/err" || fail "a FIFO: $(cat "$dir/err")"
expect_eq "it answers" "$(live .state)" running
rm "$conf"

# Other rules, an expression, none; and many at once.
config "${first[@]:2}" "filter udp dst port 9"
hup
says "$conf:3: filter udp dst port 9: from now on"
says "$conf: no 'rules' any more: from now on"
wait_for 10 live_is '.rules | length' 1 || fail "$(live .rules)"
config "${first[@]:2}"
hup
says "$conf: no 'filter' any more: from now on"
expect_eq "rules" "$(live '.rules | length')" 0
for _ in $(seq 20); do
	config "${first[@]}" "sink drop"
	kill -HUP "$daemon"
	config "${first[@]}" "sink count"
	kill -HUP "$daemon"
done
hup
wait_for 20 has_sink count || fail "many: $(live .sink.name): $(cat "$dir/err")"
expect_eq "it answers after many" "$(live .state)" running
gen --count 1000 >/dev/null
end_daemon
balanced "over all of it"
