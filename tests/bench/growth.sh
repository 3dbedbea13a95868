# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# The path at saturation as its work grows: rules, sets, flows, queues, frames in the UMEM, frame sizes. One CSV a series, since each has its own key.

# shellcheck source=tests/bench/rules.sh
. "$ROOT/tests/bench/rules.sh"

growth_series=(rules sets flows queues umem sizes)

write_growth() {
	local n
	: >"$SCRATCH/none.rules"
	for n in "${growth_rules[@]}"; do
		{ expressions "$n"; echo "default drop"; } >"$SCRATCH/$n.rules"
	done
	for n in "${growth_sets[@]}"; do
		"$TOOLS/prefixes" miss "$n" >"$SCRATCH/miss$n"
		printf 'set s = "miss%s"\ndrop src @s\ndefault capture\n' "$n" >"$SCRATCH/set$n.rules"
	done
}

# series NAME: the trials that follow go to its CSV.
series() {
	csv=$out/growth-$1.csv
	GEN_EXTRA=()
	[ -e "$csv" ] && [ "$round" != 1 ] || echo "$CSV_HEAD" >"$csv"
}

growth_round() {
	local n
	link 1
	series rules
	GEN_EXTRA=(--dport 4000)
	for n in "${growth_rules[@]}"; do trial "rules:$n" 1 max 64 1; done
	series sets
	GEN_EXTRA=(--scatter --seed 3)
	for n in "${growth_sets[@]}"; do trial "rules:set$n" 1 max 64 $MILLION; done
	series flows
	for n in 1 100 10000 $MILLION; do trial "afxdpd -m spin" 1 max 64 $n; done
	series umem
	for n in 1024 4096 16384 65536 262144; do trial "afxdpd -m spin --ring 1024 --frames $n" 1 max 64 1; done
	for n in 1024 4096 16384 65536; do trial "afxdpd -m spin --ring $n --frames $((2 * n))" 1 max 64 1; done
	series queues
	for n in 1 2; do
		link $n
		trial "afxdpd -m spin" 1 max 64 1000
	done
	series sizes
	link 1 9000
	for n in 64 256 512 1024 1514 3000; do trial "afxdpd -m spin" 1 max $n 1; done
}

run_growth() {
	growth_rules=(1 4 16 64 256) growth_sets=(1 1000 10000 100000 "$MILLION")
	[ "$quick" = 0 ] || growth_rules=(1 16 256) growth_sets=(1 "$MILLION")
	write_growth
	for ((round = 1; round <= (quick ? 1 : 5); round++)); do growth_round; done
	# What report_head and report_foot look at.
	csv=$out/growth.csv
	{ echo "$CSV_HEAD"; for s in "${growth_series[@]}"; do tail -n +2 "$out/growth-$s.csv"; done; } >"$csv"
}

# growth_table SERIES KEY WHAT
growth_table() {
	csv=$out/growth-$1.csv
	printf '\n## %s: frames consumed, million a second\n\n| %s | median | min to max |\n|---|---|---|\n' "$3" "$2"
	summary consumed_pps 1e6 "$2" | rows %.2f
	csv=$out/growth.csv
}

table_growth() {
	printf '64-byte frames, one flow, one queue, `afxdpd -m spin`, unless the table says otherwise.\n'
	growth_table rules subject "Expression rules (the last one captures)"
	growth_table sets subject "Prefixes in a set that none of a million sources is in"
	growth_table flows flows "Flows"
	growth_table queues queues "Queues (generator, kernel and workers on two cores, 1000 flows)"
	growth_table umem subject "Frames in the UMEM, and slots in the rings"
	growth_table sizes size "Frame size, MTU 9000 (longer ones cannot be sent as live XDP frames)"
}
