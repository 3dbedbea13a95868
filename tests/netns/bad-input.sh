#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Whatever is wrong with what afxdpd is told ends in its exit status (2: the user's mistake, 3: cannot be had here, 1: went wrong while running) and one line
# that quotes it, with nothing attached and no setting changed.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 2
set_knobs 3 7000

# untouched WHAT: the interface is as it was.
untouched() {
	no_program || fail "$1: a program is attached"
	expect_eq "$1: settings" "$(knobs)" "3 7000"
	no_pins || fail "$1: pins stayed"
}
# one_line WHAT TEXT: that is all it said, and it has TEXT.
one_line() {
	expect_eq "$1: lines ($(cat "$dir/err"))" "$(wc -l <"$dir/err")" 1
	grep -qF -- "$2" "$dir/err" || fail "$1: '$2' is not in: $(cat "$dir/err")"
}
# run ARGS...: afxdpd as it is, in $rx. bad STATUS TEXT ARGS...: is refused so.
run() { in_ns "$rx" "${as[@]}" timeout 30 "$BUILD/afxdpd" "$@" >"$dir/out" 2>"$dir/err"; }
as=()
bad() {
	local want=$1 text=$2 got=0
	shift 2
	run "$@" || got=$?
	expect_eq "afxdpd $*: exit status ($(cat "$dir/err"))" "$got" "$want"
	one_line "afxdpd $*" "$text"
	expect_eq "afxdpd $*: standard output" "$(cat "$dir/out")" ""
}
# mistake STATUS TEXT ARGS...: the same with a good interface. wrong STATUS TEXT ARGS...: and it stays untouched.
mistake() { bad "$1" "$2" -i "$rxif" "${@:3}"; }
wrong() {
	mistake "$@"
	untouched "afxdpd ${*:3}"
}

# ---- options ----
bad 2 "-i IFACE"
bad 3 "'sixteen-letters-'" -i sixteen-letters-
bad 3 "'nosuch0'" -i nosuch0
bad 3 "'../../etc'" -i ../../etc
bad 3 "its name is '$rxif'" -i "$rxif@if2"
ip -n "$rx" tuntap add "tu$RUN_ID" mode tun
bad 3 "tu$RUN_ID is no Ethernet device" -i "tu$RUN_ID"
ip -n "$rx" link del "tu$RUN_ID"
mistake 2 "'--turbo'" --turbo
mistake 2 "'rx1'" rx1
mistake 2 "queue 2" -q 2
mistake 2 "queue 2" -q 0-5
mistake 2 "'x'" -q x
mistake 2 "'1-0'" -q 1-0
mistake 2 "'turbo'" -m turbo
mistake 2 "'nowhere'" -s nowhere
mistake 2 "'pcap'" -s pcap
mistake 2 "'count:3'" -s count:3
mistake 2 "'turbo'" -a turbo
mistake 2 "'maybe'" -z maybe
mistake 2 "'1000'" --ring 1000
mistake 2 "'0'" --ring 0
mistake 2 "'0'" --batch 0
mistake 2 "'257'" --batch 257
mistake 2 "'1000'" --frame-size 1000
mistake 2 "'1000'" --frames 1000
mistake 2 "--frames 64 is less than --ring 128" --frames 64 --ring 128
mistake 2 "'3'" --stamp 3
mistake 2 "'0'" --count 0
mistake 2 "'-1'" --duration -1
mistake 2 "'0'" --interval 0
mistake 2 "'all'" --cpus all
mistake 2 "CPU 1023" --cpus 1023
mistake 2 "'nobody-at-all'" --user nobody-at-all
mistake 2 "'127.0.0.1'" --metrics 127.0.0.1
mistake 2 "'127.0.0.1:99999'" --metrics 127.0.0.1:99999
mistake 2 "'not an address:9100'" --metrics "not an address:9100"
mistake 2 "'192.0.2.1:9100'" --metrics 192.0.2.1:9100
mistake 2 "'tur?bo'" -m $'tur\nbo'
mistake 2 "'tur?[31mbo'" -m $'tur\e[31mbo'
untouched "wrong options"

