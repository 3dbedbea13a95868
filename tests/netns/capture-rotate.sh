#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A capture in several files: by size and by time, a ring of them, frames cut off; what tcpdump reads from all of them is what was sent. Where the next
# file cannot be had, nothing is lost.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
# records FILE...: lines of tcpdump's about them, which ends with an error if a file is damaged.
records() {
	local f
	for f; do tcpdump -tnnr "$f" 2>/dev/null || fail "tcpdump refuses $f"; done | wc -l
}
# capture WORDS COUNT SIZE: as many frames into $dir/c, which the daemon must account for.
capture() {
	rm -rf "$dir/c"*
	# The writer may hold half of the frames: however late it comes, all that are sent have room.
	start_daemon --frames 16384 -s "pcap:$dir/c$1"
	gen --count "$2" --size "$3" --pps 100000 >/dev/null
	wait_for 60 live_is .ledger.delivered "$2" || fail "$1: $(live .ledger.delivered) of $2 delivered: $(cat "$dir/err")"
	end_daemon
	balanced "$1"
}
files() { find "$dir" -maxdepth 1 -name 'c*' -printf '%f\n' | sort -V | tr '\n' ' '; }

# 5,000 records of 516 bytes: 126 or 127 in 64 KiB.
capture ,size=64k 5000 500
expect_eq "records in all files" "$(records "$dir"/c*)" 5000
expect_eq "files" "$(find "$dir" -maxdepth 1 -name 'c*' | wc -l)" "$(reported .sink.files)"
expect_eq "the first three" "$(files | cut -d ' ' -f 1-3)" "c c1 c2"
for f in "$dir"/c*; do
	[ "$(stat -c %s "$f")" -le 65536 ] || fail "$f has $(stat -c %s "$f") bytes"
	expect_eq "mode of $f" "$(stat -c %a "$f")" 600
done
[ "$(records "$dir/c1")" -ge 120 ] || fail "a file of 64 KiB holds $(records "$dir/c1") records"

# The last ones of a ring are the last that came.
capture ,size=64k,files=3 5000 500
expect_eq "a ring of three" "$(files)" "c0 c1 c2 "
last=$(records "$dir"/c*)
[ "$last" -gt 240 ] && [ "$last" -lt 400 ] || fail "three files of 64 KiB hold $last records"

# Cut off, with the length they had.
capture ,snaplen=64 100 1000
expect_eq "bytes of the file" "$(stat -c %s "$dir/c")" $((24 + 100 * (16 + 64)))
expect_match "the length stays" "$(tcpdump -tnner "$dir/c" 2>/dev/null | head -n 1)" "length 1000"

# By time, with the time's names, the oldest deleted. Frames come until three files have been followed by a fourth.
rm -rf "$dir/c"*
start_daemon -s "pcap:$dir/c-%s,seconds=1,files=3"
more() { gen --count 10 >/dev/null; [ "$(live .sink.files)" -ge 5 ]; }
wait_for 60 more || fail "by time: $(live .sink.files) files"
end_daemon
balanced "by time"
expect_eq "files by time that are left" "$(find "$dir" -maxdepth 1 -name 'c-*' | wc -l)" 3

# The next file's name is a directory's: the last one goes on, and that is said once.
rm -rf "$dir/c"*
mkdir "$dir/c1"
start_daemon -s "pcap:$dir/c,size=64k"
gen --count 1000 --size 500 >/dev/null
wait_for 60 live_is .ledger.delivered 1000 || fail "no next file: $(live .ledger.delivered) delivered"
end_daemon
expect_eq "records in the only file" "$(records "$dir/c")" 1000
expect_eq "said so often" "$(grep -c "goes on for longer than asked for: cannot write pcap file '$dir/c1': Is a directory" "$dir/err")" 1

# What cannot be followed, and what is not understood.
mkfifo "$dir/fifo"
exec 7<>"$dir/fifo"
for wrong in "fifo,size=1M" "c,size=1" "c,size=1M,frob=1" "c,files=3"; do
	expect_status 2 in_ns "$rx" timeout 60 "$BUILD/afxdpd" -i "$rxif" -s "pcap:$dir/$wrong"
	expect_match "$wrong" "$OUT" "sink 'pcap:$dir/$wrong'"
done

# logrotate's way: renamed, and begun anew because we are told; nothing lost between. By SIGHUP, by afxdpctl (a named sink, all of them).
rm -rf "$dir/c"*
mkdir "$dir/log"
chmod 700 "$dir/log"
start_daemon --frames 16384 -s "pcap:$dir/log/c.pcap" -s "web=pcap:$dir/log/web.pcap" -s none=count
cat >"$dir/logrotate.conf" <<EOF
"$dir/log/c.pcap" {
	rotate 3
	nocreate
	compress
	missingok
	postrotate
		nsenter --net=/run/netns/$rx "$BUILD/afxdpctl" -i $rxif sink rotate
	endscript
}
EOF
turns=3
# It sends until all turns are done, however long they take; the last frames, too, are waited for.
start_gen --count 100000000 --pps 2000
for _ in $(seq $turns); do
	had=$(live .ledger.delivered)
	wait_for 20 live_above .ledger.delivered "$((had + 200))"
	logrotate --force --state "$dir/state" "$dir/logrotate.conf" || fail "logrotate failed"
	[ "$(stat -c %s "$dir/log/c.pcap")" -ge 24 ] || fail "no new file after logrotate"
done
end_gen
settled() { local a; a=$(live '.ledger | select(.received == .delivered + .sink_dropped + .ring_full + .fill_empty + .kernel_dropped) | .delivered') && [ -n "$a" ] && sleep 0.2 && [ "$a" = "$(live .ledger.delivered)" ]; }
wait_for 20 settled || fail "frames are still on their way: $(live .ledger)"
sent=$(live .ledger.delivered)
mv "$dir/log/c.pcap" "$dir/log/c.hup"
kill -HUP "$daemon"
begun() { [ "$(stat -c %s "$dir/log/c.pcap" 2>/dev/null || echo 0)" = 24 ]; }
wait_for 20 begun || fail "SIGHUP begins no new file: $(cat "$dir/err")"
mv "$dir/log/web.pcap" "$dir/log/web.old"
ctl sink rotate web >/dev/null
[ -e "$dir/log/web.pcap" ] || fail "'sink rotate web' begins no new file"
# What has not been renamed goes on; what has no files is refused; and so is a place where nothing can be made, where the old one goes on.
ctl sink rotate >/dev/null
expect_status 1 ctl sink rotate none
expect_match "no files" "$OUT" "sink rotate none: no sink of that name has files"
mv "$dir/log/c.pcap" "$dir/c.moved"
mkdir "$dir/log/c.pcap"
expect_status 1 ctl sink rotate
expect_match "a directory in its place" "$OUT" "c.pcap.*Is a directory"
gen --count 11 >/dev/null
wait_for 20 live_is .ledger.delivered $((sent + 11))
end_daemon
balanced logrotate
gunzip "$dir/log/"*.gz
expect_eq "records in all files of logrotate's" "$(records "$dir/log/"c.pcap.[1-9]* "$dir/log/c.hup")" "$sent"
expect_eq "records in the file that went on" "$(records "$dir/c.moved")" 11
expect_eq "files" "$(reported .sink.files)" $((turns + 2))
expect_eq "warnings" "$(grep -c 'goes on where it was renamed to' "$dir/err")" 1
