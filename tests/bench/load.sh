# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# How a receiver learns that frames arrived, five ways, over the offered load: latency, wake-ups, CPU and loss. One frame a wake-up is the naive way.

load_subjects=(naive "afxdpd -m interrupt --batch 1" "afxdpd -m interrupt" "afxdpd -m spin" deferred:spin "afxdpd -m adaptive")

run_load() {
	local s pps rates=(1000 10000 100000 300000 1000000 1488095 3000000)
	[ "$quick" = 0 ] || rates=(10000 300000 1488095)
	details=$out/load-details.csv
	echo benchmark,round,subject,offered,loss_percent,p50,p99,wakeups_per_s,cpu_percent,sane >"$details"
	link 1
	for ((round = 1; round <= (quick ? 1 : 3); round++)); do
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
	if [[ $1 =~ ^(afxdpd|deferred) ]]; then
		read -r p50 p99 wakeups < <(jq -r --argjson d "$duration" \
			'"\(.latency_ns.p50) \(.latency_ns.p99) \(([.queues[] | .wakeups + .busy_polls] | add) / $d)"' "$SCRATCH/report.json")
	fi
	echo "load,$round,$1,$2,$(awk -v s="$sent" -v c="$consumed" 'BEGIN { printf "%.4f", (s ? (s - c) * 100 / s : 0) }'),$p50,$p99,$wakeups,$(awk \
		-v c="$consumer_cpu" 'BEGIN { print c * 100 }'),${sane:-yes}"
}

table_load() {
	local at=("$details" offered)
	cat <<'END'
`deferred:spin` is `-m spin` with the device's interrupts deferred for 200 us (`napi_defer_hard_irqs`, `gro_flush_timeout`). Busy polling is not here: this
kernel's veth cannot be polled by a socket.

END
	printf '## Frames lost, percent\n\n'
	grid "${at[@]}" loss_percent 1 %.3f
	printf '\n## CPU of the consumer, percent of a core\n\n'
	grid "${at[@]}" cpu_percent 1 %.1f
	printf '\n![CPU](load-cpu.svg)\n'
	printf '\n## Wake-ups and busy polls a second\n\n'
	grid "${at[@]}" wakeups_per_s 1 %.0f
	printf '\n## Latency from XDP program to consumer, median, microseconds\n\n'
	grid "${at[@]}" p50 1000 %.1f
	printf '\n## The same, 99th percentile\n\n'
	grid "${at[@]}" p99 1000 %.1f
	printf '\n![latency](load-p99.svg)\n\n![loss](load-loss.svg)\n'
	grid_plot "${at[@]}" cpu_percent 1 load-cpu.svg "CPU, percent of a core"
	grid_plot "${at[@]}" p99 1000 load-p99.svg "99th percentile latency, us" xy
	grid_plot "${at[@]}" loss_percent 1 load-loss.svg "lost, percent"
}
