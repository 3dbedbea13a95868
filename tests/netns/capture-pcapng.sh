#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A capture as pcapng: tshark, capinfos and tcpdump read it; each frame has its queue, verdict and rule, each file its rules and, by itself, what was lost.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
command -v tshark >/dev/null || skip "no tshark here (scripts/deps test)"
two_ends 1
read_ng() { python3 "$(dirname "$0")/pcapng_read.py" "$@" || fail "no pcapng: $*"; }
records() {
	local f
	for f; do tcpdump -tnnr "$f" 2>/dev/null || fail "tcpdump refuses $f"; done | wc -l
}
c=$dir/c.pcapng
cat >"$dir/rules" <<EOF
drop udp port 1
capture ip
default pass
EOF
# The generator's frames are UDP to port 9 or so: rule 1 has them.
start_daemon -r "$dir/rules" -s "pcapng:$c"
gen --count 40 --size 100 >/dev/null
wait_for 20 live_is .ledger.delivered 40
cat >"$dir/rules2" <<EOF
capture udp
default drop
EOF
ctl rules replace "$dir/rules2" >/dev/null
gen --count 3 --size 61 >/dev/null
wait_for 20 live_is .ledger.delivered 43
end_daemon
balanced "pcapng"
expect_eq "tcpdump's records" "$(records "$c")" 43
expect_eq "tshark" "$(tshark -r "$c" -T fields -e frame.len -e frame.cap_len -e frame.comment -e frame.interface_name 2>/dev/null | sort | uniq -c | awk '{ $1 = $1; print }' | paste -sd '|')" \
	"40 100 100 rule 1 $rxif|3 61 61 rule 0 $rxif"
verbose=$(tshark -r "$c" -c 1 -V 2>/dev/null)
expect_match "the verdict in tshark" "$verbose" "eBPF XDP: REDIRECT|XDP.*4|Verdict"
expect_match "the queue in tshark" "$verbose" "[Qq]ueue: 0"
info=$(capinfos "$c" 2>/dev/null)
expect_match "capinfos: speed" "$info" "Speed = 10000000000|10000|10 *G"
expect_match "capinfos: rules" "$info" "drop udp port 1"
expect_match "capinfos: precision" "$info" "Time precision = nanoseconds"
expect_match "capinfos: what sent it" "$info" "afxdpd "
# Two sections, for two sets of rules; the ledger at the end is the report's.
read_ng "$c" >"$dir/ng.json"
expect_eq "packets by section" "$(jq -c '.[0] | map(.packets | select(. > 0))' "$dir/ng.json")" "[40,3]"
expect_eq "rules of the second" "$(jq -r '.[0][-1].filter' "$dir/ng.json")" "$(printf '0: capture udp\ndefault: drop')"
end=$(jq -c '.[0][-1].statistics[-1] | [.received, .captured, .lost, .delivered]' "$dir/ng.json")
expect_eq "the ledger in the file" "$end" "$(reported '[.ledger.received, .ledger.captured, .ledger.ring_full + .ledger.fill_empty + .ledger.kernel_dropped, .ledger.delivered] | tojson')"
expect_match "in words" "$(jq -r '.[0][-1].statistics[-1].comment' "$dir/ng.json")" "ledger: received $(reported .ledger.received), .*unexplained 0"

# It goes on (a section more), and in several files, each with its ledger, none longer than it may be.
start_daemon -s "pcapng:$c,append"
gen --count 5 >/dev/null
wait_for 20 live_is .ledger.delivered 5
end_daemon
expect_eq "records after append" "$(records "$c")" 48
expect_eq "packets by section after append" "$(read_ng "$c" | jq -c '.[0] | map(.packets | select(. > 0))')" "[40,3,5]"
start_daemon --frames 16384 -s "pcapng:$dir/s,size=64k"
gen --count 3000 --size 500 --pps 20000 >/dev/null
wait_for 60 live_is .ledger.delivered 3000
end_daemon
expect_eq "records in a series" "$(records "$dir"/s*)" 3000
expect_eq "files" "$(find "$dir" -maxdepth 1 -name 's[0-9]*' -o -maxdepth 1 -name s | wc -l)" "$(reported .sink.files)"
big=$(find "$dir" -maxdepth 1 -name 's*' -size +65536c)
[ -z "$big" ] || fail "longer than 64 KiB: $big"
read_ng "$dir"/s "$dir"/s[0-9]* >"$dir/ng.json"
expect_eq "last file's ledger" "$(jq '[.[][-1].statistics[-1].delivered] | max' "$dir/ng.json")" 3000
# Cut off, jumbo frames, a pipe, losses.
start_daemon -s "pcapng:$dir/snap,snaplen=65"
gen --count 4 --size 1400 >/dev/null
wait_for 20 live_is .ledger.delivered 4
end_daemon
expect_eq "cut off" "$(tshark -r "$dir/snap" -T fields -e frame.len -e frame.cap_len 2>/dev/null | sort -u)" "1400	65"
in_ns "$rx" timeout 60 "$BUILD/afxdpd" -i "$rxif" -s pcapng:- --duration 1 2>/dev/null | tshark -r - -T fields -e frame.len >/dev/null 2>&1 || fail "pcapng:- is no capture"
start_daemon --ring 64 --frames 128 -s "pcapng:$dir/lost"
stop_daemon
before=$(arrivals)
gen --count 3000 >/dev/null
wait_for 20 arrived $((before + 3000))
kill -CONT "$daemon"
wait_for 20 live_is .ledger.received 3000
end_daemon
lost=$(jq '.ledger | .ring_full + .fill_empty + .kernel_dropped' "$dir/report")
[ "$lost" -gt 0 ] || fail "nothing was lost"
expect_eq "lost, in the file" "$(read_ng "$dir/lost" | jq '.[0][-1].statistics[-1].lost')" "$lost"
