#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# afxdpgen's frames arrive byte for byte and in order: what a capture at the other end holds is what --write says would be sent. By both engines; built
# frames of every kind, and a replayed capture.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
need_root

a=gf${RUN_ID}a b=gf${RUN_ID}b
dir=$(mktemp -d)
cleanup rm -rf "$dir"
netns_add "$a"
netns_add "$b"
veth_pair "$a" g0 "$b" g1 2
# 3498: as much as veth takes with an XDP program of single buffers.
ip -n "$a" link set g0 mtu 3498
ip -n "$b" link set g1 mtu 3498 promisc on
# A quiet wire: nothing but what we send.
ip -n "$b" link set g1 arp off
ip -n "$b" link set dev g1 xdp object "$BUILD/bpf/afxdp_rx.bpf.o" section xdp
mac=$(ip -n "$a" -j link show g0 | jq -r '.[0].address')

# A background job of its own, $! its process: in_ns would put a shell in between.
in_ns_bg() { nsenter --net="/run/netns/$1" -- "${@:2}" & }
dump() { tcpdump -r "$1" -S -t -nn -xx 2>/dev/null; }
listening() { grep -q 'listening on' "$dir/tcpdump"; }
frames() { dump "$1" | grep -vc '^	'; }
complete() { [ "$(frames "$dir/got.pcap")" -ge "$1" ]; }

# arrives WHAT COUNT ARGS...: sends ARGS, captures, compares with --write
arrives() {
	local what=$1 count=$2 pid
	shift 2
	"$BUILD/afxdpgen" --write "$dir/want.pcap" --src-mac "$mac" --count "$count" "$@" >/dev/null
	in_ns_bg "$b" tcpdump -i g1 -w "$dir/got.pcap" -U -B 16384 -Q in 2>"$dir/tcpdump"
	pid=$!
	wait_for 10 listening || fail "tcpdump does not start"
	in_ns "$a" "$BUILD/afxdpgen" -i g0 --src-mac "$mac" --count "$count" --engine "$engine" --pps 20k "$@" >"$dir/json"
	expect_eq "$what: engine" "$(jq -r .engine "$dir/json")" "$engine"
	wait_for 10 complete "$count" || fail "$what: $(frames "$dir/got.pcap") of $count frames arrived"
	kill "$pid"
	wait "$pid" || true
	cmp <(dump "$dir/want.pcap") <(dump "$dir/got.pcap") || fail "$what by $engine: frames differ"
}

for engine in xdp packet; do
	arrives "UDP" 100 --flows 7
	arrives "60 bytes" 10 --size 60
	arrives "3300 bytes" 10 --size 3300
	arrives "mix" 200 --mix --flows 5 --seed 42
	arrives "VLAN" 20 --vlan 4094 --proto icmp
	arrives "IPv6" 20 --ipv6 --proto tcp --size 200 --src 2001:db8::ffff --dst fd00::1 --sport 65535 --dport 443
	arrives "ARP" 20 --proto arp --vlan 3 --src 10.1.2.3 --dst 10.1.2.4
	# want.pcap is overwritten: replay a copy, two times and a half.
	"$BUILD/afxdpgen" --write "$dir/in.pcap" --count 40 --mix --seed 9 >/dev/null
	arrives "replay" 100 --pcap "$dir/in.pcap"
done

ip -n "$b" link set dev g1 xdp off
ip -n "$a" link set g0 mtu 9000
ip -n "$b" link set g1 mtu 9000
engine=packet
arrives "jumbo" 10 --size 9000

# Another seed, other bytes; the same seed, the same.
write() { "$BUILD/afxdpgen" --write "$1" --count 50 --mix --flows 9 --seed "$2" >/dev/null; }
write "$dir/1" 1
write "$dir/1again" 1
write "$dir/2" 2
cmp -s "$dir/1" "$dir/1again" || fail "the same seed gives other frames"
! cmp -s "$dir/1" "$dir/2" || fail "another seed gives the same frames"
