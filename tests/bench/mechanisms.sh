# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# The mechanisms of the receive path one by one, each beside the naive way it replaces and beside others' implementations, on two real cores.

run_mechanisms() {
	local rounds=$((quick ? 5 : 21))
	progress "mech: $rounds rounds on two cores"
	nice -n -20 "$TOOLS/mech" --rounds "$rounds" >"$csv"
	progress "mech: instructions and cache misses, by cachegrind"
	counted=$out/mechanisms-counted.csv
	echo benchmark,round,subject,param,instructions,data_misses,sane >"$counted"
	count queue list+spinlock 1
	count queue ring 1
	count queue ring 64
	count queue ck_ring 1
	count queue rte_ring 1
	count queue rte_ring 64
	count queue wfcqueue 1
	count pool-own malloc 64
	count pool-own pool 64
}

# grind GROUP NAME PARAM ITEMS: "instructions misses" of a whole run, both ends on one thread.
grind() {
	valgrind --tool=cachegrind --cache-sim=yes --cachegrind-out-file=/dev/null "$TOOLS/mech" --single --items "$4" "$1/$2/$3" 2>&1 >/dev/null |
		awk '{ gsub(",", "") } / I +refs:/ { i = $NF } / D1 +misses:/ { m = $4 } END { print i, m }'
}

# count GROUP NAME PARAM: what one more item costs: the difference of two runs, over the difference of their items.
count() {
	local few many
	read -ra few < <(grind "$1" "$2" "$3" 51200)
	read -ra many < <(grind "$1" "$2" "$3" 153600)
	echo "$1,1,$2,$3,$(awk -v a="${few[0]}" -v b="${many[0]}" -v c="${few[1]}" -v d="${many[1]}" \
		'BEGIN { printf "%.2f,%.4f", (b - a) / 102400, (d - c) / 102400 }'),yes" >>"$counted"
	progress "$(tail -n 1 "$counted")"
}

# of GROUP: its part of the CSV, with the parameter in the subject's name.
of() { awk -F, -v OFS=, -v g="$1" 'NR == 1 || $1 == g { if (NR > 1) $3 = $3 (g == "headroom" || g == "strip" ? ", " $4 " bytes" : " x" $4); gsub(", ", " "); print }' "$csv"; }
mech_table() { of "$1" | summarize -v column="$2" -v scale=1 -v keys=subject | rows %.2f; }
# over GROUP BASE: how many times longer BASE takes than each, round by round.
over() {
	of "$1" | awk -F, -v base="$2" -v column=ns_per_item -f "$ROOT/tests/bench/ratios.awk" |
		awk -F, -v OFS=, 'NR > 1 { $4 = 1 / $4 } { print }' | summarize -v column=ratio -v scale=1 -v keys=subject | rows %.1f
}

section() { # TITLE GROUP BASE
	printf '\n## %s\n\n| ns per item | median | min to max |\n|---|---|---|\n' "$1"
	mech_table "$2" ns_per_item
	printf '\n| how many times faster than %s | median | min to max |\n|---|---|---|\n' "$3"
	over "$2" "$3"
}

plot_batches() {
	of queue | summarize -v column=ns_per_item -v scale=1 -v keys=subject |
		awk -F'\t' '/^ring x/ { sub("ring x", "", $1); print $1, $2, $3, $4 }' >"$SCRATCH/batches"
	gnuplot <<END
set terminal svg size 640,400 font "sans,12"
set output "$out/mechanisms-batches.svg"
set logscale x 2
set xlabel "items a batch"
set ylabel "ns an item"
set yrange [0:*]
set grid
set key off
set title "SPSC ring between two cores: median, minimum and maximum"
plot "$SCRATCH/batches" using 1:2:3:4 with yerrorbars lc rgb "#888888", "" using 1:2 with linespoints lc rgb "#004488" pt 7 ps 0.5
END
}

table_mechanisms() {
	section "Queue between two threads" queue "list+spinlock x1"
	cat <<'END'

`ring` is ours; x64 means 64 items a turn. `ck_ring` (Concurrency Kit) and `wfcqueue` (liburcu) know no batches; `rte_ring` is DPDK's in
single-producer single-consumer mode. All hold at most 2048 items. At one item a turn the two threads fight over the index lines, which our ring and ck's
avoid with cached indices or with luck in timing; that is where the spread comes from.

![batch sizes](mechanisms-batches.svg)

END
	printf '\n| counted by cachegrind, an item (both ends on one thread) | instructions | first-level data misses |\n|---|---|---|\n'
	awk -F, 'NR > 1 { printf "| %s %s x%s | %s | %s |\n", $1, $3, $4, $5, $6 }' "$out/mechanisms-counted.csv"
	cat <<'END'

This machine counts neither cycles nor cache misses (`perf stat`: not supported), and cachegrind simulates one core: it sees the list's larger footprint,
but not the lines that travel between cores, which are most of what the list costs.
END
	section "Buffers: own thread" pool-own "malloc x64"
	section "Buffers: taken by one thread, given back by another" pool-across "malloc x64"
	section "32 bytes in front of a frame" headroom "memcpy 1514 bytes"
	section "A header removed" strip "memmove 1514 bytes"
	plot_batches
}
