# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# The words around a benchmark's tables: what machine, what versions, how to repeat it.

version_of() { dpkg-query -W -f '${Version}' "$1" 2>/dev/null || echo none; }

report_head() {
	local model
	model=$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)
	cat <<END
# Benchmark: $1

Written by \`make bench BENCH=$1\`$([ "$quick" = 0 ] || echo ' (the quick variant: fewer and shorter rounds)'); every trial is a row of [$1.csv]($1.csv). Medians over
rounds in which all subjects take turns, with minimum and maximum.

| | |
|---|---|
| machine | $model, $(nproc) cores$(systemd-detect-virt -q 2>/dev/null && echo ", a virtual machine ($(systemd-detect-virt))"), $(awk '/MemTotal/ { printf "%.0f GiB", $2 / 1048576 }' /proc/meminfo) |
| kernel | $(uname -r) |
| return thunks | $(cat /sys/devices/system/cpu/vulnerabilities/spec_rstack_overflow 2>/dev/null || echo unknown) |
| versions | afxdp $(cat "$ROOT/VERSION"), libbpf $(version_of libbpf-dev), libxdp $(version_of libxdp-dev), DPDK $(version_of dpdk), tcpdump $(version_of tcpdump) |
| path | veth, native XDP, copy mode; generator and the kernel's receive work on core $GEN, consumer on core $CONS |
| other load | $(other_load) |

END
}

# What the rest of the machine did on our cores meanwhile: the reason for spread.
other_load() {
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "other_cpu") c = i; next }
		c { n++; s += $c; if ($c > m) m = $c }
		END { if (n) printf "%.0f %% of a core on average, %.0f %% at most", 100 * s / n, 100 * m; else print "not measured" }' "$csv"
}

report_foot() {
	local bad
	bad=$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "sane") c = i; next } $c != "yes" { n++ } END { print n + 0 }' "$csv")
	printf '\nTrials whose frames did not add up, and which do not count: %s.\n' "$bad"
}

# table HEAD-ROW: from summary lines on stdin, one row each: name, median, min to max, with FORMAT for the figures.
rows() { awk -F'\t' -v f="${1:-%.2f}" '{
	if ($5 == 0) printf "| %s | - | %s |\n", $1, $6
	else printf "| %s | " f " | " f " to " f " |\n", $1, $2, $3, $4 }'; }

# medians CSV KEY COLUMN SCALE: lines of SUBJECT, KEY's value, median, tab-separated.
medians() { summarize -v column="$3" -v scale="$4" -v keys="subject,$2" "$1" | awk -F'\t' -v OFS='\t' '{ split($1, k, ","); print k[1], k[2], $2 }'; }

# grid CSV KEY COLUMN SCALE FORMAT [WORDS]: a table of medians, subjects down, KEY (WORDS; offered load, as a rule) across.
grid() {
	medians "${@:1:4}" | awk -F'\t' -v f="$5" -v words="${6:-offered, frames/s}" '
		{ if (!($1 in s)) { s[$1]; so[++ns] = $1 } if (!($2 in o)) { o[$2]; oo[++no] = $2 } v[$1, $2] = $3 }
		END {
			printf "| %s |", words; for (i = 1; i <= no; i++) printf " %s |", oo[i]
			printf "\n|---|"; for (i = 1; i <= no; i++) printf "---|"
			print ""
			for (j = 1; j <= ns; j++) {
				printf "| %s |", so[j]
				for (i = 1; i <= no; i++) { x = v[so[j], oo[i]]; printf " %s |", (x ~ /nan|-$/ || x == "" ? "-" : sprintf(f, x)) }
				print ""
			}
		}'
}

# grid_plot CSV KEY COLUMN SCALE SVG YLABEL [x|xy]: the same as a plot, a line a subject; which axes are logarithmic.
grid_plot() {
	local subject subjects plot='' i=0
	medians "${@:1:4}" | awk -F'\t' '$3 !~ /nan|-$/' >"$SCRATCH/grid"
	mapfile -t subjects < <(cut -f1 "$SCRATCH/grid" | awk '!seen[$0]++')
	for subject in "${subjects[@]}"; do
		i=$((i + 1))
		awk -F'\t' -v s="$subject" '$1 == s { print $2, $3 }' "$SCRATCH/grid" >"$SCRATCH/grid.$i"
		plot+="${plot:+, }'$SCRATCH/grid.$i' using 1:2 with linespoints pt 7 ps 0.5 lw 2 title '$subject'"
	done
	gnuplot <<END
set terminal svg size 720,420 font "sans,12"
set output "$out/$5"
set logscale ${7:-x}
set xlabel "offered frames/s"
set ylabel "$6"
set grid
set key outside right noenhanced
plot $plot
END
}
