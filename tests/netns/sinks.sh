#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Sinks with names: opened with the daemon, shown by name wherever the daemon is looked at, closed with it; one that fails or ends says which it is.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 2
with_sanitizers

# refused STATUS TEXT ARGS...: by --check and by a start alike, with the same line.
refused() {
	expect_status "$1" in_ns "$rx" "$AFXDPD" -i "$rxif" --check "${@:3}"
	expect_match "--check ${*:3}" "$OUT" "$2"
	expect_status "$1" in_ns "$rx" timeout 20 "$AFXDPD" -i "$rxif" "${@:3}"
	expect_match "a start with ${*:3}" "$OUT" "$2"
}
refused 2 "unknown sink 'nowhere'" -s a=nowhere
refused 2 "sinks 'default' and 'a' are both" -s "pcap:$dir/a" -s "a=pcap:$dir/a"
refused 2 "already" -s a=count -s a=count
refused 2 "sink 'pcap:x,files=0': " -s count -s a=pcap:x,files=0
refused 2 "'10.0.0.300' is no IPv4" -s echo:10.0.0.300
refused 2 "sink 'forward:x,mtu=1': 'mtu=1' must be" -s a=forward:x,mtu=1
expect_status 2 in_ns "$rx" timeout 20 "$AFXDPD" -i "$rxif" -s "web=pcap:/nonexistent/a"
expect_match "a file that cannot be written" "$OUT" "web: .*/nonexistent/a"

# ---- from a file, and what the command line says takes its place ----
cat >"$dir/conf" <<EOF
sink drop
sink web pcap:$dir/web.pcap	# one
sink all = count
EOF
start_daemon -c "$dir/conf" -s all=drop --metrics 127.0.0.1:9191
expect_eq "routes" "$(live '[.routes[] | .name + " " + .spec + " " + .sink.name] | join(", ")')" \
	"default drop drop, web pcap:$dir/web.pcap pcap, all drop drop"
expect_eq "none is over" "$(live '[.routes[] | .over] | unique | tostring')" "[null]"
expect_match "status" "$(ctl status)" "web( +0){5} +pcap:$dir/web.pcap"
expect_eq "metrics" "$(in_ns "$rx" curl -s http://127.0.0.1:9191/metrics | sed -n 's/^afxdp_sink_info{.*sink="\(.*\)",kind="\(.*\)"} /\1 \2 /p' | paste -sd,)" \
	"default drop 1,web pcap 1,all drop 1"
# The sink without a name is exchanged; the others stay.
ctl sink count >/dev/null
expect_eq "after a change" "$(live '[.routes[].sink.name] | join(" ")')" "count pcap drop"
gen --count 100 >/dev/null
wait_for 20 live_is .ledger.delivered 100
end_daemon
balanced "named sinks"
expect_eq "reported" "$(reported '[.routes[].name] | join(" ")')" "default web all"
expect_eq "the file is a whole capture, of no frame" "$(tcpdump -r "$dir/web.pcap" 2>/dev/null | wc -l)" 0
[ -s "$dir/web.pcap" ] || fail "web.pcap has no header"

# ---- one whose reader goes: it is said, and shown; the others go on ----
mkfifo "$dir/pipe"
cat "$dir/pipe" >/dev/null & reader=$!
start_daemon -s count -s "web=pcap:$dir/pipe"
kill_now "$reader"
gen --count 10 >/dev/null
wait_for 20 live_is .ledger.delivered 10
end_daemon
balanced "after the reader had gone"
! grep -q "ERROR: \|runtime error" "$dir/err" || fail "sanitizer: $(cat "$dir/err")"
