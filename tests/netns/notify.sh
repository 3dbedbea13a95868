#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A service manager is told the truth: READY when frames are delivered and not before, the state in words, a reload's begin and end, a stop, and a watchdog
# that is fed only while every worker gets on.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
plugin=$BUILD/tests/netns/stuck_plugin.so
block=$dir/block

# The manager: each line it is told, in $dir/told. Abstract addresses belong to the network namespace.
cat >"$dir/manager" <<'PYTHON'
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1].replace("@", "\0"))
print("bound", flush=True)
while True: print(s.recv(65536).decode(), flush=True)
PYTHON
manager() {
	background "$rx" python3 "$dir/manager" "$1" >"$dir/told"
	cleanup kill $started
	wait_for 20 told bound || fail "no manager"
	export NOTIFY_SOCKET=$1
}
told() { grep -q -- "$1" "$dir/told"; }
not_told() { ! told "$1" || fail "$2: $(cat "$dir/told")"; }
times() { grep -c -- "$1" "$dir/told" || true; }
more_than() { [ "$(times "$1")" -gt "$2" ]; }

# Rules that do not come: it says what it waits for. Then they do, and each frame sent after READY is there.
manager "@afxdp-test-$RUN_ID"
mkfifo "$dir/rules"
ip -n "$rx" link set "$rxif" down
launch_daemon -r "$dir/rules"
wait_for 20 told "^STATUS=$rxif: not ready: rules are being read" || fail "while rules are read: $(cat "$dir/told" "$dir/err")"
not_told READY "ready without rules"
printf 'drop udp dst port 4242\ndefault capture\n' >"$dir/rules"
wait_for 20 told "^STATUS=$rxif: not ready: the interface is down" || fail "while it is down: $(cat "$dir/told" "$dir/err")"
not_told READY "ready with the interface down"
ip -n "$rx" link set "$rxif" up
wait_for 60 told '^READY=1$' || fail "not ready: $(cat "$dir/told" "$dir/err")"
gen --count 1000 >/dev/null
wait_for 20 live_is .ledger.delivered 1000 || fail "of 1000 frames sent after READY $(live .ledger.delivered) are there"
told "^STATUS=$rxif: native XDP, 1 queue, mode adaptive, sink count$" || fail "its status: $(cat "$dir/told")"
not_told WATCHDOG "a watchdog that nobody asked for"
expect_eq "how often it was ready" "$(times '^READY=1$')" 1

# The state changes, and so do the words.
ip -n "$tx" link set "$txif" down
wait_for 20 told '^STATUS=.*; the interface has no carrier' || fail "no carrier: $(cat "$dir/told")"
ip -n "$tx" link set "$txif" up
ctl mode busy
wait_for 20 told '^STATUS=.*mode busy, sink count$' || fail "mode busy: $(cat "$dir/told")"

# A reload: its begin with the time, its end when the rules are in place and not before.
monotonic() { python3 -c 'import time; print(time.monotonic_ns() // 1000)'; }
before=$(monotonic)
kill -HUP "$daemon"
wait_for 20 told '^RELOADING=1$' || fail "a reload: $(cat "$dir/told")"
stamp=$(sed -n 's/^MONOTONIC_USEC=//p' "$dir/told")
[ "$stamp" -ge "$before" ] && [ "$stamp" -le "$(monotonic)" ] || fail "MONOTONIC_USEC=$stamp"
wait_for 20 live_is '.last_change.outcome' 'under way' || fail "the reload is not under way"
expect_eq "READY while it reloads" "$(times '^READY=1$')" 1
printf 'drop udp dst port 4243\ndefault capture\n' >"$dir/rules"
wait_for 20 more_than '^READY=1$' 1 || fail "the reload does not end: $(cat "$dir/told")"
expect_eq "the rules by then" "$(ctl --json rules show | jq -r '.rules[0].text')" "drop udp dst port 4243"
# One that fails ends too, and says so.
kill -HUP "$daemon"
wait_for 20 more_than '^RELOADING=1$' 1 || fail "a second reload: $(cat "$dir/told")"
echo 'drop udp dst prt' >"$dir/rules"
wait_for 20 more_than '^READY=1$' 2 || fail "the second reload does not end: $(cat "$dir/told")"
wait_for 20 told "^STATUS=.*; failed: SIGHUP: rules replace" || fail "a failed reload: $(cat "$dir/told")"
end_daemon
told '^STOPPING=1$' || fail "the stop: $(cat "$dir/told")"
expect_eq "the order" "$(grep -E '^(READY|STOPPING|RELOADING)' "$dir/told" | paste -sd ' ')" "READY=1 RELOADING=1 READY=1 RELOADING=1 READY=1 STOPPING=1"

# The watchdog, at a socket that is a file: fed while all is well, idle too; not fed while a worker is stuck; fed again when it is not.
manager "$dir/notify"
export WATCHDOG_USEC=1000000
start_daemon -s "plugin:$plugin:frames,$block"
wait_for 20 more_than '^WATCHDOG=1$' 5 || fail "not fed: $(cat "$dir/told")"
touch "$block"
gen --count 500 --pps 10000 >/dev/null
wait_for 20 told '^STATUS=.*; STUCK: the worker of queue 0' || fail "a stuck worker: $(cat "$dir/told")"
fed=$(times '^WATCHDOG=1$')
# Two periods: the daemon is alive and answers, and yet it is not fed.
for _ in 1 2 3 4; do
	sleep 0.5
	ctl status >/dev/null
done
expect_eq "fed with a stuck worker" "$(times '^WATCHDOG=1$')" "$fed"
rm "$block"
wait_for 20 more_than '^WATCHDOG=1$' "$fed" || fail "not fed when the worker is back: $(cat "$dir/told")"
# Nor is it by a steward that stands still.
stop_daemon
fed=$(times '^WATCHDOG=1$')
sleep 2
expect_eq "fed with all standing still" "$(times '^WATCHDOG=1$')" "$fed"
kill -CONT "$daemon"
wait_for 20 more_than '^WATCHDOG=1$' "$fed" || fail "not fed when it goes on"
end_daemon
# Meant for another process.
WATCHDOG_PID=1 start_daemon
wait_for 20 more_than '^READY=1$' 1 || fail "not ready: $(cat "$dir/told")"
fed=$(times '^WATCHDOG=1$')
sleep 1
expect_eq "fed though another is watched" "$(times '^WATCHDOG=1$')" "$fed"
end_daemon

# A manager that is not there, or does not read, holds nobody up.
NOTIFY_SOCKET=$dir/nobody start_daemon
end_daemon
NOTIFY_SOCKET=relative start_daemon
end_daemon