# ---- files ----
wrong 2 "'/nonexistent/report'" --report /nonexistent/report
wrong 2 "'$dir'" --report "$dir"
wrong 2 "/nonexistent/x.pcap" -s pcap:/nonexistent/x.pcap
wrong 2 "$dir" -s "pcap:$dir"
wrong 2 "'/nonexistent/socket'" --control /nonexistent/socket
: >"$dir/file"
wrong 2 "'$dir/file'" --control "$dir/file"
[ -f "$dir/file" ] || fail "--control removed a file that is no socket"
wrong 2 "'/nonexistent/config'" -c /nonexistent/config
printf 'mode spin\n\nring 1000\n' >"$dir/config"
wrong 2 "$dir/config:3: --ring '1000'" -c "$dir/config"
wrong 2 "/nonexistent/rules" -r /nonexistent/rules
wrong 2 "$dir" -r "$dir"
printf '# one\ndrop udp\nfrobnicate tcp\n' >"$dir/rules"
wrong 2 "$dir/rules:3: " -r "$dir/rules"
printf 'drop udp dst port nonsense-port\n' >"$dir/rules"
wrong 2 "$dir/rules:1: " -r "$dir/rules"
wrong 2 "udp and and" -f "udp and and"
wrong 2 "'udp'" -f udp -r "$dir/rules"

# A report that cannot be written at the end: the work was done, and it says so.
got=0
run -i "$rxif" --report /dev/full --duration 0.1 || got=$?
expect_eq "full disk: exit status" "$got" 1
expect_match "full disk" "$(tail -n 1 "$dir/err")" "'/dev/full'"
grep -q unexplained "$dir/out" || fail "full disk: no ledger"
untouched "full disk"

