#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Expressions, rules files with files of sets, and what is imported from others, as a fuzzer makes them up: all at once, AFXDP_FUZZ_SECONDS each (20). What was
# found before is in tests/fuzz/corpus, and what this machine has found in build/tests/fuzz/NAME.corpus. `make fuzz` takes a minute each, one after the other.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
need_root
dir=$(mktemp -d)
cleanup rm -rf "$dir"
declare -A process
for name in rules_expr rules_file rules_import; do
	fuzzer=$BUILD/tests/fuzz/$name
	[ -x "$fuzzer" ] || fail "no $fuzzer: make tests"
	mkdir -p "$fuzzer.corpus" "$dir/$name"
	seeds=()
	[ ! -d "tests/fuzz/corpus/$name" ] || seeds=("tests/fuzz/corpus/$name")
	"$fuzzer" -max_total_time="${AFXDP_FUZZ_SECONDS:-20}" -timeout=60 -artifact_prefix="$dir/$name/" -print_final_stats=1 "$fuzzer.corpus" "${seeds[@]}" >"$dir/$name.log" 2>&1 &
	process[$name]=$!
	cleanup sh -c "kill $! 2>/dev/null; rm -rf /dev/shm/afxdp-fuzz-$!"
done
for name in "${!process[@]}"; do
	if ! wait "${process[$name]}"; then
		tail -n 30 "$dir/$name.log"
		for found in "$dir/$name"/*; do
			[ ! -f "$found" ] || say "found by $name, in base64: $(base64 -w 0 "$found")"
		done
		fail "$name"
	fi
	tried=$(sed -n 's/^stat::number_of_executed_units: *//p' "$dir/$name.log")
	[ "${tried:-0}" -gt 0 ] || fail "$name has tried nothing"
	echo "$name: $tried tried"
done
