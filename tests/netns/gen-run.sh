#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# How afxdpgen ends: pacing by its own account, signals, interfaces that cannot, will not or vanish, wrong options. One line says what and what to do.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root

a=gr${RUN_ID}a b=gr${RUN_ID}b
dir=$(mktemp -d)
cleanup rm -rf "$dir"
netns_add "$a"
netns_add "$b"
veth_pair "$a" g0 "$b" g1 1
gen=(in_ns "$a" "$BUILD/afxdpgen")

# A background job of its own, $! its process: in_ns would put a shell in between.
in_ns_bg() { nsenter --net="/run/netns/$1" -- "${@:2}" & }
one_line() { expect_eq "lines of '$OUT'" "$(wc -l <<<"$OUT")" 1; }

# The peer takes no XDP frames: said, and sent all the same; demanded, refused.
expect_status 0 "${gen[@]}" -i g0 --count 10
expect_match "fallback" "$OUT" "gro on.*AF_PACKET"
expect_match "fallback" "$OUT" '"sent":10,.*"engine":"packet"'
expect_status 3 "${gen[@]}" -i g0 --count 10 --engine xdp
expect_match "no fallback" "$OUT" "attach an XDP program"
one_line
in_ns "$b" ethtool -K g1 gro on >/dev/null
expect_status 0 "${gen[@]}" -i g0 --count 10
expect_match "GRO will do" "$OUT" '"sent":10,.*"engine":"xdp"'
one_line
ip -n "$b" link set dev g1 xdp object "$BUILD/bpf/afxdp_rx.bpf.o" section xdp

# Paced: the rate is what count and duration say, never above what was asked. Whether it was reached is the machine's business; then late says so.
for engine in xdp packet; do
	for pps in 200 50k; do
		expect_status 0 "${gen[@]}" -i g0 --count 200 --pps $pps --engine $engine
		jq -e '.sent == 200 and .pps <= .asked_pps * 1.001 and ((.pps - .sent / .duration_s) | fabs) < .pps / 1000' <<<"$OUT" >/dev/null ||
			fail "pacing by $engine: $OUT"
	done
	expect_status 0 "${gen[@]}" -i g0 --duration 0.2 --pps 1k --engine $engine
	jq -e '.sent > 0 and .sent <= 201' <<<"$OUT" >/dev/null || fail "duration by $engine: $OUT"
done

# got: frames that g1 has received. more N: more than N by now.
got() { ip -n "$b" -j -s link show g1 | jq '.[0].stats64.rx.packets'; }
more() { [ "$(got)" -gt "$1" ]; }

# A signal ends it, with the account.
for signal in INT TERM; do
	for args in "" "--pps 10" "--engine packet" "--pps 100k"; do
		had=$(got)
		# shellcheck disable=SC2086 # several words
		in_ns_bg "$a" "$BUILD/afxdpgen" -i g0 $args >"$dir/out" 2>&1
		pid=$!
		wait_for 20 more "$had" || fail "'$args': nothing arrives: $(cat "$dir/out")"
		kill -$signal "$pid"
		status=0
		wait "$pid" || status=$?
		expect_eq "status after SIG$signal with '$args': $(cat "$dir/out")" "$status" 0
		jq -e '.interrupted and .sent > 0' "$dir/out" >/dev/null || fail "SIG$signal with '$args': $(cat "$dir/out")"
	done
done

# The peer's MTU is smaller: no frame is accepted, ever.
ip -n "$b" link set dev g1 xdp off
ip -n "$a" link set g0 mtu 3000
expect_status 1 "${gen[@]}" -i g0 --count 10 --size 2000
expect_match "stuck" "$OUT" "accepted no frame.*MTU"
expect_status 3 "${gen[@]}" -i g0 --count 10 --size 4000
expect_match "our own MTU" "$OUT" "4000.*'g0'.*3000.*mtu 3986"
one_line

