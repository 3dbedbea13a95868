#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The interface under the daemon is deleted and made again, moved away and back, renamed, taken down, given other queues, another MTU; its program is
# detached or replaced; netlink drops what it has to say. Each time the daemon says so in one line and serves it again by itself, and the ledger is that of
# all lives. First one by one, then EVENTS random ones in a row (SEED repeats them), native and generic.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 2
away=afxdp-$RUN_ID-away
netns_add "$away"
events=${EVENTS:-8} seed=${SEED:-$$}
RANDOM=$seed
echo "SEED=$seed EVENTS=$events"
name=$rxif
queues=2

# Frames all the time, also when there is nothing to send them by.
feeder() {
	while :; do
		nsenter --net="/run/netns/$tx" -- "$BUILD/afxdpgen" -i "$txif" --count 300 --flows 16 >/dev/null 2>&1 || sleep 0.02
	done
}
feed() { feeder & fed=$!; cleanup kill_now "$fed"; }
unfeed() { kill_now "$fed" 2>/dev/null || true; }

# serves WHAT: it runs, and frames come. waits STATE WHAT: it is in that state.
serves() {
	wait_for 30 live_is .state running || fail "$1: $(live '.state, .state_why'): $(tail -n 3 "$dir/err")"
	local had
	had=$(live .ledger.consumed)
	wait_for 30 live_above .ledger.consumed "$had" || fail "$1: no frame: $(live -c '.state, .ledger'): $(tail -n 3 "$dir/err")"
}
waits() { wait_for 30 live_is .state "$1" || fail "$2: it is $(live '.state, .state_why'): $(tail -n 3 "$dir/err")"; }
life_above() { [ "$(live .life)" -gt "$1" ]; }
next_life() { wait_for 30 life_above "$1" || fail "$2: still life $1: $(tail -n 3 "$dir/err")"; }
free_in() { [ "$(ip -n "$1" -j -d link show dev "$name" | jq '.[0].xdp')" = null ]; }
quit_xdp() {
	local prog
	prog=$(ip -n "$rx" -j -d link show dev "$name" | jq '.[0].xdp.prog.id')
	in_ns "$rx" bpftool link detach id "$(in_ns "$rx" bpftool -j link | jq ".[] | select(.prog_id == $prog).id")"
}

# ---- what can happen ----
deleted() {
	ip -n "$tx" link del "$txif"
	waits absent deleted
	no_pins || fail "deleted: pins stayed"
	queues=$((RANDOM % 3 + 1))
	name=$rxif
	veth_pair "$rx" "$rxif" "$tx" "$txif" $queues
}
moved() {
	ip -n "$rx" link set "$name" netns "$away"
	waits absent moved
	wait_for 10 free_in "$away" || fail "moved: our program is still attached over there"
	ip -n "$away" link set "$name" netns "$rx"
	ip -n "$rx" link set "$name" up
}
# Nobody may have seen that it was away.
moved_fast() {
	local life
	life=$(live .life)
	stop_daemon
	ip -n "$rx" link set "$name" netns "$away"
	ip -n "$away" link set "$name" netns "$rx"
	ip -n "$rx" link set "$name" up
	kill -CONT "$daemon"
	next_life "$life" "moved there and back"
}
down_up() {
	ip -n "$rx" link set "$name" down
	waits down "down"
	ip -n "$rx" link set "$name" up
}
carrier() {
	ip -n "$tx" link set "$txif" down
	ip -n "$tx" link set "$txif" up
}
renamed() {
	local to=n$RUN_ID
	[ "$name" = "$rxif" ] || to=$rxif
	ip -n "$rx" link set dev "$name" name "$to"
	name=$to
	wait_for 10 live_is .interface "$to" || fail "renamed: it is called $(live .interface)"
}
channels() {
	local life
	life=$(live .life)
	# The sockets of queues that are to go keep the kernel from taking them away: more is possible.
	[ "$queues" -lt 3 ] || return 0
	[ "$(ip -n "$rx" -j -d link show dev "$name" | jq '.[0].num_rx_queues')" -gt "$queues" ] || return 0
	in_ns "$rx" ethtool -L "$name" rx $((queues + 1)) || return 0
	queues=$((queues + 1))
	next_life "$life" "more queues"
}
mtu() {
	local life to=3000
	life=$(live .life)
	[ "$(ip -n "$rx" -j link show dev "$name" | jq '.[0].mtu')" = 1500 ] || to=1500
	ip -n "$rx" link set "$name" mtu $to
	next_life "$life" "MTU $to"
}
detached() {
	local life
	life=$(live .life)
	quit_xdp
	next_life "$life" detached
}
replaced() {
	quit_xdp
	ip -n "$rx" link set dev "$name" xdpgeneric object "$BUILD/tests/netns/foreign.bpf.o" section xdp
	waits blocked "another program"
	wait_for 10 live_is '.state_why | test("somebody_else")' true || fail "another program: $(live .state_why)"
	ip -n "$rx" link set dev "$name" xdpgeneric off
}
overrun() {
	stop_daemon
	for ((i = 0; i < 800; i++)); do echo "link set dev lo alias a$i"; done | ip -n "$rx" -batch -
	ip -n "$rx" link set "$name" down
	kill -CONT "$daemon"
	waits down "down among too many events"
	ip -n "$rx" link set "$name" up
}
all=(deleted moved moved_fast down_up carrier renamed channels mtu detached replaced overrun)

