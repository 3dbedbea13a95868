#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# --report: a whole report at any time, anew at each SIGUSR1 and at the end; what was there stays until there is a better one.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
# The last one given counts: start_daemon has one of its own.
r=$dir/own/report
mkdir -m 755 "$dir/own"
echo old >"$r"
chmod 640 "$r"
start_daemon --report "$r"
expect_eq "an older report while there is none" "$(cat "$r")" old
gen --count 30 >/dev/null
wait_for 20 live_is .ledger.delivered 30
exec 6<"$r"
has() { [ "$(jq .ledger.received "$r" 2>/dev/null)" = "$1" ]; }
kill -USR1 "$daemon"
wait_for 20 has 30 || fail "SIGUSR1 makes no report: $(cat "$r" "$dir/err")"
expect_eq "who has the old one open reads it whole" "$(cat <&6)" old
expect_eq "its mode" "$(stat -c %a "$r")" 640
gen --count 5 >/dev/null
wait_for 20 live_is .ledger.delivered 35
# Without room for a new one the last stays, which is said.
mkdir "$dir/disk"
mount -t tmpfs -o size=16k tmpfs "$dir/disk"
cleanup umount "$dir/disk"
rm "$r" # it is made again
kill -USR1 "$daemon"
wait_for 20 has 35 || fail "a report that was deleted is not made again: $(cat "$dir/err")"
kill -TERM "$daemon"
ended_daemon 0
expect_eq "the last one" "$(jq .ledger.received "$r")" 35
expect_eq "files beside it" "$(find "$dir/own" -type f | wc -l)" 1

echo '{"ledger": {"received": -1}}' >"$dir/disk/report"
start_daemon --report "$dir/disk/report"
head -c 100000 /dev/zero >"$dir/disk/filled" 2>/dev/null || true
kill -USR1 "$daemon"
wait_for 20 daemon_says "SIGUSR1: cannot write report '$dir/disk/report': No space left"
expect_eq "the old report on a full disk" "$(jq .ledger.received "$dir/disk/report")" -1
expect_eq "files on the full disk" "$(find "$dir/disk" -type f | wc -l)" 2
rm "$dir/disk/filled"
kill -TERM "$daemon"
ended_daemon 0
expect_eq "with room again" "$(jq .ledger.received "$dir/disk/report")" 0

# No stranger decides where it goes; a pipe and /dev/stdout are as good as a file.
mkdir -m 1777 "$dir/open"
echo kept >"$dir/kept"
ln -s "$dir/kept" "$dir/open/link"
for more in "" --check; do
	expect_status 2 in_ns "$rx" timeout 60 "$BUILD/afxdpd" -i "$rxif" --report "$dir/open/link" --duration 0.1 $more
	expect_match "a link of a stranger's" "$OUT" "--report '$dir/open/link': cannot write it: .*ymbolic link"
done
expect_eq "what it leads to" "$(cat "$dir/kept")" kept
ln -s "$dir/kept" "$dir/own/link"
in_ns "$rx" timeout 60 "$BUILD/afxdpd" -i "$rxif" --report "$dir/own/link" --duration 0.1 >/dev/null 2>&1 || fail "a link of our own is refused"
[ -L "$dir/own/link" ] && jq -e .ledger "$dir/kept" >/dev/null || fail "a link of our own is not followed"
in_ns "$rx" timeout 60 "$BUILD/afxdpd" -i "$rxif" --report /dev/stdout --duration 0.1 >"$dir/printed" 2>/dev/null || fail "/dev/stdout"
grep -q '"ledger":' "$dir/printed" || fail "/dev/stdout: $(cat "$dir/printed")"
