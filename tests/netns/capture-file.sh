#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What a capture does to files: an older one stays until the start has succeeded, one that is being written is nobody else's, links that others may have placed
# are not followed, a reader that goes ends the daemon, and each outage of a disk is said, with what it cost.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
umask 022
afxdpd() { in_ns "$rx" timeout 60 "${AFXDPD:-$BUILD/afxdpd}" -i "$rxif" "$@"; }
records() { tcpdump -nnr "$1" 2>/dev/null | wc -l; }
capture=$dir/x.pcap

# A start that fails late, after the sink was opened, leaves older files as they were.
echo "precious, and longer than a header is" >"$dir/old"
cp "$dir/old" "$capture"
cp "$dir/old" "$dir/older-report"
expect_status 2 afxdpd -s "pcap:$capture" --report "$dir/older-report" --cpus 1023
cmp "$dir/old" "$capture" || fail "a failed start has changed an older capture"
cmp "$dir/old" "$dir/older-report" || fail "a failed start has changed an older report"

# One that succeeds takes its place, also if no frame comes.
afxdpd -s "pcap:$capture" --report "$dir/older-report" --duration 0.5 >/dev/null 2>&1
expect_eq "an empty capture's bytes" "$(stat -c %s "$capture")" 24
jq -e .ledger "$dir/older-report" >/dev/null || fail "the report is not JSON: $(cat "$dir/older-report")"
empty() { [ "$(stat -c %s "$capture")" = 24 ]; }
cp "$dir/old" "$capture"
start_daemon -s "pcap:$capture"
wait_for 20 empty || fail "the older capture stays while the daemon runs"
gen --count 50 >/dev/null
wait_for 20 live_is .ledger.delivered 50

# The file that is open, by any of its names, is not touched.
ln "$capture" "$dir/hard.pcap"
ln -s x.pcap "$dir/soft.pcap"
for name in x hard soft; do
	expect_status 1 ctl sink "pcap:$dir/$name.pcap"
	expect_match "the open file" "$OUT" "$dir/$name.pcap.*is being written"
done
# Renamed, as logrotate does, its name is free again.
mv "$capture" "$dir/rotated.pcap"
ctl sink "pcap:$capture" >/dev/null
gen --count 30 >/dev/null
wait_for 20 live_is .ledger.delivered 80
end_daemon
expect_eq "records in the first file" "$(records "$dir/rotated.pcap")" 50
expect_eq "records in the second" "$(records "$capture")" 30
# A change of the sink that succeeds overwrites, too.
cp "$dir/old" "$dir/next.pcap"
start_daemon
ctl sink "pcap:$dir/next.pcap" >/dev/null
capture=$dir/next.pcap
wait_for 20 empty || fail "an older file stays when the sink is changed"
end_daemon

# Nobody else may read a new one; links that others could have placed are not followed.
expect_eq "mode of a new capture" "$(stat -c %a "$dir/x.pcap")" 600
mkdir "$dir/open"
chmod 1777 "$dir/open"
ln -s "$dir/old" "$dir/open/link"
cp "$dir/old" "$dir/kept"
expect_status 2 afxdpd -s "pcap:$dir/open/link" --duration 0.2
expect_match "a link" "$OUT" "'$dir/open/link': it is a symbolic link"
cmp "$dir/old" "$dir/kept" || fail "a link was followed"
# /dev/stdout is a link, too, and a FIFO is no file; both go on working.
for spec in pcap:- pcap:/dev/stdout; do
	afxdpd -s $spec --duration 0.5 2>/dev/null | tcpdump -nnr - >/dev/null 2>&1 || fail "$spec is no capture"
done

# A reader that has enough ends the daemon, with one line that says why.
mkfifo "$dir/fifo"
timeout 60 tcpdump -nn -c 3 -r "$dir/fifo" >/dev/null 2>&1 &
reader=$!
fifo_read() { [ "$(stat -L -c %i "/proc/$reader/fd/"* /proc/"$(pgrep -P $reader)"/fd/* 2>/dev/null | grep -cx "$(stat -c %i "$dir/fifo")")" != 0 ]; }
wait_for 20 fifo_read || true
start_daemon -s "pcap:$dir/fifo"
for i in 1 2 3 4 5; do
	# Its end takes the generator's peer away.
	gen --count 2000 --pps 20k >/dev/null 2>&1 || true
	! gone "$daemon" || break
	wait_for 5 gone "$daemon" || continue
done
ended_daemon 1
wait $reader || fail "tcpdump failed"
expect_eq "lines about the reader ($(cat "$dir/err"))" "$(grep -c 'its reader is gone' "$dir/err")" 1
no_program || fail "the program stays attached"

# append: what is there stays, and what a crash has cut off goes, not before frames can come.
rm -f "$capture"
start_daemon -s "pcap:$capture,append,mode=0640"
gen --count 20 >/dev/null
wait_for 20 live_is .ledger.delivered 20
end_daemon
expect_eq "mode asked for" "$(stat -c %a "$capture")" 640
printf 'half a record' >>"$capture"
cp "$capture" "$dir/old"
expect_status 2 afxdpd -s "pcap:$capture,append" --cpus 1023
cmp "$dir/old" "$capture" || fail "a failed start has changed the capture that it was to go on with"
start_daemon -s "pcap:$capture,append"
gen --count 30 >/dev/null
wait_for 20 live_is .ledger.delivered 30
# Emptied beneath us, as by logrotate's copytruncate: it begins anew, and has no hole.
cp "$capture" "$dir/copy.pcap"
: >"$capture"
gen --count 7 >/dev/null
wait_for 20 live_is .ledger.delivered 37
end_daemon
expect_match "what is cut off" "$(cat "$dir/err")" "its last 13 bytes"
expect_eq "records after going on" "$(records "$dir/copy.pcap")" 50
expect_eq "records after copytruncate" "$(records "$capture")" 7
# What is no capture is left alone; with excl a capture, too.
echo "a letter, and longer than a header is" >"$dir/letter"
for spec in "letter,append" "x.pcap,append,snaplen=64,frob" "x.pcap,excl"; do
	cp "$dir/${spec%%,*}" "$dir/kept"
	expect_status 2 afxdpd -s "pcap:$dir/$spec" --duration 0.2
	expect_match "$spec" "$OUT" "$dir/${spec%%,*}"
	cmp "$dir/kept" "$dir/${spec%%,*}" || fail "$spec has changed the file"
done
afxdpd -s "pcap:$dir/new.pcap,excl" --duration 0.2 >/dev/null 2>&1 || fail "excl refuses a new file"

# A full disk is said, the recovery too, with what it cost.
mkdir "$dir/disk"
mount -t tmpfs -o size=256k tmpfs "$dir/disk"
cleanup umount "$dir/disk"
start_daemon -s "pcap:$dir/disk/x.pcap"
gen --count 20000 --pps 50k >/dev/null
wait_for 20 daemon_says 'No space left on device; frames are dropped'
wait_for 20 live_is .ledger.received 20000
mount -o remount,size=64m "$dir/disk"
gen --count 10 >/dev/null
wait_for 20 daemon_says 'can be written again'
end_daemon
balanced "a full disk"
lost=$(sed -n 's/.*written again; \([0-9]*\) frames were lost.*/\1/p' "$dir/err")
[ "$lost" -gt 0 ] || fail "it says that $lost frames were lost"
[ "$lost" -le "$(reported .ledger.sink_dropped)" ] || fail "it says $lost lost frames; the ledger has $(reported .ledger.sink_dropped)"
