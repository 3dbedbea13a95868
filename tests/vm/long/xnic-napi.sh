#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic: who polls a port from an AF_XDP socket goes on doing so, whatever is done to the port: MTU, rings, channels, down and up, a reset, pools.
# Its polls are counted; the NAPIs keep their ids. Where a kernel can set a NAPI (6.13 and later), what was set stays. xnic-newest-more.sh runs it: 6.12 marks a
# socket with its NAPI only when it sends or a frame comes.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../../xnic/lib.sh"
xnic_faults_guest --timeout 600 --allow 'NETDEV WATCHDOG' --allow 'transmitter stuck'

napi=$BUILD/tests/xnic/napi busy=$BUILD/tests/xnic/busy zc=$BUILD/tests/xnic/zc
CALLS=300

# busy_begin MODE: a socket on queue 0 that polls when told; $ID is the NAPI that it is marked with.
busy_begin() {
	rm -f /tmp/calls
	mkfifo /tmp/calls
	: >/tmp/answers
	"$busy" eth0 0 "$1" </tmp/calls >/tmp/answers &
	BUSY=$!
	exec 7>/tmp/calls
	wait_for 60 grep -q '^ready' /tmp/answers || fail "no socket in $1 mode"
	ID=$(awk '$1 == "ready" { print $2 }' /tmp/answers)
}
busy_end() {
	exec 7>&-
	wait "$BUSY" || fail "the socket's process died"
}
answered() { [ "$(grep -c '^done' /tmp/answers)" = "$1" ]; }
# polls_counted AFTER-WHAT: CALLS system calls are as many polls. One more or less is an interrupt's or the tick's; a lost id is none.
polls_counted() {
	local before asked polls
	asked=$(($(grep -c '^done' /tmp/answers || true) + 1))
	before=$(counters rx0_polls eth0)
	echo $CALLS >&7
	wait_for 60 answered $asked || fail "$1: the socket does not answer"
	polls=$(($(counters rx0_polls eth0) - before))
	say "$1: $CALLS calls, $polls polls"
	[ $polls -ge $((CALLS * 9 / 10)) ] || fail "$1: $CALLS calls of a busy-polling socket were $polls polls"
}
ids() { "$napi" get eth0 | jq -r .id | sort -n | xargs; }

# The watchdog looks at queues that are full, so it is sent to until there is a reset: how many bytes fit after a restart depends on how many have been sent ever
# before (dql_reset() leaves adj_limit as it is). And the neighbour, which does not answer, must not be given up meanwhile.
reset_port() {
	local resets
	resets=$(counters resets eth0)
	ip neigh replace 10.0.0.2 lladdr "$PEER_MAC" dev eth0 nud permanent
	echo 1 >/sys/kernel/debug/xnic/0000:01:00.0/faults/freeze_tx
	wait_for 60 reset_while_sending "$resets" || fail "the port was not reset: $(ethtool -S eth0 | grep -E 'tx_timeouts|resets' | xargs), $(grep . /sys/class/net/eth0/queues/tx-*/byte_queue_limits/{limit,inflight} | sed 's/.*queues.//' | xargs)"
	ip neigh del 10.0.0.2 dev eth0
}
reset_while_sending() {
	ping -q -f -s 1400 -w 1 10.0.0.2 >/dev/null 2>&1 || true
	reset_since "$1"
}
reset_since() { [ "$(counters resets eth0)" -gt "$1" ]; }
down_up() {
	ip link set eth0 down
	ip link set eth0 up
}
# change WHAT: do it, and undo it.
change() {
	case $1 in
	mtu) ip link set eth0 mtu 1400 && ip link set eth0 mtu 1500 ;;
	rings) ethtool -G eth0 rx 256 tx 256 && ethtool -G eth0 rx 512 tx 512 ;;
	channels) ethtool -L eth0 combined 1 && ethtool -L eth0 combined 2 ;;
	"down and up") down_up ;;
	reset) reset_port ;;
	pool) "$zc" open eth0 zerocopy ;;
	esac
	wait_for 60 carrier eth0 || fail "no carrier after $1"
}
# The settings that a kernel can keep for a NAPI, and the thread that comes of one.
settings() { "$napi" get eth0 | jq -c "select(.id == $1) | {defer, flush, threaded}"; }
thread_of() { "$napi" get eth0 | jq "select(.id == $1) | .pid"; }

xnic_load
xnic_ports
steer_load
PEER_MAC=$(mac_of eth1)
IDS=$(ids)
[ "$(wc -w <<<"$IDS")" = 2 ] || fail "NAPIs: $("$napi" get eth0)"

for mode in zerocopy copy; do
	busy_begin $mode
	[[ " $IDS " == *" $ID "* ]] || fail "$mode: the socket is marked with NAPI $ID, the port has $IDS"
	polls_counted "$mode, before any change"
	for what in mtu rings channels "down and up" reset; do
		change "$what"
		polls_counted "$mode, after $what"
		expect_eq "the NAPIs after $what" "$(ids)" "$IDS"
	done
	busy_end
done

ID=${IDS% *}
if "$napi" set "$ID" defer 3 flush 20000 threaded 1 2>/dev/null; then
	want='{"defer":3,"flush":20000,"threaded":1}'
	expect_eq "what was set" "$(settings "$ID")" "$want"
	for what in mtu rings channels "down and up" reset pool; do
		change "$what"
		expect_eq "the NAPI's settings after $what" "$(settings "$ID")" "$want"
		[ -d "/proc/$(thread_of "$ID")" ] || fail "no thread polls NAPI $ID after $what"
		ping -q -c 3 -i 0.1 -W 5 10.0.0.2 | grep -q " 0% packet loss" || fail "threaded, after $what: ping lost packets"
	done
	"$napi" set "$ID" threaded 0
else
	say "this kernel cannot set a NAPI"
	change pool
fi

# threads 0|1: what the port's NAPIs are to do from now on. Linux 6.17 to 7.3 wait, with the device's lock, for a disabled NAPI that has had a thread.
threads() {
	echo "$1" >/sys/class/net/eth0/threaded &
	wait_for 30 gone $! || fail "switching threads to $1 $2 never ends"
}
gone() { [ ! -d "/proc/$1" ]; }
threads 1 "on two pairs"
ethtool -L eth0 combined 1
threads 0 "on one pair, after two"
ethtool -L eth0 combined 2
threads 1 "on two pairs again"
ip link set eth0 down
(echo 0 >/sys/class/net/eth0/threaded) 2>/dev/null & # may be refused
wait_for 30 gone $! || fail "switching threads off while the port is down never ends"
ip link set eth0 up
for ((i = 0; i < 20; i++)); do
	threads $((i % 2)) "between changes"
	ethtool -G eth0 rx $((256 + i % 2 * 256)) &
	change=$!
	threads $(((i + 1) % 2)) "during a change of rings"
	wait $change
done
threads 0 "at the end"
carriers
ping -q -c 3 -i 0.1 -W 5 10.0.0.2 | grep -q " 0% packet loss" || fail "after threads on and off: ping lost packets"
expect_eq "the NAPIs at the end" "$(ids)" "$IDS"
xnic_unload
