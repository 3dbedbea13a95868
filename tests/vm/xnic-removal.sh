#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic: the port is taken away in every way there is, while frames arrive and are sent as fast as they go, with a program attached: ip link down,
# unbind, removal through sysfs, the card unplugged, rmmod (a card that stops answering: xnic-faults.sh). Then CYCLES (20; 1000 before a release) times load and
# unload. Each time the port comes back and works, and nothing is left behind.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
: "${CYCLES:=20}"
xnic_guest --timeout $((900 + 10 * CYCLES))

card=/sys/bus/pci/devices/0000:01:00.0
driver=/sys/bus/pci/drivers/xnic
obj=build/tests/xnic/accept.bpf.o

# traffic: from now on eth1 floods eth0, and both ping, whether anybody answers or not, until `quiet`.
traffic() {
	local mac
	rm -f /tmp/quiet
	mac=$(cat /sys/class/net/eth0/address)
	pktgen_take eth1 0 eth1
	for command in "count 0" "pkt_size 60" "delay 0" "ratep 20000" "dst 10.0.0.1" "dst_mac $mac" "src_min 10.9.0.1" "src_max 10.9.15.0"; do
		pktgen eth1 "$command"
	done
	pktgen pgctrl start &
	until_quiet ping -q -f -w 2 10.0.0.2 &
	until_quiet in_ns peer ping -q -f -w 2 10.0.0.1 &
	wait_for 60 arriving || fail "no traffic arrives"
}
until_quiet() { while [ ! -e /tmp/quiet ]; do "$@" >/dev/null 2>&1 || sleep 0.1; done; }
arriving() { [ "$(stat64 rx_packets eth0)" -gt 1000 ]; }
quiet() {
	touch /tmp/quiet
	pktgen pgctrl stop || true
	wait
}
# back WHAT: eth0 is there again; it works.
back() {
	wait_for 60 test -d /sys/class/net/eth0 || fail "no eth0 $1"
	ip addr replace 10.0.0.1/24 dev eth0
	ip link set eth0 up
	carriers
	quiet
	ip neigh flush dev eth0
	on eth1 ip neigh flush dev eth1
	wait_for 30 ping -q -c 1 -W 1 10.0.0.2 || fail "no ping $1"
	ping -q -c 10 -i 0.02 -W 5 10.0.0.2 | grep -q " 0% packet loss" || fail "ping lost frames $1"
}
program() { ip link set eth0 xdp obj $obj sec xdp; }

xnic_load
modprobe pktgen
xnic_ports

traffic
program
for _ in 1 2 3; do
	ip link set eth0 down
	ip link set eth0 up
done
back "after ip link set down under traffic"

traffic
basename "$card" >$driver/unbind
[ ! -e /sys/class/net/eth0 ] || fail "unbind leaves eth0 behind"
basename "$card" >$driver/bind
back "after unbind under traffic"

traffic
program
echo 1 >$card/remove
[ ! -e $card ] || fail "the card was not removed"
echo 1 >/sys/bus/pci/rescan
back "after a removal through sysfs"

# The machine's own way: the slot's button; five seconds to change one's mind.
traffic
vm-qmp device_del '{"id":"nic0"}' >/dev/null
wait_for 60 sh -c "[ ! -e $card ]" || fail "the card cannot be pulled"
vm-qmp device_add '{"driver":"e1000e","id":"nic0","bus":"port0","netdev":"wire0","mac":"52:54:00:af:0d:01","romfile":""}' >/dev/null
back "after the card was pulled and put back"

# Both ports at once, beside AF_XDP, netconsole and NAPI in threads.
traffic
program
netconsole_load
echo 1 >/sys/class/net/eth0/threaded
until_quiet timeout 5 "$BUILD/tests/xnic/send" eth0 0 mg '60*1000000' '1400x18*20' &
until_quiet sh -c 'echo "<1>xnic-removal: netconsole" >/dev/kmsg; sleep 0.02; false' &
socket() { [ "$(counters 'tx[01]_xsk' eth0)" -gt 0 ]; }
wait_for 60 socket || fail "no AF_XDP socket sends"
quiet &
rmmod xnic
wait
wait_for 60 pools_empty || fail "pages never came back to their pool: $(grep page_pool_release $POOLS/trace | tail -n 5)"

# Load and unload, now as fast as it goes, now with a port that has just come up.
rmmod pktgen netconsole
ip netns del peer
for ((i = 0; i < CYCLES; i++)); do
	insmod "${XNIC_KO:-$BUILD/kmod/xnic.ko}"
	[ $((i % 4)) != 1 ] || ip link set eth0 up
	[ $((i % 4)) != 3 ] || { ip link set eth0 up; ip link set eth1 up; program; }
	rmmod xnic
done
xnic_load
xnic_ports
ping -q -c 10 -i 0.02 -W 5 10.0.0.2 | grep -q " 0% packet loss" || fail "ping lost frames after $CYCLES cycles"
xnic_unload
