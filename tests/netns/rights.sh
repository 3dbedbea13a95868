#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Who has taken the engine over has taken nothing: no thread of it has a capability, or can get one, and what a hostile plugin tries from inside (among it
# wrong numbers and descriptors for every order, and bpf() with whatever comes to mind) is refused. And everything works: rules, reload, modes, forwarding,
# captures, an interface that goes and comes, for nobody as for root. HOSTILE_FUZZ: how often it tries.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 2
chmod 755 "$dir"
# Where not even root may lift the limit of locked memory (some containers) CAP_IPC_LOCK stays.
mine=0000000000000000
(ulimit -l unlimited) 2>/dev/null || mine=0000000000004000
keeper() { pgrep -P "$daemon"; }
# field NAME: the values that threads of the engine have, each once.
field() { sed -n "s/^$1:[[:space:]]*//p" /proc/"$daemon"/task/*/status | sort -u | paste -sd ' '; }
# nothing_held WHAT USER: by no thread.
nothing_held() {
	local set caps
	for set in CapPrm CapEff; do
		for caps in $(field $set); do
			[ "$caps" = 0000000000000000 ] || [ "$caps" = "$mine" ] || fail "$1: $set: $(field $set)"
		done
	done
	expect_eq "$1: ways to get a capability back" "$(field CapInh) $(field CapAmb) $(field CapBnd)" "0000000000000000 0000000000000000 0000000000000000"
	expect_eq "$1: no_new_privs, seccomp" "$(field NoNewPrivs) $(field Seccomp)" "1 2"
	expect_eq "$1: user" "$(field Uid | tr '\t' ' ')" "$2 $2 $2 $2"
	# Those that touch frames and clients may do less.
	expect_eq "$1: filters of the workers and the clerk" "$(grep -lxE 'rx[01]|clerk' /proc/"$daemon"/task/*/comm | sed 's/comm$/status/' | xargs sed -n 's/^Seccomp_filters:[[:space:]]*//p' | paste -sd ' ')" "2 2 2"
	# net_admin net_raw sys_ptrace sys_admin perfmon bpf
	expect_eq "$1: its keeper" "$(sed -n 's/^\(CapEff\|CapBnd\|NoNewPrivs\|Seccomp\):[[:space:]]*//p' "/proc/$(keeper)/status" | paste -sd ' ')" "000000c000283000 0000000000000000 1 2"
}

# The keeper itself executes, mounts, traces and enters nothing.
sleep infinity &
cleanup kill_now $!
expect_status 0 "$BUILD/tests/netns/keeper_sandbox" $!

# tried WHAT: what became of it.
tried() { jq -r --arg what "$1" '.report[$what]' "$dir/tried"; }
refused() { expect_eq "$1" "$(tried "$1")" "$2"; }
hostile() {
	local what
	ctl ledger --json | jq .sink >"$dir/tried"
	wait_for 60 answered || fail "the hostile plugin: $(cat "$dir/tried")"
	for what in execve fork ptrace mount setns unshare setuid kill "raw ip" "packet all" "packet dgram" "packet hears" "busy udp" "load kprobe" \
		"load tracing" "load probe_read_kernel" "load probe_read" "load trace_printk" "link lo" "link cgroup" "map prog_array" "map perf" pin \
		"command 9999" "worker open" "worker socket" "worker bpf"; do
		refused "$what" 1
	done
	refused vsock 97
	refused "busy -1" 9
	for what in "load map -1" "load map 9999" "map btf 9999"; do refused "$what" 9; done
	refused "load map stdin" 22
	for what in "load nowhere" "map at 0"; do refused "$what" 14; done
	for what in "load huge" "map of 1 MiB"; do refused "$what" 7; done
	for what in "foreign map" "foreign link"; do refused "$what" 2; done
	# The controls: what a daemon does.
	for what in "load xdp" "map array" packet; do refused "$what" ok; done
	for what in "listen again" "door again"; do refused "$what" -16; done
	for what in "knobs of lo" "knobs of none"; do refused "$what" -19; done
	refused evict -1
	for what in "listen to nothing" "pin a file" "pin outside" "no such order" "something in none"; do refused "$what" -22; done
	expect_eq "orders that were answered" "$(tried fuzzed)" "${HOSTILE_FUZZ:-300}"
}
answered() {
	ctl ledger --json | jq .sink >"$dir/tried"
	[ "$(jq .stale "$dir/tried")" = false ] && [ "$(tried "bpf fuzzed")" = "${HOSTILE_FUZZ:-300}" ] && [ "$(tried "worker open")" != none ]
}

