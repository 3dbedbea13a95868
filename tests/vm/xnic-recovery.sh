#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic: PCI errors, injected by the kernel's own aer_inject, and resets by hand. Recoveries that succeed under traffic, with a program and an AF_XDP
# socket; where reads give ones meanwhile; that fail, in every way that can be had here. Afterwards nothing hangs: neither what is asked of the port
# nor anybody who wants rtnl; the port is back, or comes back by a reset, a rescan, a bind. STORM=N: then N seconds of errors while ports go up and
# down and sockets come and go.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
if [ -z "${XNIC_KO:-}" ]; then
	export XNIC_KO=$BUILD/faults/kmod/xnic.ko
	make_here B=build/faults XNIC_FAULTS=1 kmod || fail "the driver with fault knobs does not build"
fi
# QEMU's root ports say that they wait for the link after a reset, and have none: the kernel takes that for a failure. Not so at the speed of PCIe
# 2.0, where it only looks whether the card answers. So port 0 can be reset, port 2 cannot.
xnic_guest --timeout $((600 + 3 * ${STORM:-0})) --nics 3 --set port0.x-speed=5

zc=$BUILD/tests/xnic/zc
knobs=/sys/kernel/debug/xnic/0000:01:00.0/faults
knob() { echo "$2" >"$knobs/$1"; }
# recoveries WORD: how many the kernel has called so.
recoveries() { dmesg | grep -c "AER: device recovery $1" || true; }
# error N KIND WORD: inject one, and see that the kernel's recovery ends so: successful, or failed.
error() {
	local before
	before=$(recoveries "$3")
	aer "$1" "$2"
	wait_for 120 more_recoveries "$3" "$before" || fail "no $3 recovery from a $2 error of card $1: $(dmesg | tail -n 20)"
}
more_recoveries() { [ "$(recoveries "$1")" -gt "$2" ]; }

# returns CMD...: CMD ends, whatever it says, which is in $OUT; its status in $STATUS.
returns() {
	rm -f /tmp/returned
	{ STATUS=0; "$@" >/tmp/said 2>&1 || STATUS=$?; echo $STATUS >/tmp/returned; } &
	wait_for 60 test -s /tmp/returned || fail "'$*' does not return: $(tail -n 5 /sys/kernel/debug/xnic/*/control)"
	wait $!
	STATUS=$(cat /tmp/returned) OUT=$(cat /tmp/said)
}
# rtnl_free: anybody else gets rtnl.
rtnl_free() {
	returns ip link add probe type dummy
	expect_eq "ip link add (it said: $OUT)" "$STATUS" 0
	ip link del probe
}
# works: what eth0 can be asked for.
works() {
	carriers
	wait_for 60 ping -q -c 1 -W 1 10.0.0.2 || fail "no ping $1"
	ping -q -c 10 -i 0.02 -W 5 10.0.0.2 | grep -q " 0% packet loss" || fail "ping lost frames $1"
}
# works2: eth2 has no peer. Frames through its MAC, interrupts, registers.
works2() {
	ip link set eth2 up
	wait_for 120 carrier eth2 || fail "eth2 has no carrier $1"
	OUT=$(ethtool -t eth2 offline 2>&1) || fail "eth2 fails its self test $1: $OUT"
}
# found2 HOW: card 2 has a port again, under its old name. (eth1 is free here: that one is in another namespace.)
found2() {
	local name
	wait_for 60 test -d "$(card 2)/net" || fail "the card was not found $1"
	name=$(ls "$(card 2)/net")
	[ "$name" = eth2 ] || ip link set "$name" name eth2
	works2 "after a failed recovery, $1"
}
state() { awk '$1 == "domain" { print $4 }' "/sys/kernel/debug/xnic/$(basename "$(card "$1")")/control"; }

modprobe aer_inject 2>/dev/null || skip "this kernel has no module aer_inject (CONFIG_PCIEAER_INJECT)"
[ -e "$(card 0)/aer_dev_fatal" ] || skip "this kernel finds no AER in the cards: without CONFIG_PCI_MMCONFIG it cannot reach their extended configuration space"
modprobe -a dummy pktgen
xnic_load
xnic_ports
works2 "at the beginning"
ethtool -G eth0 rx 256 tx 128

