# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# What our scripts share: words on stderr, network namespaces that are always removed, entering them without losing bpffs.
# Source it after `set -euo pipefail`.

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
# shellcheck disable=SC2034 # used by the scripts that source this
BUILD=${AFXDP_BUILD:-$ROOT/build}
# Two runs on one machine must not meet: every name that leaves this process carries this.
# shellcheck disable=SC2034
RUN_ID=$$

say() { printf '%s\n' "$*" >&2; }
die() { say "$(basename "$0"): $*"; exit 1; }
need_root() { [ "$(id -u)" = 0 ] || die "needs root (namespaces, XDP): run it with sudo"; }

# cleanup CMD...: run CMD when the script ends, last one first, whatever ended it.
CLEANUPS=()
cleanup() { CLEANUPS+=("$(printf '%q ' "$@")"); }
run_cleanups() {
	local status=$? i
	trap - EXIT
	set +e
	# One that finds something wrong must not keep the others from running.
	fail() { return 1; }
	die() { return 1; }
	for ((i = ${#CLEANUPS[@]} - 1; i >= 0; i--)); do eval "${CLEANUPS[i]}" >/dev/null 2>&1; done
	exit "$status"
}
trap run_cleanups EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# netns_add NAME: a namespace of ours, with lo up and IPv6's own chatter off; removed at the end.
netns_add() {
	ip netns add "$1"
	cleanup ip netns delete "$1"
	cleanup netns_kill "$1"
	in_ns "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1 2>/dev/null || true
	ip -n "$1" link set lo up
}
netns_kill() {
	local pid
	for pid in $(ip netns pids "$1" 2>/dev/null); do kill -KILL "$pid"; done
}

# in_ns NAME CMD...: run CMD in the namespace. Not `ip netns exec`: that mounts a fresh /sys, behind which bpffs disappears.
in_ns() { local ns=$1; shift; nsenter --net="/run/netns/$ns" -- "$@"; }

# spawn NS CMD...: the same in the background; $SPAWNED is the command's own process, to be signalled. (in_ns ... & is a shell's.)
spawn() {
	local ns=$1
	shift
	nsenter --net="/run/netns/$ns" -- "$@" &
	# shellcheck disable=SC2034
	SPAWNED=$!
}

# veth_pair NS_A IF_A NS_B IF_B [QUEUES]: a pair of veth with QUEUES (2) queues each, up, without offloads that hide what was sent.
veth_pair() {
	local q=${5:-2}
	ip link add "$2" netns "$1" numtxqueues "$q" numrxqueues "$q" type veth \
		peer name "$4" netns "$3" numtxqueues "$q" numrxqueues "$q"
	in_ns "$1" ethtool -K "$2" rxvlan off txvlan off tx off gro off >/dev/null 2>&1 || true
	in_ns "$3" ethtool -K "$4" rxvlan off txvlan off tx off gro off >/dev/null 2>&1 || true
	ip -n "$1" link set "$2" up
	ip -n "$3" link set "$4" up
}

# end_process PID: ask it to end, and wait until it has; after five seconds it is killed.
end_process() {
	kill -INT "$1" 2>/dev/null || return 0
	wait_for 5 gone "$1" || kill -KILL "$1"
}
gone() { [ ! -e "/proc/$1" ] || grep -q "^State:.Z" "/proc/$1/status"; }

# wait_for SECONDS CMD...: until CMD succeeds; fails when the time is over. The only use of time in a test: as a bound.
wait_for() {
	local end=$((SECONDS + $1)); shift
	until "$@" >/dev/null 2>&1; do
		[ "$SECONDS" -lt "$end" ] || return 1
		sleep 0.02
	done
}

# bpffs: make sure that /sys/fs/bpf is one.
bpffs() { mountpoint -q /sys/fs/bpf || mount -t bpf bpf /sys/fs/bpf; }
