# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# How a receiver learns that frames arrived, five ways, over the offered load: latency, wake-ups, CPU and loss. One frame a wake-up is the naive way.

load_subjects=(naive "afxdpd -m interrupt --batch 1" "afxdpd -m interrupt" "afxdpd -m busy" "afxdpd -m spin" "afxdpd -m adaptive")

run_load() {
	local s pps rates=(1000 10000 100000 300000 1000000 1488095 3000000)
	[ "$quick" = 0 ] || rates=(10000 300000 1488095)
	details=$out/load-details.csv
	echo benchmark,round,subject,offered,loss_percent,p50,p99,wakeups_per_s,cpu_percent,sane >"$details"
	link 1
	for ((round = 1; round <= (quick ? 1 : 5); round++)); do
		for pps in "${rates[@]}"; do
			for s in "${load_subjects[@]}"; do
				trial "$s" $((quick ? 1 : 2)) "$pps" 60 1
				load_row "$s" "$pps" >>"$details"
			done
		done
	done
}

# load_row SUBJECT PPS: its row, from the trial and, if it is ours, its report.
load_row() {
	local p50=nan p99=nan wakeups=nan
	if [[ $1 == afxdpd* ]]; then
		read -r p50 p99 wakeups < <(jq -r --argjson d "$duration" \
			'"\(.latency_ns.p50) \(.latency_ns.p99) \(([.queues[] | .wakeups + .busy_polls] | add) / $d)"' "$SCRATCH/report.json")
	fi
	echo "load,$round,$1,$2,$(awk -v s="$sent" -v c="$consumed" 'BEGIN { printf "%.4f", (s ? (s - c) * 100 / s : 0) }'),$p50,$p99,$wakeups,$(awk \
		-v c="$consumer_cpu" 'BEGIN { print c * 100 }'),${sane:-yes}"
}

# load_table COLUMN SCALE FORMAT: subjects down, offered load across, medians.
load_table() {
	awk -F, -v column="$1" -v scale="$2" -v keys=subject,offered -f "$ROOT/tests/bench/summary.awk" "$details" | awk -F'\t' -v f="$3" '
		{ n = split($1, k, ","); if (!(k[1] in s)) { s[k[1]]; so[++ns] = k[1] } if (!(k[2] in o)) { o[k[2]]; oo[++no] = k[2] } v[k[1], k[2]] = $2 }
		END {
			printf "| offered, frames/s |"; for (i = 1; i <= no; i++) printf " %s |", oo[i]
			printf "\n|---|"; for (i = 1; i <= no; i++) printf "---|"
			print ""
			for (j = 1; j <= ns; j++) {
				printf "| %s |", so[j]
				for (i = 1; i <= no; i++) { x = v[so[j], oo[i]]; printf " %s |", (x ~ /nan|-$/ || x == "" ? "-" : sprintf(f, x)) }
				print ""
			}
		}'
}

# load_plot COLUMN SCALE FILE YLABEL [logscale]: medians over the offered load, one line a subject.
load_plot() {
	local s i=0 plot='' axes=x
	[ -z "${5:-}" ] || axes=xy
	for s in "${load_subjects[@]}"; do
		i=$((i + 1))
		awk -F, -v column="$1" -v scale="$2" -v keys=subject,offered -f "$ROOT/tests/bench/summary.awk" "$details" | awk -F'\t' -v s="$s" '
			{ split($1, k, ",") } k[1] == s && $2 !~ /nan|-$/ { print k[2], $2 }' >"$SCRATCH/load.$i"
		[ ! -s "$SCRATCH/load.$i" ] || plot+="${plot:+, }'$SCRATCH/load.$i' using 1:2 with linespoints pt 7 ps 0.5 lw 2 title '${s#afxdpd -m }'"
	done
	gnuplot <<END
set terminal svg size 720,420 font "sans,12"
set output "$out/$3"
set logscale $axes
set xlabel "offered frames/s"
set ylabel "$4"
set grid
set key outside right
plot $plot
END
}

table_load() {
	printf '## Frames lost, percent\n\n'
	load_table loss_percent 1 %.3f
	printf '\n## CPU of the consumer, percent of a core\n\n'
	load_table cpu_percent 1 %.1f
	printf '\n![CPU](load-cpu.svg)\n'
	printf '\n## Wake-ups and busy polls a second\n\n'
	load_table wakeups_per_s 1 %.0f
	printf '\n## Latency from XDP program to consumer, median, microseconds\n\n'
	load_table p50 1000 %.1f
	printf '\n## The same, 99th percentile\n\n'
	load_table p99 1000 %.1f
	printf '\n![latency](load-p99.svg)\n\n![loss](load-loss.svg)\n'
	load_plot cpu_percent 1 load-cpu.svg "CPU, percent of a core"
	load_plot p99 1000 load-p99.svg "99th percentile latency, us" log
	load_plot loss_percent 1 load-loss.svg "lost, percent"
}
