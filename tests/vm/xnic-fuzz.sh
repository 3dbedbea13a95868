#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic: a process that does with its AF_XDP sockets what it likes (tests/xnic/xskfuzz.c), FUZZ seconds (20), a part with a program that takes frames of
# one buffer and a part with one that takes several, under frames of any length; meanwhile rings are resized,
# and the port goes down and up. The guest's kernel has nothing to say about
# it, and the other queue serves the stack. FUZZ_SEED=N repeats a run's sockets and descriptors. `make test-long`: ten minutes, on the debug kernel.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
export FUZZ=${FUZZ:-20} FUZZ_SEED=${FUZZ_SEED:-$((RANDOM << 15 | RANDOM))}
[ -n "${XNIC_GUEST:-}" ] || say "seed: FUZZ_SEED=$FUZZ_SEED"
xnic_guest --timeout $((600 + 10 * FUZZ))

passed() { bpftool -j map dump pinned $XDP/maps/fuzz | jq '.[0].formatted.value.passed'; }
rx_packets() { counters "rx$1_packets" eth0; }

xnic_load
modprobe pktgen
xnic_ports
fuzz_load
ip link add v0 type veth peer name v1
ip link set v0 up; ip link set v1 up
ethtool -K v1 gro on # its NAPI is what takes redirected frames

# No ARP, which would go where the fuzzing goes on; and an address of the peer that RSS has on queue 1.
mac=$(cat /sys/class/net/eth0/address)
peer_mac=$(ip -n peer -j link show eth1 | jq -r ".[0].address")
PEER=''
for ((i = 2; i < 40 && ${#PEER} == 0; i++)); do
	[ $i = 2 ] || ip -n peer addr add 10.0.0.$i/24 dev eth1
	ip -n peer neigh replace 10.0.0.1 lladdr "$mac" dev eth1
	ip neigh replace 10.0.0.$i lladdr "$peer_mac" dev eth0
	before=$(rx_packets 1)
	on eth1 ping -q -c 3 -i 0.2 -I 10.0.0.$i 10.0.0.1 >/dev/null || fail "no ping from 10.0.0.$i"
	[ "$(($(rx_packets 1) - before))" -lt 3 ] || PEER=10.0.0.$i
done
[ -n "$PEER" ] || fail "no address has its frames on queue 1"

# part PROGRAM MTU FRAME SECONDS SEED
part() {
	local program=$1 mtu=$2 frame=$3 seconds=$4 seed=$5 pings before fuzzer
	ip link set eth0 mtu "$mtu"
	ip -n peer link set eth1 mtu "$mtu"
	carriers
	fuzz_config "$seed" 0 "$(cat /sys/class/net/v0/ifindex)"
	bpftool net attach xdpdrv pinned $XDP/progs/"$program" dev eth0 overwrite
	flood_begin_any "$frame"
	"$BUILD/tests/xnic/xskfuzz" eth0 0 "$seconds" "$seed" >/tmp/fuzz &
	fuzzer=$!
	while kill -0 $fuzzer 2>/dev/null; do
		sleep 1
		ethtool -G eth0 rx $((64 << RANDOM % 4)) 2>/dev/null || true
		[ $((RANDOM % 4)) != 0 ] || { ip link set eth0 down; ip link set eth0 up; }
	done
	wait $fuzzer || fail "the fuzzer failed"
	say "$program, MTU $mtu: $(cat /tmp/fuzz) $(ethtool -S eth0 | grep -E ' (rx0_|tx0_)' | grep -v ': 0$' | xargs)"
	for what in sockets received filled sent completed; do
		[ "$(jq .$what /tmp/fuzz)" -gt 0 ] || fail "that was no fuzzing: $what: 0"
	done
	[ "$(passed)" -gt 0 ] || fail "the other queue got no frames"
	flood_end
	carriers
	ip -n peer neigh replace 10.0.0.1 lladdr "$mac" dev eth1
	ip neigh replace "$PEER" lladdr "$peer_mac" dev eth0
	pings=$(on eth1 ping -q -c 20 -i 0.2 -W 10 -I "$PEER" 10.0.0.1) || fail "no ping any more: $pings"
}
part fuzz_one 1500 1500 $((FUZZ / 3)) "$FUZZ_SEED"
part fuzz_frags 3000 3000 $((FUZZ - FUZZ / 3)) $((FUZZ_SEED + 1))

bpftool net detach xdpdrv dev eth0
ip neigh replace 10.0.0.2 lladdr "$peer_mac" dev eth0
on eth1 ping -q -c 5 -i 0.2 -I 10.0.0.2 10.0.0.1 >/dev/null || fail "the fuzzed queue does not serve the stack any more"
ip link set eth0 down
xnic_unload
