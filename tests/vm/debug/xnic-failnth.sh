#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic on the debug kernel, every allocation failing once: of its probe, of ip link set up, of an XDP attach, of other ring sizes, of another number of
# channels. After each the port works as before, or is cleanly down and comes up at the next try. At the end nothing is lost and no lock was held
# wrongly. FAILNTH=up (bind, xdp, rings, channels, xsk) sweeps that alone.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../../xnic/lib.sh"
export FAILNTH=${FAILNTH:-bind up xdp rings channels}
xnic_debug_guest --timeout 7200

card=0000:01:00.0
driver=/sys/bus/pci/drivers/xnic
# A frame that was under way while the rings were exchanged may be gone; the next one must come through.
ping_ok() { ping -q -c 1 -W 5 10.0.0.2 >/dev/null || ping -q -c 1 -W 20 10.0.0.2 >/dev/null; }
address() { ip addr replace 10.0.0.1/24 dev eth0; }
is_up() { local flags; read -r flags </sys/class/net/eth0/flags; [ $((flags & 1)) = 1 ]; } # IFF_UP
thread() { grep -ls "^xnic/0000:01:00" /proc/[0-9]*/comm | cut -d/ -f3; } # the name may be cut

# Each check gets: which allocation failed, the command's status. It leaves things as the command found them.
bound() {
	if [ "$2" = 0 ]; then
		[ -e /sys/class/net/eth0 ] || return 1
		echo $card >$driver/unbind
	fi
	[ ! -e /sys/class/net/eth0 ]
}
came_up() {
	if [ "$2" = 0 ]; then is_up || return 1; else ! is_up || return 1; fi
	if [ $(($1 % 16)) = 0 ]; then
		ip link set eth0 up && address && carriers && ping_ok || return 1
	fi
	ip link set eth0 down
}
program_there() { ip link show eth0 | grep -q xdp; }
attached() {
	if [ "$2" = 0 ]; then program_there && ip link set eth0 xdp off; else ! program_there; fi && ping_ok
}
# current TEXT NAME: the last number after NAME, the current one: ethtool lists the largest ones first.
current() { local after=${1##*"$2:"}; read -r after <<<"$after"; echo "$after"; }
rings() { current "$(ethtool -g eth0)" RX; }
resized() {
	if [ "$2" = 0 ]; then [ "$(rings)" = 128 ] && ethtool -G eth0 rx 64; else [ "$(rings)" = 64 ]; fi && is_up && ping_ok
}
channels() { current "$(ethtool -l eth0)" Combined; }
rechanneled() {
	if [ "$2" = 0 ]; then [ "$(channels)" = 1 ] && ethtool -L eth0 combined 2; else [ "$(channels)" = 2 ]; fi && is_up && ping_ok
}

xnic_load
xnic_ports
# Small rings: every page of them is an allocation.
ethtool -G eth0 rx 64 tx 64
ping_ok || fail "no ping to begin with"
faults_in xnic
leaks_forget
for what in $FAILNTH; do
	FAULT_TASKS=
	case $what in
	bind)
		echo $card >$driver/unbind
		# The kernel's ACPI interpreter, which pci_enable_device() asks for the card's interrupt line, uses freed memory after an allocation of its
		# own has failed (acpi_ns_get_attached_object()). A device that is enabled already needs no line.
		echo 1 >/sys/bus/pci/devices/$card/enable
		bind() { echo $card >$driver/bind; }
		fault_sweep bound bind
		echo 0 >/sys/bus/pci/devices/$card/enable
		echo $card >$driver/bind
		expect_eq "queue pairs after the sweep" "$(channels)" 2
		ethtool -G eth0 rx 64 tx 64
		;;
	up)
		ip link set eth0 down
		FAULT_TASKS=$(thread)
		fault_sweep came_up ip link set eth0 up
		;;
	*)
		address
		ip link set eth0 up
		carriers
		FAULT_TASKS=$(thread)
		case $what in
		xdp) fault_sweep attached ip link set eth0 xdp obj build/tests/xnic/accept.bpf.o sec xdp ;;
		rings) fault_sweep resized ethtool -G eth0 rx 128 ;;
		channels) fault_sweep rechanneled ethtool -L eth0 combined 1 ;;
		*) fail "FAILNTH=$what: there is no such sweep" ;;
		esac
		;;
	esac
done
FAULT_TASKS=
ip link set eth0 up
address
carriers
ping_ok || fail "no ping at the end"
xnic_unload
expect_match "lockdep" "$(tr -s ' ' </proc/lockdep_stats)" "debug_locks: 1"