# While it runs, its program is attached where no frame comes, so that the kernel need not wait for all CPUs at each system call; and not after.
links() { bpftool -j link show | jq -r '.[] | select(.type == "xdp") | "\(.id) \(.prog_id)"'; }
# The link that was not there before, of a program that is ours.
held() {
	links | while read -r id prog; do
		grep -q "^$id " <<<"$before" || [[ $(bpftool -j prog show id "$prog" | jq -r .name) != send_* ]] || echo "$id"
	done
}
before=$(links)
in_ns_bg "$a" "$BUILD/afxdpgen" -i g0 --pps 1000 >"$dir/out" 2>&1
pid=$!
holds() { [ -n "$(held)" ]; }
wait_for 10 holds || fail "afxdpgen's program is in no XDP link: $(bpftool link show)"
link=$(held)
kill -INT $pid
wait $pid || true
expect_eq "the link after the end" "$(links | grep "^$link ")" ""

# The interface goes away.
for engine in xdp packet; do
	[ $engine = xdp ] || veth_pair "$a" g0 "$b" g1 1
	had=$(got)
	in_ns_bg "$a" "$BUILD/afxdpgen" -i g0 --engine $engine >"$dir/out" 2>&1
	pid=$!
	wait_for 20 more "$had" || fail "by $engine: nothing arrives: $(cat "$dir/out")"
	ip -n "$b" link delete g1
	status=0
	wait "$pid" || status=$?
	expect_eq "status after the interface went, by $engine: $(cat "$dir/out")" "$status" 1
	expect_match "the interface went" "$(cat "$dir/out")" '"sent":[1-9].*'"'g0' does not send any more"
done

expect_status 3 "${gen[@]}" -i nosuch --count 1
expect_match "no interface" "$OUT" "'nosuch'"
veth_pair "$a" g0 "$b" g1 1
ip -n "$a" link set g0 down
expect_status 3 "${gen[@]}" -i g0 --count 1
expect_match "down" "$OUT" "'g0' is down: ip link set g0 up"
one_line
ip -n "$a" link set g0 up
expect_status 1 "${gen[@]}" -i g0 --count 1 --cpus 4000
expect_match "no such CPU" "$OUT" "CPU 4000"
expect_status 2 "${gen[@]}" -i g0 --size 12
expect_match "usage" "$OUT" "'12'"
one_line
echo "not a capture" >"$dir/bad"
expect_status 2 "${gen[@]}" -i g0 --pcap "$dir/bad"
one_line
expect_status 2 "${gen[@]}" -i g0 --pcap "$dir/nosuch"
expect_match "no capture" "$OUT" "$dir/nosuch"
# A capture with a runt and a super-frame (16,000 bytes), as segmentation offload leaves them: the rest is sent, and it says so.
record() { printf '%b' "$(printf '\\0\\0\\0\\0\\0\\0\\0\\0\\x%x\\x%x\\0\\0\\x%x\\x%x\\0\\0' $(($1 % 256)) $(($1 / 256)) $(($1 % 256)) $(($1 / 256)))"; head -c "$1" /dev/zero; }
{ printf '\xd4\xc3\xb2\xa1\2\0\4\0\0\0\0\0\0\0\0\0\0\0\4\0\1\0\0\0'; record 60; record 9; record 16000; record 1600; record 62; } >"$dir/odd.pcap"
expect_eq "records of odd.pcap" "$(tcpdump -r "$dir/odd.pcap" 2>/dev/null | wc -l)" 5
expect_status 0 "${gen[@]}" -i g0 --engine packet --pcap "$dir/odd.pcap" --count 4
expect_match "runts" "$OUT" "left out 1 record shorter than an Ethernet header"
expect_match "super-frames" "$OUT" "left out 2 records longer than 1518 bytes, the most that fit the MTU of g0"
expect_eq "odd.pcap: sent" "$(grep -v ^afxdpgen: <<<"$OUT" | jq .sent)" 4
expect_status 1 "$BUILD/afxdpgen" --write "$dir/no/such" --count 1
expect_match "not writable" "$OUT" "$dir/no/such"
expect_status 1 "$BUILD/afxdpgen" --write /dev/full --count 1000
expect_match "full" "$OUT" "No space"
expect_status 0 "$BUILD/afxdpgen" --help
expect_status 0 "$BUILD/afxdpgen" --version
