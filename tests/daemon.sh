# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For tests of afxdpd: two namespaces joined by a veth pair, a daemon on one end, a generator on the other. Source it after tests/lib.sh.

dir=$(mktemp -d)
cleanup rm -rf "$dir"
rx=afxdp-$RUN_ID-rx tx=afxdp-$RUN_ID-tx
# Links to pins are named after the interface, whatever its namespace.
rxif=rx$RUN_ID txif=tx$RUN_ID
# One sender on each CPU feeds every queue.
cpus=0
# shellcheck disable=SC2034 # for the tests
[ "$(nproc)" -lt 2 ] || cpus=0,1
daemon=

# two_ends [QUEUES]: $rxif in $rx, $txif in $tx.
two_ends() {
	need_root
	bpffs
	netns_add "$rx"
	netns_add "$tx"
	veth_pair "$rx" "$rxif" "$tx" "$txif" "${1:-2}"
	netns=$(in_ns "$rx" stat -Lc %i /proc/self/ns/net)
	# Where killed daemons of ours leave something.
	cleanup sh -c "rm -rf /sys/fs/bpf/afxdp/$rxif /sys/fs/bpf/afxdp/$netns-* /run/afxdp/$netns-*"
	cleanup end_daemon
}

# start_daemon ARGS...: afxdpd on $rxif, until it is ready; its report will be in $dir/report, what it says in $dir/out and $dir/err.
start_daemon() {
	launch_daemon "$@"
	# Until it says so or has ended, however slow the machine is.
	wait_for 300 ready_or_gone || true
	daemon_says ': ready' || fail "afxdpd $*: not ready: $(cat "$dir/err")"
}
launch_daemon() {
	rm -f "$dir/report"
	: >"$dir/err"
	background "$rx" "${AFXDPD:-$BUILD/afxdpd}" -i "$rxif" --report "$dir/report" "$@" >"$dir/out" 2>>"$dir/err"
	daemon=$started
}
ready_or_gone() { daemon_says ': ready' || gone "$daemon"; }
daemon_says() { grep -q -- "$1" "$dir/err"; }

# end_daemon: as a user would, by SIGINT; it must end well. Does nothing if none runs.
end_daemon() {
	[ -n "$daemon" ] || return 0
	kill -INT "$daemon" 2>/dev/null || true
	ended_daemon 0
}
# ended_daemon STATUS: it ends by itself, with STATUS.
ended_daemon() {
	local status=0 pid=$daemon
	wait_for 120 gone "$pid" || { kill -KILL "$pid"; fail "afxdpd does not end"; }
	daemon=
	wait "$pid" || status=$?
	[ "$status" = "$1" ] || fail "afxdpd ended with $status, not $1; it said: $(cat "$dir/err")"
}

# with_sanitizers: the daemon under AddressSanitizer from now on, unless AFXDPD says which one.
with_sanitizers() {
	AFXDPD=${AFXDPD:-$BUILD/asan/afxdpd}
	export ASAN_OPTIONS=detect_leaks=0:exitcode=99
}
# terminate STATUS WHAT: by SIGTERM, with STATUS, soon (the promise is three seconds; a loaded machine has its time), and no sanitizer has anything to say.
terminate() {
	local begun=$SECONDS
	kill -TERM "$daemon"
	ended_daemon "$1"
	[ $((SECONDS - begun)) -le 10 ] || fail "$2: it took $((SECONDS - begun)) s to end"
	! grep -q "ERROR: \|runtime error" "$dir/err" || fail "$2: sanitizer: $(cat "$dir/err")"
}

# kill_daemon: as a crash would.
kill_daemon() { kill_now "$daemon"; daemon=; }

# background NS CMD...: runs CMD itself in the background, not a shell around it: $started can be killed.
background() {
	nsenter --net="/run/netns/$1" -- "${@:2}" &
	started=$!
}
kill_now() {
	kill -KILL "$1"
	{ wait "$1" || true; } 2>/dev/null # bash has a word to say about it
}