# --check looks at all of this without touching anything, also the things that would only turn out later.
for args in "-i $rxif -s nowhere" "-i $rxif --user nobody-at-all" "-r $dir/rules" "-m turbo"; do
	# shellcheck disable=SC2086
	bad 2 "$(printf '%s' "${args##* }" | sed 's/.*:\([^:]*\)$/\1/')" $args --check
done
bad 3 "'nosuch0'" -i nosuch0 --check

# ---- what cannot be had here ----
wrong 3 "-z on" -z on
bad 3 "native" -i lo -a native
# In the kernel's own words: fewer receive queues here than the other end of a veth pair sends by.
ip -n "$rx" link add "few$RUN_ID" numrxqueues 1 numtxqueues 1 type veth peer name "many$RUN_ID" numrxqueues 4 numtxqueues 4
ip -n "$rx" link set "few$RUN_ID" up
ip -n "$rx" link set "many$RUN_ID" up
bad 3 "XDP expects number of rx queues not less than peer tx queues" -i "few$RUN_ID" -a native
in_ns "$rx" timeout 30 "$BUILD/afxdpd" -i "few$RUN_ID" --duration 0.1 >/dev/null 2>"$dir/err" || fail "generic: $(cat "$dir/err")"
daemon_says "no native XDP: veth: XDP expects number of rx queues not less than peer tx queues: running in generic mode" || fail "why generic: $(cat "$dir/err")"
ip -n "$rx" link del "few$RUN_ID"
# (The checkout may be where only root gets in.)
chmod 755 "$dir"
install -m 755 "$BUILD/afxdpd" "$dir/afxdpd"
as=(setpriv --reuid 65534 --regid 65534 --clear-groups)
BUILD=$dir bad 3 "root" -i "$rxif"
as=()

ip -n "$rx" link set dev "$rxif" xdp object "$BUILD/tests/netns/foreign.bpf.o" section xdp
bad 3 "somebody_else" -i "$rxif"
bad 3 "--replace" -i "$rxif" -a generic
program_is somebody_else || fail "somebody else's program is gone"
start_daemon --replace
gen --count 1000 >/dev/null
wait_for 10 live_is .ledger.consumed 1000 || fail "--replace: $(live .ledger.consumed) consumed"
end_daemon
untouched "after --replace"

ip -n "$rx" link set dev "$rxif" xdpgeneric object "$BUILD/tests/netns/foreign.bpf.o" section xdp
bad 3 "somebody_else" -i "$rxif"
start_daemon --replace
end_daemon
untouched "after --replace of a generic one"

start_daemon
for args in "" "-q 1" "--replace" "-m busy"; do
	# shellcheck disable=SC2086
	bad 3 "$rxif" -i "$rxif" $args
	expect_eq "second afxdpd $args: settings" "$(knobs)" "3 7000"
done
gen --count 1000 >/dev/null
wait_for 10 live_is .ledger.consumed 1000 || fail "the first afxdpd was disturbed by the second"
end_daemon
balanced "the first afxdpd"
untouched "the first afxdpd"

background "$rx" "$BUILD/tests/netns/hold" "$rxif" 1 >"$dir/hold"
hold=$started
wait_for 10 grep -q holding "$dir/hold" || fail "no foreign socket"
wrong 3 "queue 1"
start_daemon -q 0
end_daemon
kill_now "$hold"

# ---- an interface that comes and goes ----
ip -n "$rx" link set "$rxif" down
launch_daemon
wait_for 10 daemon_says "is down: waiting" || fail "down: it does not say so: $(cat "$dir/err")"
! daemon_says ': ready' || fail "down: ready"
untouched "waiting for the interface"
ip -n "$rx" link set "$rxif" up
wait_for 10 daemon_says ': ready' || fail "up again: not ready: $(cat "$dir/err")"
gen --count 1000 >/dev/null
wait_for 10 live_is .ledger.consumed 1000 || fail "up again: $(live .ledger.consumed) consumed"
# Down and up in the middle of the work.
ip -n "$rx" link set "$rxif" down
wait_for 10 daemon_says "went down" || fail "it does not say that the interface went down"
ip -n "$rx" link set "$rxif" up
wait_for 10 daemon_says "is up again" || fail "it does not say that the interface is up again"
gen --count 1000 >/dev/null
wait_for 10 live_is .ledger.consumed 2000 || fail "after down and up: $(live .ledger.consumed) consumed"
end_daemon
balanced "down and up"

# Waiting can be ended, and times out.
ip -n "$rx" link set "$rxif" down
launch_daemon
wait_for 10 daemon_says "is down: waiting" || fail "down: it does not say so"
end_daemon
launch_daemon --duration 0.2
ended_daemon 3
expect_match "still down" "$(cat "$dir/err")" "$rxif is down: --duration 0.2 is over"
ip -n "$rx" link set "$rxif" up

# vanish WHAT ARGS...: remove the interface under the daemon. One line that names it; and when it is there again, frames as before.
vanish() {
	local what=$1
	shift
	start_daemon "$@"
	gen --count 1000 >/dev/null
	wait_for 10 live_is .ledger.consumed 1000 || fail "$what: $(live .ledger.consumed) consumed"
	: >"$dir/err"
	ip -n "$tx" link del "$txif"
	wait_for 10 live_is .state absent || fail "$what: it is $(live .state)"
	# An interface goes down before it goes.
	sed -i '/went down/d' "$dir/err"
	one_line "$what" "$rxif is gone: waiting for it"
	no_pins || fail "$what: pins stayed"
	veth_pair "$rx" "$rxif" "$tx" "$txif" 2
	wait_for 10 live_is .state running || fail "$what: it does not come back: $(cat "$dir/err")"
	gen --count 1000 >/dev/null
	wait_for 10 live_is .ledger.consumed 2000 || fail "$what: $(live .ledger.consumed) consumed after it was back"
	end_daemon
	balanced "$what"
	grep -q unexplained "$dir/out" || fail "$what: no table"
	set_knobs 3 7000
}
for mode in interrupt busy spin adaptive; do vanish "vanished, mode $mode" -m $mode; done
ip -n "$rx" link set "$rxif" down
launch_daemon
wait_for 10 daemon_says "is down: waiting" || fail "down: it does not say so"
: >"$dir/err"
ip -n "$tx" link del "$txif"
ended_daemon 1
one_line "vanished while waiting" "$rxif is gone"