# A map and a link that are others': the link of a second daemon on the other end.
in_ns "$rx" bpftool map create "/sys/fs/bpf/foreign$RUN_ID" type array key 4 value 4 entries 1 name foreign
cleanup rm -f "/sys/fs/bpf/foreign$RUN_ID"
foreign=$(bpftool -j map show pinned "/sys/fs/bpf/foreign$RUN_ID" | jq .id)
background "$tx" "$BUILD/afxdpd" -i "$txif" -q 0 --ring 64 --frames 64 2>"$dir/other" >/dev/null
other=$started
cleanup kill_now "$other"
wait_for 60 grep -q ': ready' "$dir/other" || fail "the other daemon: $(cat "$dir/other")"
link=$(bpftool -j link show | jq "[.[] | select(.type == \"xdp\")] | max_by(.id).id")
HOSTILE_IFINDEX=$(ip -n "$rx" -j link show dev "$rxif" | jq '.[0].ifindex')
export HOSTILE_IFINDEX
start_daemon -s "plugin:$BUILD/tests/netns/hostile_plugin.so:$foreign,$link"
nothing_held "by default" 0
kill_now "$other"
gen --count 50 >/dev/null
hostile
# It still serves.
ctl sink count
gen --count 1000 >/dev/null
wait_for 20 live_above .ledger.delivered 999 || fail "after all that: $(live .ledger)"
kill -0 "$(keeper)" || fail "the keeper is gone"
end_daemon
balanced "a hostile plugin"
no_program && no_pins || fail "something stayed"

# Everything works, for nobody.
printf 'drop udp dst port 5\ndefault capture\n' >"$dir/rules"
set_knobs 3 7000
start_daemon --user nobody -r "$dir/rules"
nothing_held "--user" 65534
[ -e "$(pins)/ledger" ] || fail "no pins"
ctl rules replace "$dir/rules" >/dev/null
kill -HUP "$daemon"
wait_for 20 daemon_says "rules read again" || fail "reload: $(cat "$dir/err")"
ctl mode busy
expect_eq "settings" "$(knobs)" "2 200000"
ctl mode adaptive
expect_eq "settings put back" "$(knobs)" "3 7000"
ip -n "$rx" link add "o$RUN_ID" type veth peer name "p$RUN_ID"
ip -n "$rx" link set "o$RUN_ID" up
ip -n "$rx" link set "p$RUN_ID" up
ctl sink "forward:o$RUN_ID"
# He who is not root may ask for a plugin; it is not his code that is run.
install -d -o 65534 "$dir/his"
install -o 65534 "$BUILD/tests/netns/stuck_plugin.so" "$dir/his/plugin.so"
install -m 755 "$BUILD/afxdpctl" "$dir/afxdpctl"
he() { in_ns "$rx" setpriv --reuid=65534 --regid=65534 --clear-groups "$dir/afxdpctl" -i "$rxif" "$@"; }
expect_status 0 he status
expect_status 1 he sink "plugin:$dir/his/plugin.so"
expect_match "his plugin" "$OUT" "$dir/his/plugin.so is not root's alone to change \(owner 65534"
install "$BUILD/tests/netns/stuck_plugin.so" "$dir/his/plugin.so"
expect_status 1 he sink "plugin:$dir/his/plugin.so"
expect_match "root's plugin in his directory" "$OUT" "$dir/his is not root's alone to change \(owner 65534"
ctl sink "pcap:$dir/his/capture"
# The interface is deleted and made again.
ip -n "$rx" link del "$rxif"
wait_for 20 daemon_says "$rxif is gone" || fail "gone: $(cat "$dir/err")"
veth_pair "$rx" "$rxif" "$tx" "$txif" 2
ready_again() { [ "$(grep -c ': ready' "$dir/err")" = 2 ]; }
wait_for 60 ready_again || fail "after the interface was made again: $(cat "$dir/err")"
nothing_held "another life" 65534
gen --count 500 >/dev/null
wait_for 20 live_above .ledger.delivered 499 || fail "after the interface was made again: $(live .ledger)"
end_daemon
balanced "--user"
expect_eq "records in the capture" "$(tcpdump -nr "$dir/his/capture" 2>/dev/null | wc -l)" "$(reported .ledger.delivered)"
no_program && no_pins || fail "something stayed"
[ -z "$(compgen -G "/run/afxdp/$netns-*")" ] || fail "the socket stayed: $(ls /run/afxdp)"

set_knobs 3 7000
# With the capabilities that the unit leaves, and no others, root can do all of it.
bound=$(sed -n 's/^CapabilityBoundingSet=//p' "$(dirname "$0")/../../packaging/afxdpd@.service.in" | tr 'A-Z ' 'a-z,' | sed 's/cap_/+/g')
: >"$dir/err"
background "$rx" setpriv --bounding-set="-all,$bound" "$BUILD/afxdpd" -i "$rxif" -m busy --user nobody --report "$dir/report" >/dev/null 2>>"$dir/err"
daemon=$started
wait_for 60 daemon_says ': ready' || fail "with the unit's capabilities: $(cat "$dir/err")"
expect_eq "settings, with the unit's capabilities" "$(knobs)" "2 200000"
[ -e "$(pins)/ledger" ] || fail "no pins, with the unit's capabilities"
end_daemon
expect_eq "settings put back" "$(knobs)" "3 7000"