ctl() { in_ns "$rx" "$BUILD/afxdpctl" -i "$rxif" "$@"; }
gen() { in_ns "$tx" "$BUILD/afxdpgen" -i "$txif" "$@"; }
# start_gen ARGS...: in the background, its results in $dir/sent. end_gen: now; await_gen: when it is done.
start_gen() {
	background "$tx" "$BUILD/afxdpgen" -i "$txif" "$@" >"$dir/sent" 2>/dev/null
	generator=$started
}
end_gen() {
	kill -TERM "$generator" 2>/dev/null || true
	wait "$generator" || true
}
await_gen() { wait "$generator" || fail "afxdpgen failed"; }

# reported FIELD: of the final report. live FIELD: of the running daemon's.
reported() { jq -r "$1" "$dir/report"; }
live() { ctl ledger --json | jq -r "$1"; }
live_is() { [ "$(live "$1")" = "$2" ]; }
live_above() { [ "$(live "$1")" -gt "$2" ]; }

# arrivals: frames the device has received, whether or not a daemon looks. arrived N: at least so many.
arrivals() { ip -n "$rx" -j -s link show dev "$rxif" | jq '.[0].stats64.rx.packets'; }
arrived() { [ "$(arrivals)" -ge "$1" ]; }
# stop_daemon: by SIGSTOP, and it has stopped when this returns; kill -CONT "$daemon" lets it go on.
stop_daemon() {
	kill -STOP "$daemon"
	wait_for 10 stands_still "$daemon" || fail "afxdpd does not stop at SIGSTOP"
}
# The third field of each thread's stat, behind its name, which has no blank here.
stands_still() { awk '$3 != "T" { exit 1 }' "/proc/$1/task/"*/stat; }

# balanced: nothing unexplained, in the whole and in every queue, and the identities hold when they are worked out again.
balanced() {
	expect_eq "$1: unexplained" "$(reported .ledger.unexplained)" 0
	expect_eq "$1: identities" "$(reported '[.ledger, .queues[].ledger] | all(
		.received == .passed + .dropped + .limited + .aborted + .tx + .unclaimed + .captured and
		.captured == .ring_full + .fill_empty + .kernel_dropped + .consumed and
		.consumed == .delivered + .sink_dropped + .held)')" true
	expect_eq "$1: sum over queues" "$(reported '([.queues[].frames] | add) == .ledger.consumed')" true
}

# pins: the directory of them. no_pins: nothing of $rx is pinned, and nothing goes by our interface's name.
pins() { echo "/sys/fs/bpf/afxdp/$netns-$(ip -n "$rx" -j link show dev "$rxif" | jq '.[0].ifindex')"; }
no_pins() { [ -z "$(compgen -G "/sys/fs/bpf/afxdp/$netns-*")" ] && [ ! -L "/sys/fs/bpf/afxdp/$rxif" ] && [ ! -e "/sys/fs/bpf/afxdp/$rxif" ]; }

# no_program: nothing is attached to $rxif, whoever is asked.
no_program() {
	[ -z "$(in_ns "$rx" bpftool -j net show dev "$rxif" | jq '.[].xdp[]')" ] &&
		[ "$(ip -n "$rx" -j -d link show dev "$rxif" | jq '.[0].xdp')" = null ]
}
# program_is NAME: the program attached to $rxif.
program_is() { [ "$(ip -n "$rx" -j -d link show dev "$rxif" | jq -r '.[0].xdp.prog.name')" = "$1" ]; }
# knobs: the NAPI settings of $rxif. set_knobs DEFER FLUSH. Its namespace's /sys is only seen by whoever mounts it there.
in_sys() {
	# shellcheck disable=SC2016 # for the inner shell
	in_ns "$rx" unshare --mount sh -c 'mount -t sysfs sysfs /sys && cd "/sys/class/net/$0" && eval "$1"' "$rxif" "$1"
}
knobs() { in_sys "cat napi_defer_hard_irqs gro_flush_timeout" | paste -sd ' '; }
set_knobs() { in_sys "echo $1 >napi_defer_hard_irqs && echo $2 >gro_flush_timeout"; }
