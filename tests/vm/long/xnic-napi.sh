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

reset_port() {
	local resets
	resets=$(counters resets eth0)
	echo 1 >/sys/kernel/debug/xnic/0000:01:00.0/faults/freeze_tx
	ping -q -c 20 -i 0.1 -W 1 10.0.0.2 >/dev/null 2>&1 || true
	wait_for 60 reset_since "$resets" || fail "the port was not reset"
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
expect_eq "the NAPIs at the end" "$(ids)" "$IDS"
xnic_unload
