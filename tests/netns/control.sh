#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A running daemon under full traffic: looked at, told to change mode and sink; nothing is lost that the ledger does not know of.
# Then wrong commands, garbage on the socket, and a client that says nothing.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
need_root
rx=afxdp-ctl-rx-$RUN_ID tx=afxdp-ctl-tx-$RUN_ID
dir=$(mktemp -d)
cleanup rm -rf "$dir"
netns_add "$rx"
netns_add "$tx"
veth_pair "$rx" rx0 "$tx" tx0
ctl() { in_ns "$rx" build/afxdpctl -i rx0 "$@"; }

expect_status 3 ctl status
expect_match "without a daemon" "$OUT" "no afxdpd serves 'rx0'"

spawn "$rx" build/afxdpd -i rx0 --control "$dir/control" --report "$dir/report" --metrics 127.0.0.1:9190 >"$dir/out" 2>"$dir/err"
daemon=$SPAWNED
cleanup end_process "$daemon"
wait_for 10 grep -q ': ready' "$dir/err" || fail "afxdpd did not start: $(cat "$dir/err")"
spawn "$tx" build/afxdpgen -i tx0 --cpus 0,1 --duration 60 >"$dir/sent"
gen=$SPAWNED
cleanup end_process "$gen"

for mode in interrupt busy spin adaptive busy interrupt adaptive; do
	ctl mode $mode
	expect_eq "mode" "$(ctl --json ledger | jq -r .mode)" $mode
done
for sink in drop "pcap:$dir/a.pcap" count "pcap:$dir/b.pcap" count; do
	ctl sink "$sink"
	expect_eq "sink" "$(ctl --json ledger | jq -r .sink.name)" "${sink%%:*}"
done
tcpdump -nr "$dir/b.pcap" -c 1 >/dev/null 2>&1 || fail "the pcap sink that was changed away from left no readable file"
ctl status | grep 'the ledger' >/dev/null || fail "status shows no ledger"
expect_eq "through the socket file" "$(build/afxdpctl --control "$dir/control" --json ledger | jq -r .interface)" rx0
status=0
timeout 3 nsenter --net="/run/netns/$rx" build/afxdpctl -i rx0 top >"$dir/top" || status=$?
expect_eq "top, ended by timeout" $status 124
grep -q 'received' "$dir/top" || fail "top shows nothing: $(cat "$dir/top")"

# Prometheus: the text parses, and counts.
metrics() { in_ns "$rx" python3 -c '
import urllib.request, sys
text = urllib.request.urlopen("http://127.0.0.1:9190/metrics").read().decode()
for line in text.splitlines():
    if not line.startswith("#"):
        name, value = line.rsplit(" ", 1)
        float(value)
        if name == sys.argv[1]: print(int(float(value)))' "$1"; }
before=$(metrics 'afxdp_ledger_sum_total{interface="rx0",stage="received"}')
wait_for 10 sh -c "[ \$(nsenter --net=/run/netns/$rx build/afxdpctl -i rx0 --json ledger | jq .ledger.received) -gt $before ]"
[ "$(metrics 'afxdp_ledger_sum_total{interface="rx0",stage="received"}')" -gt "$before" ] || fail "the metrics stand still"

expect_status 1 ctl mode fast
expect_match "unknown mode" "$OUT" "mode 'fast'"
expect_status 1 ctl sink nowhere
expect_match "unknown sink" "$OUT" "'nowhere'"
expect_status 1 ctl sink pcap:/nonexistent/file
expect_match "sink that cannot be opened" "$OUT" "/nonexistent/file"
expect_status 2 ctl frobnicate
expect_match "unknown command" "$OUT" "'frobnicate'"
expect_status 3 build/afxdpctl --control "$dir/nothing" ledger
expect_match "no such socket" "$OUT" "$dir/nothing"

# Garbage, a request without an end, a client that never speaks: the daemon answers the others.
in_ns "$rx" python3 - "$dir/control" <<'PYTHON'
import socket, sys
def dial():
    s = socket.socket(socket.AF_UNIX); s.settimeout(10); s.connect(sys.argv[1]); return s
mute = [dial() for _ in range(4)]
s = dial(); s.sendall(b"\x00\xff{]\n"); assert b'"ok":false' in s.recv(4096)
s.sendall(b'{"command":17}\n{"command":"nothing"}\n[]\n')
seen = b""
while seen.count(b"\n") < 3: seen += s.recv(4096)
assert seen.count(b'"ok":false') == 3, seen
s = dial(); s.sendall(b"x" * 5000); assert b"longer" in s.recv(4096)
s = dial(); s.sendall(b'{"command":"led'); s.close()
PYTHON
expect_eq "still there" "$(ctl --json ledger | jq -r .interface)" rx0

end_process "$gen"
ctl stop
wait "$daemon" || fail "afxdpd failed: $(cat "$dir/err")"
expect_eq "sent is received, nothing unexplained" \
	"$(jq -c '[.ledger.received, .ledger.unexplained]' "$dir/report")" "[$(jq .sent "$dir/sent"),0]"
[ ! -e "$dir/control" ] || fail "the socket file is still there"
doctor=$(ctl doctor)
for topic in driver link xdp zero-copy program queues; do
	grep -q "^  $topic" <<<"$doctor" || fail "doctor says nothing of $topic"
done
expect_eq "doctor as JSON" "$(ctl --json doctor | jq -r '.[] | select(.topic == "driver").finding')" veth
