#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The forward sink: what comes in leaves through another interface byte for byte, by a socket that shares the UMEM or by a packet socket.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root

a=sf${RUN_ID}a b=sf${RUN_ID}b c=sf${RUN_ID}c
dir=$(mktemp -d)
cleanup rm -rf "$dir"
netns_add "$a"
netns_add "$b"
netns_add "$c"
veth_pair "$a" tx0 "$b" rx0 2
veth_pair "$b" out2 "$c" in2 2
veth_pair "$b" out1 "$c" in1 1
same=$(dirname "$0")/pcap_same.py
roomy=(--ring 4096 --frames 16384)
count=3000

gen() { in_ns "$a" "$BUILD/afxdpgen" -i tx0 "$@" >"$dir/gen.json" 2>"$dir/gen.log" || fail "afxdpgen: $(cat "$dir/gen.log")"; }
# daemon NAME NETNS IFACE ARGS...: in the background until it is ready, its process in $pid; its words in $dir/NAME.log
daemon() {
	rm -f "$dir/$1.log"
	nsenter --net="/run/netns/$2" -- "$BUILD/afxdpd" -i "$3" "${roomy[@]}" --report "$dir/$1.json" "${@:4}" >"$dir/$1.out" 2>"$dir/$1.log" &
	pid=$!
	wait_for 10 grep -q ': ready' "$dir/$1.log" || fail "afxdpd is not ready: $(cat "$dir/$1.log")"
}
now() { in_ns "$1" "$BUILD/afxdpctl" -i "$2" --json ledger; }
holds() { now "$1" "$2" | jq -e "$3"; }
live() { wait_for 20 holds "$@" || fail "never: $3: $(now "$1" "$2" | jq -c '[.ledger, .sink]')"; }
stop() {
	local status=0
	kill -TERM "$2"
	wait_for 5 gone "$2" || fail "afxdpd does not stop"
	wait "$2" || status=$?
	expect_eq "exit status ($(cat "$dir/$1.log"))" "$status" 0
	check "$1: the ledger balances" "$1" '.ledger.unexplained == 0'
}
check() { jq -e "$3" "$dir/$2.json" >/dev/null || fail "$1: $(jq -c '[.ledger, .sink]' "$dir/$2.json")"; }

# pass OUT IN SOCKETS FRAMES: $dir/sent.pcap in at rx0, out at OUT, and captured at IN.
pass() {
	local capturer forwarder
	daemon there "$c" "$2" -s "pcap:$dir/got.pcap"
	capturer=$pid
	daemon here "$b" rx0 -s "forward:$1"
	forwarder=$pid
	gen --pcap "$dir/sent.pcap" --count "$4"
	live "$b" rx0 ".ledger.received == $4"
	live "$c" "$2" ".ledger.delivered == $4"
	stop here "$forwarder"
	stop there "$capturer"
	check "forwarded" here ".ledger.delivered == $4 and .sink.too_long == 0 and .sink.refused == 0"
	check "by the right sockets" here "[.sink.xdp_sockets, .sink.packet_sockets] == $3"
	OUT=$(python3 "$same" "$dir/sent.pcap" "$dir/got.pcap" --sorted 2>&1) || fail "through $1: $OUT"
	expect_eq "frames compared" "$OUT" "$4"
}

gen --mix --count $count --write "$dir/sent.pcap"
pass out2 in2 '[2,0]' $count
# The other interface has one queue: the second worker's frames leave by a packet socket.
pass out1 in1 '[1,1]' $count
expect_match "said so" "$(cat "$dir/here.log")" "sink 'forward:out1': queue 1: .*packet socket"

# Other addresses, and nothing else.
gen --mix --count 300 --write "$dir/sent.pcap"
daemon there "$c" in2 -s "pcap:$dir/got.pcap"
capturer=$pid
daemon here "$b" rx0 -s forward:out2,src=02:00:00:00:00:0b,dst=02:00:00:00:00:0a
gen --pcap "$dir/sent.pcap" --count 300
live "$c" in2 ".ledger.delivered == 300"
stop here "$pid"
stop there "$capturer"
expect_eq "rewritten" "$(tcpdump -nr "$dir/got.pcap" ether src 02:00:00:00:00:0b and ether dst 02:00:00:00:00:0a 2>/dev/null | wc -l)" 300
text() { tcpdump -ttnXr "$1" 2>/dev/null | sed -E 's/^[0-9]+\.[0-9]+ //' | sort; }
cmp <(text "$dir/sent.pcap") <(text "$dir/got.pcap") || fail "more than the addresses was changed"
for wrong in dst=02:00:00:00:00 dst=2:0:0:0:0:a src=01:00:5e:00:00:01 mtu=9000 ''; do
	expect_status 2 in_ns "$b" timeout 20 "$BUILD/afxdpd" -i rx0 -s "forward:out2,$wrong"
	expect_match "forward:out2,$wrong" "$OUT" "'$wrong' must be dst=MAC or src=MAC"