# ---- recoveries that succeed, under a flood, with a program and a zero-copy socket ----

# Frames of a flood come to a socket on queue 0: the device, the program and the pool do what they did.
socket_receives() { before=$(counters 'rx[01]_xdp_redirect' eth0); wait_for 60 more_redirects || fail "the socket gets nothing $1"; }
more_redirects() { [ "$(counters 'rx[01]_xdp_redirect' eth0)" -gt $((before + 1000)) ]; }
steer_load
steer_attach a
"$zc" receive eth0 zerocopy >/tmp/zc &
holder=$!
flood_begin 60 64 20000
socket_receives "at the beginning"
error 0 nonfatal successful
socket_receives "after a non-fatal error"
error 0 fatal successful
socket_receives "after a fatal error"
knob lost_at_error 1
knob back_at_reset 1
error 0 fatal successful
expect_eq "lost_at_error, back_at_reset, fail_read" "$(cat $knobs/{lost_at_error,back_at_reset,fail_read} | xargs)" "0 0 0"
socket_receives "after an error during which reads gave ones"
# The device is found not to answer before the kernel hears of the error.
knob fail_read 1000000000
knob back_at_reset 1
is_gone() { [ "$(state 0)" = gone ]; }
wait_for 60 is_gone || fail "nobody noticed that the card does not answer"
error 0 fatal successful
socket_receives "after an error that the driver noticed first"
for method in $(cat "$(card 0)/reset_method"); do
	echo "$method" >"$(card 0)/reset_method"
	returns bash -c "echo 1 >$(card 0)/reset"
	expect_eq "reset by '$method' (it said: $OUT)" "$STATUS" 0
	socket_receives "after a reset by '$method'"
done
flood_end
kill -TERM $holder
wait $holder || fail "the socket did not end well: $(cat /tmp/zc)"
xdp_detach
works "after five recoveries and the resets"
expect_eq "rings" "$(ethtool -g eth0 | awk '/^(RX|TX):/ { n[$1] = $2 } END { print n["RX:"], n["TX:"] }')" "256 128"

# Not open when it happens; closed while it happens.
ip link set eth0 down
error 0 fatal successful
ip link set eth0 up
works "after an error while it was down"

# ---- recoveries that fail: the driver's own verdict ----

knob lost_at_error 1
error 0 fatal failed
rtnl_free
dmesg | grep -q "xnic.*no answer from the device after its slot was reset" || fail "the port does not say why it did not come back"
returns ip link set eth0 down
returns ip link set eth0 up
expect_match "ip link set up" "$STATUS $OUT" "^[1-9].*No such device"
knob back_at_reset 1
returns bash -c "echo 1 >$(card 0)/reset"
ip link set eth0 up
works "after a failed recovery, and a reset by hand"

# ---- recoveries that fail: the kernel's. It tells the driver nothing more ----

# dead2: card 2's slot cannot be reset; whatever is asked of the port returns, and others get rtnl.
dead2() {
	error 2 fatal failed
	rtnl_free
	expect_eq "state" "$(state 2)" asleep
}
dead2
dmesg | grep -q "xnic.* eth2: fatal PCI error, stopped until" || fail "the port does not say why it stopped"
for command in "ethtool -S eth2" "ethtool -G eth2 rx 64" "ethtool -L eth2 combined 1" "ethtool -t eth2 online" "ethtool -r eth2" "ip -s link show eth2" \
	"ip link set eth2 mtu 1400" "ip link set eth2 promisc on" "ip link set eth2 promisc off" "ip link set eth2 xdp obj build/tests/xnic/accept.bpf.o sec xdp" \
	"ip link set eth2 xdp off" "$zc open eth2 zerocopy" "$zc open eth2 copy" "ip link set eth2 down" "$zc open eth2 zerocopy"; do
	# shellcheck disable=SC2086
	returns $command
	rtnl_free
