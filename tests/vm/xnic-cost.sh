#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What xnic's polls may cost at most, in instructions per frame with a backlog present (scripts/vm --icount: the same on every machine), and how
# often they may ring the doorbell. `make bench-driver` has the whole table.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
make_here kmod build/tests/xnic.stamp || fail "the driver does not build"
out=$(scripts/vm --icount --nics 2 --timeout 1200 -- tests/bench/driver-guest xnic 4000 'DROP|AF_XDP receive (copy|zero)|send zero') || fail "the measuring failed"
say "$out"
# cost CASE: instructions a frame.
cost() { awk -F, -v c="$1" '$2 == c { printf "%d", $5 / $3; n++ } END { exit !n }' <<<"$out" || fail "no figure for $1"; }
at_most() { [ "$(cost "$1")" -le "$2" ] || fail "$1: $(cost "$1") instructions a frame, $2 are allowed"; }
at_most "XDP_DROP drv" 300
at_most "AF_XDP receive zero-copy" 450
at_most "AF_XDP send zero-copy" 300
[ $((4 * $(cost "AF_XDP receive zero-copy"))) -le $((3 * $(cost "AF_XDP receive copy"))) ] ||
	fail "zero-copy costs $(cost "AF_XDP receive zero-copy"), copying $(cost "AF_XDP receive copy"): not a quarter less"
awk -F, '$2 !~ /send/ && $7 * 16 > $3 || $2 ~ /send/ && $8 * 16 > $3 { print; bad = 1 } END { exit bad }' <<<"$out" >&2 ||
	fail "more than one doorbell for 16 frames (above)"
