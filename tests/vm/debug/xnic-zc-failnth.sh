#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic on the debug kernel, every allocation failing once of what an AF_XDP socket's way to its bind asks for, in copy mode and with zero-copy: the
# core's (net/xdp), in the process and in the control thread. After each the port works, and a socket can be bound at the next try; at the end
# nothing is lost, no page is pinned, no lock was held wrongly. FAILNTH=zerocopy (copy) sweeps that alone.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../../xnic/lib.sh"
export FAILNTH=${FAILNTH:-copy zerocopy}
xnic_debug_guest --timeout 3600

zc=$BUILD/tests/xnic/zc
# A frame that was under way while the rings were exchanged may be gone; the next one must come through.
ping_ok() { ping -q -c 1 -W 5 10.0.0.2 >/dev/null || ping -q -c 1 -W 20 10.0.0.2 >/dev/null; }
thread() { grep -ls "^xnic/0000:01:00" /proc/[0-9]*/comm | cut -d/ -f3; } # the name may be cut
# Only allocations with a function of net/xdp on the stack.
faults_in_core() {
	local text s
	text=$(awk 'tolower($2) == "t" && $3 ~ /^(xsk_|xp_|xdp_umem_|xskq_)/ && $4 == "" { print $1 }' /proc/kallsyms | sort)
	for s in failslab fail_page_alloc; do
		echo "0x$(head -n 1 <<<"$text")" >/sys/kernel/debug/$s/require-start
		echo "0x$(tail -n 1 <<<"$text")" >/sys/kernel/debug/$s/require-end
	done
}
# bound FAILED STATUS: the stack's frames flow (looked at every fourth time: a process takes a second here), and now and then: the next bind works.
bound() {
	[ $(($1 % 4)) != 0 ] || ping_ok || return 1
	[ $(($1 % 16)) != 0 ] || "$zc" open eth0 "$mode"
}

pinned=$(pinned_pages)
xnic_load
xnic_ports
ping_ok || fail "no ping to begin with"
steer_load # zc wants the map to be there
faults_in xnic
faults_in_core
leaks_forget
FAULT_TASKS=$(thread)
for mode in $FAILNTH; do
	sweep=$(fault_sweep bound "$zc" open eth0 "$mode")
	say "$sweep"
	expect_match "the sweep" "$sweep" ": [1-9][0-9]+ allocations failed"
done
FAULT_TASKS=
rm -rf $XDP
unpinned() { [ "$(pinned_pages)" = "$pinned" ]; }
wait_for 60 unpinned || fail "$(pinned_pages) pages are pinned, $pinned were at the beginning"
xnic_unload
expect_match "lockdep" "$(tr -s ' ' </proc/lockdep_stats)" "debug_locks: 1"
