#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Killed at full load, 20 times, in every mode: no program stays on the interface, pins and the old control socket do not block the next start, which works
# at once and puts changed NAPI settings back.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 2
set_knobs 3 7000
modes=(interrupt busy spin adaptive)

# Since Linux 6.13 an AF_XDP socket polls only where the driver names its NAPI contexts, and veth does not. Then mode busy says so, with the first
# frames, and leaves the device as it was: nobody else would poll it for 200 us at a time.
no_napi=0
[ "$(printf '6.13\n%s\n' "$(uname -r)" | sort -V | head -n 1)" != 6.13 ] || no_napi=1
busy_is_true() {
	if [ $no_napi = 1 ]; then
		wait_for 10 daemon_says "no NAPI context to poll" || fail "$what: it does not say that it cannot poll"
		expect_eq "$what: settings where nobody polls" "$(knobs)" "3 7000"
	else
		! daemon_says "no NAPI context to poll" || fail "$what: $(cat "$dir/err")"
		expect_eq "$what: settings" "$(knobs)" "2 200000"
	fi
}

for ((i = 0; i < 20; i++)); do
	mode=${modes[i % 4]}
	what="kill $i, mode $mode"
	start_daemon -m "$mode" --control "$dir/control"
	if [ "$i" -gt 0 ] && [ "${modes[(i - 1) % 4]}" = busy ]; then
		expect_eq "$what: settings that the one before had changed" "$(knobs)" "3 7000"
	fi
	[ "$mode" != busy ] || expect_eq "$what: settings" "$(knobs)" "2 200000"
	! no_program || fail "$what: no program is attached"
	[ -e "$(pins)/ledger" ] && [ -e "/sys/fs/bpf/afxdp/$rxif/ledger" ] || fail "$what: no pinned ledger"
	start_gen --duration 10
	wait_for 10 live_above .ledger.consumed 1000 || fail "$what: frames do not flow"
	[ "$mode" != busy ] || busy_is_true
	kill_daemon
	wait_for 5 no_program || fail "$what: a program stayed: $(in_ns "$rx" bpftool net show dev "$rxif")"
	end_gen
done

# The last one was adaptive; whoever ends well leaves nothing at all.
start_daemon -m busy --control "$dir/control"
gen --count 100000 >/dev/null
wait_for 10 live_is .ledger.received 100000 || fail "after 20 kills: $(live .ledger.received)"
end_daemon
balanced "after 20 kills"
no_program || fail "a program stayed"
expect_eq "settings" "$(knobs)" "3 7000"
no_pins || fail "pins stayed: $(ls -R /sys/fs/bpf/afxdp)"
[ ! -e "$dir/control" ] || fail "the control socket stayed"
[ -z "$(find /run/afxdp -name "*$rxif*" 2>/dev/null)" ] || fail "saved settings stayed"

# Killed in busy mode: its keeper puts the settings back at once, and takes pins and socket away.
keepers() { pgrep -P "$daemon"; }
settings_are() { [ "$(knobs)" = "$1" ]; }
start_daemon -m busy --control "$dir/control"
expect_eq "settings" "$(knobs)" "2 200000"
kill_daemon
wait_for 10 settings_are "3 7000" || fail "settings after a kill: $(knobs)"
wait_for 10 no_pins || fail "pins after a kill: $(ls -R /sys/fs/bpf/afxdp)"
nothing_left() { [ ! -e "$dir/control" ] && [ -z "$(compgen -G "/run/afxdp/$netns-*")" ]; }
wait_for 10 nothing_left || fail "left after a kill: $dir/control $(ls /run/afxdp)"

# Killed with its keeper, and the next start fails: the settings are put back all the same.
start_daemon -m busy
kill -STOP "$daemon"
kill_keeper=$(keepers)
kill -KILL "$kill_keeper" "$daemon"
{ wait "$daemon" || true; } 2>/dev/null
daemon=
expect_eq "settings after a kill of both" "$(knobs)" "2 200000"
launch_daemon -q 99
ended_daemon 2
daemon_says "put back the NAPI settings" || fail "it does not say that it put settings back: $(cat "$dir/err")"
expect_eq "settings after a failed start" "$(knobs)" "3 7000"

# Its keeper killed: it ends, says why, and leaves nothing.
start_daemon
kill -KILL "$(keepers)"
ended_daemon 1
daemon_says "the process that keeps the rights has died" || fail "without a keeper: $(cat "$dir/err")"
wait_for 10 no_program || fail "without a keeper a program stayed"
