#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/vm --debug: what its checkers find fails the run, its fault sweeps reach every allocation, and leaks are seen.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=scripts/vm.d/lib.sh
. "$ROOT/scripts/vm.d/lib.sh"
find_debug_kernel || skip "no debug kernel: 'make vm-debug-kernel' builds it, once, in about 25 minutes of CPU time"
vm() { "$ROOT/scripts/vm" --debug --timeout 900 "$@"; }

expect_status 125 vm -- bash -c 'modprobe lkdtm && echo READ_AFTER_FREE >/sys/kernel/debug/provoke-crash/DIRECT'
expect_match "the report" "$OUT" "BUG: KASAN: [a-z-]*use-after-free"

cat >"$ROOT/build/tests/vm/debug-job" <<'END'
. tests/lib.sh
. tests/vm/lib-faults.sh
expect_match "lockdep" "$(tr -s ' ' </proc/lockdep_stats)" "debug_locks: 1"
modprobe veth
faults_in veth
leaks_forget
well() {
	[ $2 = 0 ] || { ! ip link show v0 2>/dev/null || return 1; return 0; }
	ip link del v0
}
sweep=$(fault_sweep well ip link add v0 type veth peer name v1)
echo "$sweep"
expect_match "the sweep" "$sweep" "^'ip link add v0.*: [1-9][0-9]* allocations failed, one a run; [1-9][0-9]* runs failed"
rmmod veth
leaks_check
END
expect_status 0 vm -- bash -euo pipefail "$ROOT/build/tests/vm/debug-job"
say "$OUT"
