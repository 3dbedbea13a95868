#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic beside the kernel's own driver of the card, in one guest: the same frames to eth0 (xnic) and to eth2 (e1000e). VLAN tags: what a packet socket hears is
# the same, and what `ethtool -k` says of the filter is what happens. Frames that are too long: the same counters.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
xnic_guest --nics 4 --timeout 900
cd "$ROOT"

# Cards 0 and 1 on one wire are xnic's, 2 and 3 on the other e1000e's, as an administrator would share them out.
for n in 1 2; do echo xnic >/sys/bus/pci/devices/0000:0$n:00.0/driver_override; done
for n in 3 4; do echo e1000e >/sys/bus/pci/devices/0000:0$n:00.0/driver_override; done
sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
xnic_load
modprobe e1000e
for n in 0 1 2 3; do
	expect_match "eth$n" "$(ethtool -i eth$n)" "driver: $([ $n -lt 2 ] && echo xnic || echo e1000e)"
	ip link set eth$n up
done
lit() { [ "$(ip -br link show | grep -cE '^eth[0-3] +UP .*LOWER_UP')" = 4 ]; }
wait_for 120 lit || fail "not all have a link"
filter() { ethtool -K eth0 rx-vlan-filter "$1"; [[ $(ethtool -k eth0) == *"rx-vlan-filter: $1"* ]] || fail "the filter does not go $1"; }

# ---- tags ----

heard() { python3 tests/xnic/tags.py hear "$1" "eth$((${1#eth} + 1))" || fail "$1: frames came with other tags"; }
every="priority 100 vid5 100 vid100 100 vid4095 100 5+7 100 100+7 100 ad5 100 ad5+7 100 untagged 100"
some() { echo "priority 100 vid5 0 vid100 $1 vid4095 0 5+7 0 100+7 $1 ad5 100 ad5+7 100 untagged 100"; }

# As they come: no 8021q, promiscuous mode off.
[ ! -d /sys/module/8021q ] || fail "8021q is there already"
expect_eq "tags that e1000e lets through" "$(heard eth2)" "$every"
expect_match "the filter" "$(ethtool -k eth0)" "rx-vlan-filter: off"
expect_eq "tags that xnic lets through" "$(heard eth0)" "$every"
ethtool -K eth0 rxvlan off
expect_eq "with tags in the frame" "$(heard eth0)" "$every"

# The filter on: priority tags and what has no 802.1Q tag on the outside still pass; everything does while promiscuous.
filter on
expect_eq "filtered, with tags in the frame" "$(heard eth0)" "$(some 0)"
ethtool -K eth0 rxvlan on
expect_eq "filtered" "$(heard eth0)" "$(some 0)"
ip link set eth0 promisc on
expect_eq "promiscuous" "$(heard eth0)" "$every"
ip link set eth0 promisc off
expect_eq "promiscuous no more" "$(heard eth0)" "$(some 0)"

# With 8021q: what is registered passes, over everything that sets the device up anew.
modprobe 8021q
ip link add link eth0 name v100 type vlan id 100
ip link set v100 up
expect_eq "VLAN 100 registered" "$(heard eth0)" "$(some 100)"
ip link set eth0 down
ip link set eth0 up
wait_for 120 lit || fail "no link"
ip link set v100 up
expect_eq "after down and up" "$(heard eth0)" "$(some 100)"
ethtool -G eth0 rx 256
ip link set eth0 mtu 3000
ethtool -L eth0 combined 1
ethtool -t eth0 offline >/dev/null || fail "self test"
wait_for 120 lit || fail "no link"
expect_eq "after a change of rings, MTU and channels, and the self test" "$(heard eth0)" "$(some 100)"
ethtool -L eth0 combined 2
ip link set eth0 mtu 1500
filter off
expect_eq "the filter off again" "$(heard eth0)" "$every"
filter on
expect_eq "the filter on again" "$(heard eth0)" "$(some 100)"
ip link del v100
expect_eq "VLAN 100 deleted" "$(heard eth0)" "$(some 0)"
filter off
expect_eq "in the end" "$(heard eth0)" "$every"

# Another address, while the port is up.
for n in 2 0; do
	ip link set eth$n address 02:00:00:00:0$n:77 || fail "eth$n does not take another address while it is up"
	expect_eq "eth$n, after a change of address" "$(heard eth$n)" "$every"
done

# A program sees all of them, a stripped one by way of the kernel's kfunc; with zero-copy as well: the capture has the tags that were sent.
bpffs
for zerocopy in off on; do
	for rxvlan in on off; do
		ethtool -K eth0 rxvlan $rxvlan
		rm -f /tmp/captured /tmp/err
		build/afxdpd -i eth0 -z $zerocopy -s pcap:/tmp/captured --count 900 >/tmp/out 2>/tmp/err &
		wait_for 120 grep -q ready /tmp/err || fail "afxdpd does not start: $(cat /tmp/err)"
		wait_for 120 lit || fail "no link"
		python3 tests/xnic/tags.py send eth0 eth1
		wait $! || fail "afxdpd: $(cat /tmp/err)"
		expect_eq "captured, zero-copy $zerocopy, rxvlan $rxvlan" "$(python3 tests/xnic/tags.py read /tmp/captured)" "$every"
	done