done
returns ip link set eth2 up
expect_match "ip link set up" "$STATUS $OUT" "^[1-9].*No such device"
# Another one on top; then a non-fatal one, which needs no reset.
dead2
error 2 nonfatal successful
works2 "after a recovery that succeeded after two that failed"
dead2
returns bash -c "echo 1 >$(card 2)/reset"
works2 "after a failed recovery, and a reset by hand"
ip link set eth2 down # (so nothing is closed on the way out)
dead2
returns bash -c "echo 0000:03:00.0 >/sys/bus/pci/drivers/xnic/unbind"
rtnl_free
echo 0000:03:00.0 >/sys/bus/pci/drivers/xnic/bind
found2 "unbound and bound"
dead2
returns bash -c "echo 1 >$(card 2)/remove"
rtnl_free
echo 1 >/sys/bus/pci/rescan
found2 "removed and found by a rescan"
dead2
vm-qmp device_del '{"id":"nic2"}' >/dev/null
wait_for 60 test ! -e "$(card 2)" || fail "the card cannot be pulled: $(state 2)"
rtnl_free
vm-qmp device_add '{"driver":"e1000e","id":"nic2","bus":"port2","netdev":"wire2","mac":"52:54:00:af:0d:03","romfile":""}' >/dev/null
found2 "pulled and put back"

# ---- the storm ----

more() { [ $SECONDS -lt $end ]; }
try() { "$@" >/dev/null 2>&1 || true; }
pick() { local n=$((RANDOM % $# + 1)); echo "${!n}"; }
errors() {
	while more; do
		knob lost_at_error $((RANDOM % 2))
		knob back_at_reset 1
		try aer "$1" "$(pick fatal nonfatal)"
		sleep 0.$((RANDOM % 10))
	done
}
resets() { while more; do try bash -c "echo 1 >$(card "$1")/reset"; sleep 0.$((RANDOM % 10)); done; }
up_and_down() { while more; do try ip link set "$1" down; try ip link set "$1" up; sleep 0.$((RANDOM % 5)); done; }
sockets() { while more; do try timeout 20 "$zc" open "$1" "$(pick zerocopy copy)"; done; }
shapes() { while more; do try ethtool -G "$1" rx "$(pick 64 256 4096)"; try ethtool -L "$1" combined "$(pick 1 2)"; try ethtool -S "$1"; try ethtool -t "$1" offline; done; }
programs() { while more; do try ip link set "$1" xdp obj build/tests/xnic/accept.bpf.o sec xdp; try ip link set "$1" xdp off; done; }
if [ "${STORM:-0}" -gt 0 ]; then
	end=$((SECONDS + STORM)) jobs=()
	for port in 0 2; do
		for job in "errors $port" "up_and_down eth$port" "sockets eth$port" "shapes eth$port" "programs eth$port"; do $job & jobs+=($!); done
	done
	resets 0 &
	jobs+=($!)
	for job in "${jobs[@]}"; do wait "$job" || fail "something died in the storm"; done
	rtnl_free
	for port in 0 2; do
		[ ! -e $knobs/fail_read ] || knob fail_read 0
		returns bash -c "echo 1 >$(card $port)/reset"
		try ip link set eth$port xdp off
		try ethtool -L eth$port combined 2
		ip link set eth$port down
		ip addr replace 10.0.0.1/24 dev eth0
	done
	ip link set eth0 up
	works "after the storm"
	works2 "after the storm"
fi

# Unloaded while it is dead.
dead2
returns rmmod xnic
expect_eq "rmmod (it said: $OUT)" "$STATUS" 0
rtnl_free
wait_for 60 pools_empty || fail "pages never came back to their pool: $(grep page_pool_release $POOLS/trace | tail -n 5)"
xnic_load
works2 "after the module was unloaded with the card dead"
# The machine's end with a dead card comes after this: shutdown must return as well.
dead2
expect_eq "warnings of the kernel" "$(dmesg | grep -c 'disabling already-disabled' || true)" 0
