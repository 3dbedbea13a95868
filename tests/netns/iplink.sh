#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The object by itself, as the README says: ip link loads it, traffic passes while it is on, bpftool reads its counters by name. Then a daemon adopts
# it and leaves it as it was, takes its place with --replace, and leaves a foreign program alone without.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
need_root
rx=afxdp-ipl-rx-$RUN_ID tx=afxdp-ipl-tx-$RUN_ID
dir=$(mktemp -d)
cleanup rm -rf "$dir"
netns_add "$rx"
netns_add "$tx"
veth_pair "$rx" rx0 "$tx" tx0
ip -n "$rx" addr add 10.9.0.1/24 dev rx0
ip -n "$tx" addr add 10.9.0.2/24 dev tx0

attached() { in_ns "$rx" bpftool -j net show dev rx0 | jq -c '[.[0].xdp[].id]'; }
# count FIELD: of the attached program's ledger, over all queues and CPUs. FIELD may be more of a jq path or sum.
count() {
	local map
	map=$(bpftool -j prog show id "$(in_ns "$rx" bpftool -j net show dev rx0 | jq '.[0].xdp[0].id')" |
		jq '.map_ids[]' | while read -r id; do bpftool -j map show id "$id" | jq 'select(.name == "ledger").id'; done)
	bpftool -j map dump id "$map" | jq "[.[].formatted.values[].value | .$1] | add"
}
start() { # OPTION...
	spawn "$rx" build/afxdpd -i rx0 "$@" --report "$dir/report" >"$dir/out" 2>"$dir/err"
	daemon=$SPAWNED
	cleanup end_process "$daemon"
	wait_for 10 grep -q ready "$dir/err" || fail "afxdpd did not start: $(cat "$dir/err")"
}
stop() { end_process "$daemon"; wait "$daemon" || fail "afxdpd failed: $(cat "$dir/err")"; }

in_ns "$rx" ip link set dev rx0 xdp object build/bpf/afxdp_rx.bpf.o section xdp
id=$(attached)
in_ns "$tx" ping -qc 5 -i 0.05 -W 2 10.9.0.1 >/dev/null || fail "no ping while the program is on"
[ "$(count passed)" -ge 5 ] || fail "the program counted $(count passed) frames, at least 5 came"
# In one look: the neighbours talk on.
expect_eq "received, but not passed" "$(count 'received - .passed')" 0

# Adopted: captures while the daemon runs, passes before and after; the same program all the time.
start
expect_eq "the adopted program" "$(attached)" "$id"
expect_match "what it says" "$(cat "$dir/err")" "adopted program afxdp_rx"
in_ns "$tx" build/afxdpgen -i tx0 --count 1000 >/dev/null
stop
expect_eq "captured by an adopted program, unexplained" "$(jq -c '[.ledger.captured, .ledger.unexplained]' "$dir/report")" "[1000,0]"
expect_eq "still attached" "$(attached)" "$id"
in_ns "$tx" ping -qc 2 -i 0.05 -W 2 10.9.0.1 >/dev/null || fail "no ping after the daemon has gone"

# Rules need a program of our own.
expect_status 3 in_ns "$rx" build/afxdpd -i rx0 -f udp --duration 1
expect_match "rules on the ip link program" "$OUT" "--replace"
expect_eq "untouched" "$(attached)" "$id"
start --replace -f 'udp'
[ "$(attached)" != "$id" ] || fail "--replace did not replace"
in_ns "$tx" build/afxdpgen -i tx0 --count 1000 >/dev/null
stop
expect_eq "captured, unexplained" "$(jq -c '[.ledger.captured, .ledger.unexplained]' "$dir/report")" "[1000,0]"
expect_eq "nothing left attached" "$(in_ns "$rx" bpftool -j net show dev rx0 | jq -c '.[0].xdp')" "[]"

# Pins read as names and numbers, while they are there.
start
bpftool map dump pinned /sys/fs/bpf/afxdp/rx0/ledger | grep '"received": ' >/dev/null || fail "the pinned ledger has no names"
stop
[ ! -e /sys/fs/bpf/afxdp/rx0 ] || fail "pins are left"

# Somebody else's program.
cat >"$dir/pass.c" <<'C'
__attribute__((section("xdp"), used)) int somebody(void *ctx) { return ctx ? 2 : 2; }
char _l[] __attribute__((section("license"), used)) = "GPL";
C
clang -O2 -g -target bpf -c "$dir/pass.c" -o "$dir/pass.o"
in_ns "$rx" ip link set dev rx0 xdp object "$dir/pass.o" section xdp
id=$(attached)
expect_status 3 in_ns "$rx" build/afxdpd -i rx0 --duration 1
expect_match "a foreign program" "$OUT" "somebody.*--replace"
expect_eq "a foreign program is left alone" "$(attached)" "$id"
start --replace
in_ns "$tx" build/afxdpgen -i tx0 --count 1000 >/dev/null
stop
expect_eq "captured in its place" "$(jq .ledger.captured "$dir/report")" 1000
