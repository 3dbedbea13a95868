#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/bench/control.sh [ROUNDS]: runs both builds of tests/bench/control alternately, ROUNDS (9) times each, and writes the medians with their
# spread to docs/benchmarks/control.md and every number to control.csv beside it.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
rounds=${1:-9}
cd "$ROOT"
dir=${BENCH_OUT:-docs/benchmarks}
out=$dir/control.md csv=$dir/control.csv
mkdir -p "$dir"

# busy: the share of all CPUs' time in use over one second, percent.
busy() {
	local a b
	a=$(head -n 1 /proc/stat) && sleep 1 && b=$(head -n 1 /proc/stat)
	awk -v a="$a" -v b="$b" 'BEGIN { n = split(a, x); split(b, y); for (i = 2; i <= n; i++) all += y[i] - x[i];
		printf "%.0f", 100 * (1 - (y[5] - x[5] + y[6] - x[6]) / all) }'
}

load=$(busy)
[ "$load" -lt 20 ] || say "bench-control: $load % of this machine is in use by others: expect a wide spread"
printf 'round,wait,what,place,clients,value\n' >"$csv"
for ((i = 1; i <= rounds; i++)); do
	say "round $i of $rounds"
	for wait in control control-yield; do
		build/tests/bench/$wait | awk -v r="$i" -v w="$wait" '{ print r "," w "," $1 "," $2 "," $3 "," $4 }' >>"$csv"
	done
done

# cell WAIT WHAT PLACE CLIENTS UNIT: "median (min to max)".
cell() {
	awk -F, -v w="$1" -v what="$2" -v place="$3" -v n="$4" '$2 == w && $3 == what && $4 == place && $5 == n { print $6 }' "$csv" | sort -n |
		awk -v unit="$5" '{ v[NR] = $1 / unit } END { if (!NR) printf "-"; else printf "%.2f (%.2f to %.2f)", v[int((NR + 1) / 2)], v[1], v[NR] }'
}

{
	cat <<-END
	# The control plane in user space

	Made by \`make bench-control\` on $(uname -srm), $(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1), $(nproc) CPUs, of which others used $load % just before;
	$("${CC:-gcc}" --version | head -n 1). kmod/domain.c as the driver runs it, over tests/unit/shim. $rounds rounds of each kind, alternately, in one run: the median, and in brackets the
	least and the most. Raw numbers: control.csv.

	"Sleep" is what the kernel side does: a thread that finds nothing sleeps at once (here: a futex). "Yield" lets it give its CPU away up to 20 times first, which
	saves the system calls of sleeping and waking when the answer is near.

	## One round trip, µs

	| | one CPU, sleep | one CPU, yield | two CPUs, sleep | two CPUs, yield |
	|---|---|---|---|---|
	END
	while IFS='|' read -r what text; do
		printf '| %s | %s | %s | %s | %s |\n' "$text" "$(cell control "$what" one 1 1000)" "$(cell control-yield "$what" one 1 1000)" \
			"$(cell control "$what" two 1 1000)" "$(cell control-yield "$what" two 1 1000)"
	done <<-'END'
	trip-domain|domain_call() and domain_reply()
	trip-pipe|a pair of pipes, as `perf bench sched pipe`
	trip-cond|mutex and two condition variables
	trip-futex|two bare futex words, nothing else
	trip-yield|two threads that only call sched_yield(): the floor
	END
	cat <<-'END'

	## Messages a second, millions

	Clients post messages of their own, at most 64 under way each; every message is checked to arrive once and in order.

	| clients | one CPU, sleep | one CPU, yield | two CPUs, sleep | two CPUs, yield |
	|---|---|---|---|---|
	END
	for n in 1 2 4 8; do
		printf '| %s | %s | %s | %s | %s |\n' "$n" "$(cell control messages one "$n" 1e6)" "$(cell control-yield messages one "$n" 1e6)" \
			"$(cell control messages two "$n" 1e6)" "$(cell control-yield messages two "$n" 1e6)"
	done
	cat <<-'END'

	## Calls (message and reply) a second, thousands

	| clients | one CPU, sleep | one CPU, yield | two CPUs, sleep | two CPUs, yield |
	|---|---|---|---|---|
	END
	for n in 1 2 4 8; do
		printf '| %s | %s | %s | %s | %s |\n' "$n" "$(cell control calls one "$n" 1e3)" "$(cell control-yield calls one "$n" 1e3)" \
			"$(cell control calls two "$n" 1e3)" "$(cell control-yield calls two "$n" 1e3)"
	done
} >"$out"
say "$out, $csv"