descriptors() { find "/proc/$daemon/fd" -type l | wc -l; }
few_descriptors() { [ "$(descriptors)" -le "$1" ]; }
# Without the frames: more queues and a larger MTU are more of them, 8192 a queue.
resident() {
	local frame=2
	[ "$(ip -n "$rx" -j link show dev "$name" | jq '.[0].mtu')" = 1500 ] || frame=4
	echo $(($(awk '/^VmRSS/ { print $2 }' "/proc/$daemon/status") - $(live '.queues | length') * 8192 * frame))
}
lean() { [ "$(resident)" -le 16384 ]; }

# one_daemon ARGS...: all events in turn, then $events random ones; what it holds afterwards is what it held.
one_daemon() {
	local held event i
	name=$rxif queues=2
	start_daemon --ring 8192 "$@"
	feed
	serves "$*: start"
	deleted
	serves "$*: first deletion"
	held=$(descriptors)
	for event in "${all[@]}"; do
		$event
		serves "$*: $event"
	done
	for ((i = 0; i < events; i++)); do
		event=${all[RANDOM % ${#all[@]}]}
		echo "$event" >>"$dir/events"
		$event
		serves "$*: $event (SEED=$seed: $(paste -sd ' ' "$dir/events"))"
	done
	# A queue more is two descriptors more.
	wait_for 30 few_descriptors $((held + 8)) || fail "$*: $held descriptors have become $(descriptors): $(ls -l "/proc/$daemon/fd")"
	# An earlier life's frames go when the last of them is home.
	wait_for 30 lean || fail "$*: $(resident) KiB beside the frames"
	unfeed
	[ "$name" = "$rxif" ] || renamed
	expect_eq "$*: outages and lives" "$(live '.outage_count >= .life - 1 and (.outages | length) >= 5 and all(.outages[]; .to != null and .why != "")')" true
	end_daemon
	balanced "$*"
	no_program || fail "$*: a program stayed"
	no_pins || fail "$*: pins stayed"
	! grep -q 'Sanitizer\|runtime error' "$dir/err" || fail "sanitizer: $(grep -v '^afxdpd: ' "$dir/err")"
	ip -n "$tx" link del "$txif"
	veth_pair "$rx" "$rxif" "$tx" "$txif" 2
}

one_daemon -s count
one_daemon -s "pcap:$dir/pcap" -a generic -m interrupt

# ---- not there yet, and there too early ----
ip -n "$tx" link del "$txif"
expect_status 3 in_ns "$rx" "$BUILD/afxdpd" -i "$rxif"
launch_daemon --wait -s "pcap:$dir/pcap" -f udp
wait_for 30 daemon_says "is not there: waiting for it" || fail "--wait: $(cat "$dir/err")"
waits absent "--wait"
expect_eq "absent: nothing received" "$(live '.ledger.received, .attach' | paste -sd ' ')" "0 none"
# Rules and sinks can be changed meanwhile.
echo 'drop udp dst port 1
default capture' >"$dir/rules"
ctl rules replace "$dir/rules" >/dev/null
ctl sink count >/dev/null
veth_pair "$rx" "$rxif" "$tx" "$txif" 2
waits running "--wait"
feed
serves "--wait"
expect_eq "rules of before" "$(ctl --json rules show | jq -r '.rules[0].text')" "drop udp dst port 1"
unfeed
end_daemon
balanced "--wait"

# ---- what a forward sink sends by goes, and comes back ----
target() {
	ip link add "fw$RUN_ID" netns "$rx" type veth peer name "fx$RUN_ID" netns "$tx"
	ip -n "$rx" link set "fw$RUN_ID" up
	ip -n "$tx" link set "fx$RUN_ID" up
}
delivers() {
	local had
	had=$(live .ledger.delivered)
	wait_for 30 live_above .ledger.delivered "$had" || fail "$1: nothing is sent: $(live -c '.state, .state_why, .sink'): $(tail -n 3 "$dir/err")"
}
target
start_daemon -s "forward:fw$RUN_ID"
feed
delivers "forward"
ip -n "$rx" link set "fw$RUN_ID" down
wait_for 30 live_above .sink.no_target 0 || fail "a target that is down: $(live -c .sink)"
ip -n "$rx" link set "fw$RUN_ID" up
delivers "a target that is up again"
ip -n "$rx" link del "fw$RUN_ID"
had=$(live .sink.no_target)
wait_for 30 live_above .sink.no_target "$had" || fail "a target that is gone: $(live -c .sink)"
target
delivers "a target that is back"
# Another sink while it is down, with frames in its ring.
ip -n "$rx" link set "fw$RUN_ID" down
ctl sink count >/dev/null
wait_for 30 live_is '.sink.name + " " + .last_change.outcome' "count done" || fail "the sink does not change: $(live -c '.sink, .last_change')"
ctl sink drop >/dev/null || fail "the sink cannot be changed any more: $(live -c .last_change)"
serves "after a forward"
unfeed
end_daemon
balanced "forward"

# ---- by any of its names ----
alt=another-name-longer-than-fifteen-characters-$RUN_ID
ip -n "$rx" link property add dev "$rxif" altname "$alt"
ip -n "$rx" link set "$rxif" name "e$RUN_ID.100"
background "$rx" "$BUILD/afxdpd" -i "$alt" >"$dir/out" 2>"$dir/err"
daemon=$started
wait_for 300 ready_or_gone || true
daemon_says ': ready' || fail "an alternative name: $(cat "$dir/err")"
for name in "$alt" "e$RUN_ID.100"; do
	expect_eq "asked for as $name" "$(in_ns "$rx" "$BUILD/afxdpctl" -i "$name" --json status | jq -r '.state + " " + .interface')" "running e$RUN_ID.100"
done
end_daemon
