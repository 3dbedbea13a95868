# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For tests of the driver: `. "$(dirname "$0")/../xnic/lib.sh"`, then `xnic_guest "$@"` (options: see there). What follows runs in a guest with
# the driver loaded: port 0 is eth0 (10.0.0.1), port 1 is eth1 (10.0.0.2) in the namespace peer, both on one wire.

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"

# xnic_guest [OPTION...]: on the host, build the driver, start this script again in a guest (OPTIONs are scripts/vm's) and end with its status.
# In the guest, return. XNIC_VM adds options: XNIC_VM=--debug tests/vm/xnic-x.sh.
xnic_guest() {
	[ -z "${XNIC_GUEST:-}" ] || return 0
	make -s -C "$ROOT" kmod build/tests/xnic.stamp >&2 || fail "the driver does not build"
	# shellcheck disable=SC2086
	exec "$ROOT/scripts/vm" --nics 2 "$@" ${XNIC_VM:-} -- env XNIC_GUEST=1 "$0"
}

# xnic_load: insert the module (with what it needs).
xnic_load() {
	modprobe -qa libphy mdio_bus marvell dimlib sch_fq 2>/dev/null || true
	insmod "$BUILD/kmod/xnic.ko"
}

# xnic_ports [MTU]: both ports configured, up and with carrier; eth1 in the namespace peer.
xnic_ports() {
	local mtu=${1:-1500}
	ip netns add peer 2>/dev/null && ip link set eth1 netns peer
	sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	in_ns peer sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	ip addr add 10.0.0.1/24 dev eth0
	ip -n peer addr add 10.0.0.2/24 dev eth1
	ip link set eth0 mtu "$mtu" up
	ip -n peer link set eth1 mtu "$mtu" up
	ip -n peer link set lo up
	carriers
}

# carriers: wait until both ports have a link.
carriers() {
	wait_for 30 carrier eth0 || fail "eth0 has no carrier"
	wait_for 30 carrier eth1 || fail "eth1 has no carrier"
}
# on PORT CMD...: run CMD where the port is.
on() {
	local port=$1; shift
	if [ "$port" = eth0 ]; then "$@"; else in_ns peer "$@"; fi
}
carrier() { [[ $(on "$1" ip -br link show "$1") == *LOWER_UP* ]]; }


# stat64 FIELD DEV: one of rtnetlink's 64-bit counters (rx_packets, tx_bytes, ...) of a port.
stat64() {
	on "$2" ip -j -s -s link show "$2" | jq -r ".[0].stats64 | .${1%%_*}.${1#*_}"
}

# tcp_copy MEGABYTES: random bytes over TCP both ways, compared.
tcp_copy() {
	local receiver to
	head -c "${1}M" /dev/urandom >/tmp/sent
	for to in "10.0.0.2" "10.0.0.1"; do
		local listen=(in_ns peer) connect=()
		[ $to = 10.0.0.2 ] || { listen=() connect=(in_ns peer); }
		rm -f /tmp/got
		"${listen[@]}" timeout 120 nc -l -N $to 5001 >/tmp/got </dev/null &
		receiver=$!
		wait_for 20 "${listen[@]}" bash -c "ss -ltn | grep -q :5001" || fail "nc does not listen on $to"
		"${connect[@]}" timeout 120 nc -N $to 5001 </tmp/sent >/dev/null || fail "sending to $to failed"
		wait $receiver || fail "receiving on $to failed"
		cmp /tmp/sent /tmp/got || fail "what arrived at $to is not what was sent"
	done
}