done
ethtool -K eth0 rxvlan on

# ---- counters ----

# What is too long for the MTU, and what is for others: each frame under the same counter. (Bytes are not compared: e1000e counts the FCS.)
FIELDS="rx_packets rx_errors rx_dropped rx_over_errors rx_length_errors rx_crc_errors rx_frame_errors rx_fifo_errors rx_missed_errors multicast"
counts() { local f out=(); for f in $FIELDS; do out+=("$(cat "/sys/class/net/$1/statistics/$f")"); done; echo "${out[*]}"; }
# grown BEFORE AFTER: each field's difference.
grown() { awk -v a="$1" -v b="$2" 'BEGIN { n = split(a, x); split(b, y); for (i = 1; i <= n; i++) printf "%d ", y[i] - x[i] }'; }
# What e1000e counts as received (rx_packets is the device's count there) and throws away in silence: a frame of several buffers, where the MTU asks for one.
# xnic hands it to the stack, which finds nobody for the tagged half and says so (rx_dropped).
alike() {
	local fields
	ours=$(grown "$xnic" "$(counts eth0)")
	read -r -a fields <<<"$(grown "$e1000e" "$(counts eth2)")"
	fields[2]=$((fields[2] + lost / 2))
	theirs="${fields[*]} "
	[ "$ours" = "$theirs" ]
}
for n in 1 3; do ip link set eth$n mtu 9000; done
for mtu in 1500 3000; do
	for n in 0 2; do ip link set eth$n mtu $mtu; done
	wait_for 120 lit || fail "no link"
	xnic=$(counts eth0) e1000e=$(counts eth2)
	ours=$(python3 tests/xnic/tags.py sizes eth0 eth1)
	theirs=$(python3 tests/xnic/tags.py sizes eth2 eth3)
	say "MTU $mtu, heard of each length: xnic $ours, e1000e $theirs"
	lost=0
	if [ "$mtu" = 3000 ] && [ "${theirs##* }" = 0 ]; then
		lost=20 theirs="${theirs% *} 20"
	fi
	expect_eq "frames heard of each length, MTU $mtu" "$ours" "$theirs"
	wait_for 60 alike || fail "MTU $mtu, $FIELDS: xnic $ours, e1000e $theirs"
	say "MTU $mtu: $FIELDS: $ours"
	[ "$mtu" != 1500 ] || [[ $ours =~ ^[0-9]+\ [1-9] ]] || fail "no frame was too long"
done

for n in 0 1 2 3; do ip link set eth$n mtu 1500; done
wait_for 120 lit || fail "no link"

# What afxdp's doctor says of either.
expect_match "doctor of eth2" "$(build/afxdpctl doctor -i eth2)" "no native mode.*can be given to afxdp's driver xnic"
[[ $(build/afxdpctl doctor -i eth0) != *"can be given to"* ]] || fail "the doctor sends xnic's card to xnic"

# ---- a card is given, and given back, as xnic(4) says ----
card=0000:03:00.0
echo xnic >/sys/bus/pci/devices/$card/driver_override
echo $card >/sys/bus/pci/devices/$card/driver/unbind
echo $card >/sys/bus/pci/drivers_probe
expect_eq "the card's driver" "$(basename "$(readlink /sys/bus/pci/devices/$card/driver)")" xnic
echo >/sys/bus/pci/devices/$card/driver_override
echo $card >/sys/bus/pci/devices/$card/driver/unbind
echo $card >/sys/bus/pci/drivers/e1000e/bind
expect_eq "the card's driver" "$(basename "$(readlink /sys/bus/pci/devices/$card/driver)")" e1000e
port=$(ls /sys/bus/pci/devices/$card/net)
ip link set "$port" up
works() { ethtool "$port" | grep -q "Link detected: yes"; }
wait_for 120 works || fail "no link under e1000e after xnic"
expect_eq "tags that e1000e lets through after xnic" "$(python3 tests/xnic/tags.py hear "$port" eth3)" "$every"

# ---- each question that one of the two answers: the table is of 6.12 ----
ip link set eth0 mtu 1500
ethtool -G eth0 rx 512
wait_for 120 lit || fail "no link"
[[ $(uname -r) != 6.12.* ]] || python3 tests/xnic/rival.py eth0 "$port" docs/driver.md || fail "the answers of the two differ otherwise than docs/driver.md has it"

# xnic goes, e1000e stays.
xnic_unload
