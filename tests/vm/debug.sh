#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# scripts/vm --debug: the kernel's checkers are at work, and what they find fails the run.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/vm/lib-faults.sh
. "$ROOT/tests/vm/lib-faults.sh"
need_debug_kernel
vm() { "$ROOT/scripts/vm" --debug --timeout 300 "$@"; }

expect_status 125 vm -- bash -c 'tr -s " " </proc/lockdep_stats; modprobe lkdtm && echo READ_AFTER_FREE >/sys/kernel/debug/provoke-crash/DIRECT'
expect_match "lockdep" "$OUT" "debug_locks: 1"
expect_match "the report" "$OUT" "BUG: KASAN: [a-z-]*use-after-free"
