# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# Loss and cost at one gigabit's line rate of smallest frames, 1,488,095 a second (RFC 2544), and the latency of the same trials.

run_loss() {
	local s rounds=$((quick ? 1 : 3))
	link 1
	extra=$out/loss-latency.csv
	echo benchmark,round,subject,p50,p99,p999,max,wakeups,busy_polls,sane >"$extra"
	for ((round = 1; round <= rounds; round++)); do
		for s in bare naive "afxdpd -m spin" "afxdpd -m busy" "afxdpd -m adaptive" "afxdpd -m interrupt" testpmd tcpdump:/dev/null; do
			trial "$s" $((quick ? 2 : 10)) 1488095 60 1
			[[ $s != afxdpd* ]] || jq -r --arg r "$round" --arg s "$s" --arg ok "${sane:-yes}" \
				'[ "loss", $r, $s, .latency_ns.p50, .latency_ns.p99, .latency_ns.p999, .latency_ns.max,
				   ([.queues[].wakeups] | add), ([.queues[].busy_polls] | add), $ok ] | @csv' "$SCRATCH/report.json" | tr -d '"' >>"$extra"
		done
	done
}

table_loss() {
	cat <<'END'
## Frames lost at 1,488,095 frames/s offered

Lost: sent and not consumed, whatever the reason. The generator's own lateness (it must share its core with the receive work, and the machine with others)
is in the CSV.

| subject | median | min to max |
|---|---|---|
END
	# Lost is not said by every subject; sent less consumed is.
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print $0 ",missing"; next } { print $0 "," $at["sent"] - $at["consumed"] }' "$csv" |
		summarize -v column=missing -v scale=1 -v keys=subject | rows %.0f
	printf '\n## Rate that was really offered, million a second\n\n| subject | median | min to max |\n|---|---|---|\n'
	awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) at[$i] = i; print $0 ",rate"; next } { print $0 "," $at["sent"] / $at["duration_s"] }' "$csv" |
		summarize -v column=rate -v scale=1e6 -v keys=subject | rows %.3f
	printf '\n## CPU of the consumer, cores\n\n| subject | median | min to max |\n|---|---|---|\n'
	summary consumer_cpu | rows %.3f
	printf '\n## Latency from the XDP program to the consumer, microseconds\n'
	for q in p50 p99 p999 max; do
		printf '\n| %s | median | min to max |\n|---|---|---|\n' "$q"
		summarize -v column="$q" -v scale=1000 -v keys=subject "$out/loss-latency.csv" | rows %.1f
	done
}
