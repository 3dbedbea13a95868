#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic: a storm of changes from six processes under traffic, with netconsole, for STORM seconds (20; two minutes before a release: STORM=120). Then the port
# works, the control thread waits for messages, no mailbox holds any, and the module can be unloaded.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
: "${STORM:=20}"
export STORM
xnic_guest --timeout $((300 + 6 * STORM)) --memory 2G

xnic_load
xnic_ports 1500
on eth1 ethtool -A eth1 autoneg on
end=$((SECONDS + STORM))
more() { [ $SECONDS -lt $end ]; }
# Changes may be refused (the port is down, a program is in the way): they must not hang, nor leave anything behind.
try() { "$@" >/dev/null 2>&1 || true; }
pick() { local n=$((RANDOM % $# + 1)); echo "${!n}"; }

traffic() {
	while more; do try "$@" ping -q -f -w 2 "$(pick 10.0.0.1 10.0.0.2)"; done
}
up_and_down() {
	while more; do
		try ip link set eth0 down
		try ip link set eth0 up
		[ $((RANDOM % 3)) = 0 ] || sleep 0.3
	done
}
shapes() {
	while more; do
		try ethtool -G eth0 rx "$(pick 64 256 512 1024 4096)" tx "$(pick 64 128 512 2048)"
		try ethtool -L eth0 combined "$(pick 1 2)"
		try ethtool -X eth0 equal "$(pick 1 2)"
		try ethtool -X eth0 default
		try ethtool -t eth0 "$(pick online offline)"
	done
}
programs() {
	local obj=build/tests/xnic/accept.bpf.o
	while more; do
		try ip link set eth0 xdp obj $obj sec xdp
		try ip -force link set eth0 xdp obj $obj sec xdp.frags
		try ip -force link set eth0 xdp obj $obj sec xdp
		try ip link set eth0 xdp off
	done
}
settings() {
	while more; do
		try ip link set eth0 mtu "$(pick 1500 1400 3000 9000)"
		try ethtool -K eth0 rxvlan "$(pick on off)" rx "$(pick on off)" loopback "$(pick on off off off)"
		try ethtool -C eth0 rx-usecs "$(pick 0 20 500)" adaptive-rx "$(pick on off)"
		try ethtool -A eth0 rx "$(pick on off)" tx "$(pick on off)"
		try ip link set eth0 promisc "$(pick on off)"
		try ip link set eth0 address "52:54:00:af:0e:$(pick 01 02 03)"
		try ip link add link eth0 name v0 type vlan id "$(pick 5 6 7)"
		try ip link del v0
		try ethtool -S eth0
		try ethtool -d eth0
		try ip -s link show eth0
	done
}

# Polls by the soft interrupt, by threads, by netpoll.
polls() {
	while more; do
		try eval 'pick 0 1 >/sys/class/net/eth0/threaded'
		echo "<1>xnic-storm: netconsole" >/dev/kmsg
		sleep 0.$((RANDOM % 3))$((RANDOM % 10))
	done
}
sockets() {
	while more; do
		try timeout 5 "$BUILD/tests/xnic/send" eth0 "$(pick 0 1)" "$(pick - g m mg)" '60*300' '14*20' '1400x18*20' '60:14:16*50' '60:200:0*50'
		sleep 0.$((RANDOM % 3))
	done
}

netconsole_load
traffic env &
traffic in_ns peer &
jobs=()
for job in up_and_down shapes programs settings polls sockets; do
	$job &
	jobs+=($!)
done
for job in "${jobs[@]}"; do wait "$job" || fail "one of the six died"; done
wait

# Back to the beginning, and see that all is well.
rmmod netconsole
try ip link set eth0 xdp off
ip link set eth0 down
ethtool -K eth0 loopback off rx on rxvlan on
ethtool -L eth0 combined 2
ethtool -X eth0 default
ethtool -C eth0 adaptive-rx off rx-usecs 20
ip link set eth0 promisc off mtu 1500
ip addr replace 10.0.0.1/24 dev eth0
ip link set eth0 up
echo 0 >/sys/class/net/eth0/threaded # refused by newer kernels while the port is down
carriers
ip neigh flush dev eth0
on eth1 ip neigh flush dev eth1
ping -q -c 20 -i 0.02 -W 5 10.0.0.2 | grep -q " 0% packet loss" || fail "the storm left a port that loses frames"
tcp_copy 2
ethtool -t eth0 offline >/dev/null || fail "the storm left a port that fails its self test: $(ethtool -t eth0 offline)"
view=$(cat /sys/kernel/debug/xnic/0000:01:00.0/control)
say "$view"
expect_match "the view" "$view" "state opened"
expect_match "the view" "$view" "thread [^ ]* waiting"
[[ ! $view =~ queued\ [1-9] ]] || fail "a mailbox still holds messages"
[ "$(awk '$2 == "requests" { print $9 }' <<<"$view")" -ge 10 ] || fail "that was no storm: $view"
xnic_unload
