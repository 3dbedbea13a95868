#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The fault sweeps of scripts/vm --debug themselves, on a driver that is not ours: every allocation of veth's fails once, and leaks are looked for.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/vm/lib-faults.sh
. "$ROOT/tests/vm/lib-faults.sh"
if [ -z "${VETH_GUEST:-}" ]; then
	need_debug_kernel
	make_here build/tests/vm/failnth.so
	# The kernel's reference tracker says so when an allocation of its own fails.
	exec "$ROOT/scripts/vm" --debug --timeout 3600 --allow 'ref_tracker: memory allocation failure' -- env VETH_GUEST=1 "$0"
fi
modprobe veth
faults_in veth
leaks_forget
well() {
	[ "$2" = 0 ] || { ! ip link show v0 2>/dev/null || return 1; return 0; }
	ip link del v0
}
sweep=$(fault_sweep well ip link add v0 type veth peer name v1)
echo "$sweep"
expect_match "the sweep" "$sweep" "^'ip link add v0.*: [1-9][0-9]* allocations failed, one a run; [1-9][0-9]* runs failed"
rmmod veth
leaks_check
expect_match "lockdep" "$(tr -s ' ' </proc/lockdep_stats)" "debug_locks: 1"