done

# More rounds than the rings have slots: frames come back and are used again.
roomy=(--ring 64 --frames 128)
daemon here "$b" rx0 -s forward:out2
gen --count 20000 --pps 20k
live "$b" rx0 '.ledger.received == 20000'
stop here "$pid"
check "rings in a circle" here '.ledger.delivered > 1000 and .sink.xdp_sockets == 2'
roomy=(--ring 4096 --frames 16384)

# Frames of several descriptors; and what the other interface cannot send is dropped and counted.
for i in "$a tx0" "$b rx0" "$b out2" "$c in2" "$b out1" "$c in1"; do
	# shellcheck disable=SC2086 # two words
	set -- $i
	ip -n "$1" link set "$2" mtu 9000
done
gen --size 8000 --count 300 --write "$dir/sent.pcap"
pass out2 in2 '[2,0]' 300
pass out1 in1 '[1,1]' 300
ip -n "$b" link set out2 mtu 1500
daemon here "$b" rx0 -s forward:out2
gen --size 8000 --count 100
gen --size 1400 --count 100
live "$b" rx0 '.ledger.received == 200'
stop here "$pid"
check "too long" here '.ledger.delivered == 100 and .ledger.sink_dropped == 100 and .sink.too_long == 100'

# A local sender leaves checksums to its device: the receiver's kernel finds them right.
in_ns "$a" ethtool -K tx0 tx on >/dev/null
ip -n "$a" addr add 10.7.0.1/24 dev tx0
ip -n "$c" addr add 10.7.0.2/24 dev in2
ip -n "$a" neigh add 10.7.0.2 dev tx0 lladdr "$(ip -n "$c" -j link show in2 | jq -r '.[0].address')"
errors() { in_ns "$c" nstat -asz UdpInDatagrams UdpInCsumErrors TcpInCsumErrors UdpNoPorts TcpInSegs | awk 'NR > 1 { printf "%s=%s ", $1, $2 }'; }
ip -n "$b" link set out2 mtu 9000
for size in 1 100 1471 8001; do
		daemon here "$b" rx0 -s forward:out2
		in_ns "$a" python3 -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.sendto(b'x' * $size, ('10.7.0.2', 7777))
t = socket.socket()
t.setblocking(False)
try: t.connect(('10.7.0.2', 7777))
except BlockingIOError: pass
"
		live "$b" rx0 '.ledger.delivered >= 2'
		stop here "$pid"
done
ip -n "$b" link set out2 mtu 1500
wait_for 10 bash -c "[ \$(ip netns exec '$c' nstat -asz UdpNoPorts | awk 'END { print \$2 }') -ge 4 ]" || fail "datagrams with checksums left to a device do not arrive: $(errors)"
expect_match "checksums" "$(errors)" 'UdpInCsumErrors=0.*TcpInCsumErrors=0|TcpInCsumErrors=0.*UdpInCsumErrors=0'
in_ns "$a" ethtool -K tx0 tx off >/dev/null

# What the device takes and does not send, because nobody is at its other end: its own counter tells.
daemon here "$b" rx0 -s forward:out2
ip -n "$c" link set in2 down
gen --size 100 --count 1000
live "$b" rx0 '.ledger.consumed == 1000'
live "$b" rx0 '.ledger.sink_dropped + .sink.device_lost == 1000'
ip -n "$c" link set in2 up
stop here "$pid"
check "the device" here '.sink.device_lost > 0 and .ledger.sink_dropped + .sink.device_lost == 1000'
expect_match "in words" "$(cat "$dir/here.out")" 'not sent by out2, whoever.s they were: [0-9]+ frames'

# The device goes down: nothing hangs, all is accounted for.
daemon here "$b" rx0 -s forward:out2
ip -n "$b" link set out2 down
gen --size 100 --count 1000
live "$b" rx0 '.ledger.received == 1000'
stop here "$pid"
check "down" here '.ledger.consumed == .ledger.delivered + .ledger.sink_dropped'

for arg in nonesuch rx0 out2; do
	expect_status 2 in_ns "$b" "$BUILD/afxdpd" -i rx0 -s "forward:$arg"
	expect_match "refused" "$OUT" "forward:$arg"
	expect_eq "lines of '$OUT'" "$(wc -l <<<"$OUT")" 1
done
