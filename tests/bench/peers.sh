# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# What people use today, on the same path: frames of three sizes, one flow and a thousand, one queue and two; how long each takes until it is ready, what
# memory it holds; and round trips of datagrams.

peer_subjects=(drop bare "afxdpd -m spin" "afxdpd -m adaptive" testpmd "testpmd busy_budget=0" tcpdump:/dev/null dumpcap:/dev/null netsniff-ng:/dev/null)
peer_sizes=(64 512 1500)
peer_loads=("1 1" "1000 1" "1000 2") # flows, queues

# shellcheck disable=SC2317 # called as start_echo, stop_echo by subjects.sh
start_echo() {
	case $1 in
	kernel) ip -n "$RX" addr replace 10.9.0.2/24 dev b1; launch ready "$TOOLS/rtt" serve 7 ;;
	*) ip -n "$RX" addr flush dev b1; launch ": ready" "$BUILD/afxdpd" -i b1 -m "$1" -s echo:10.9.0.2 --report "$SCRATCH/report.json" ;;
	esac
}
# shellcheck disable=SC2317
stop_echo() { end TERM; }

# Milliseconds from the command line to readiness go to a CSV of their own.
peer_ready() {
	awk -v r="$round" -v s="$SUBJECT" -v a="$peer_started" -v b="$EPOCHREALTIME" 'BEGIN { printf "peers,%s,%s,%.0f,yes\n", r, s, (b - a) * 1e3 }' >>"$out/peers-ready.csv"
}

round_trips() {
	local s json
	link 1
	ip -n "$TX" addr replace 10.9.0.1/24 dev b0
	for s in echo:kernel echo:spin echo:adaptive echo:interrupt; do
		subject_start "$s"
		json=$(in_ns "$TX" taskset -c "$GEN" "$TOOLS/rtt" ask 10.9.0.2 7 $((quick ? 1 : 3))) || die "$s does not answer"
		subject_stop
		jq -r --arg r "$round" --arg s "$s" '["peers", $r, $s, .trips, .lost, .p50_ns, .p99_ns, .p999_ns, "yes"] | join(",")' <<<"$json" >>"$out/peers-echo.csv"
		progress "peers, round $round: $s: $(jq -c . <<<"$json")"
	done
}

run_peers() {
	local s size load
	echo benchmark,round,subject,ready_ms,sane >"$out/peers-ready.csv"
	echo benchmark,round,subject,trips,lost,p50_ns,p99_ns,p999_ns,sane >"$out/peers-echo.csv"
	[ "$quick" = 0 ] || peer_sizes=(64) peer_loads=("1 1")
	AFTER_START=peer_ready
	for ((round = 1; round <= (quick ? 1 : 3); round++)); do
		for load in "${peer_loads[@]}"; do
			# A frame of 1500 bytes without FCS is within the MTU.
			link "${load#* }"
			for size in "${peer_sizes[@]}"; do
				for s in "${peer_subjects[@]}"; do
					# It counts combined channels, of which veth has none, and opens one queue.
					[[ $LINK_QUEUES = 1 || $s != testpmd* ]] || continue
					peer_started=$EPOCHREALTIME
					trial "$s" 1 max "$size" "${load% *}"
				done
			done
		done
		round_trips
	done
	AFTER_START=:
}

table_peers() {
	local load
	for load in "${peer_loads[@]}"; do
		printf '## Flows: %s, queues: %s: frames consumed, million a second\n\n' "${load% *}" "${load#* }"
		awk -F, -v f="${load% *}" -v q="${load#* }" 'NR == 1 || ($5 == f && $6 == q)' "$csv" >"$SCRATCH/load.csv"
		grid "$SCRATCH/load.csv" size consumed_pps 1e6 %.2f "bytes a frame"
		echo
	done
	printf '`drop` is the ceiling: a program that drops every frame. The kernel spreads a thousand flows over two queues; generator, kernel and consumers share two cores. testpmd (net_af_xdp) opens one queue of a veth only.\n'
	printf '\n## CPU of the consumer at 64 bytes, one flow, one queue, cores\n\n| subject | median | min to max |\n|---|---|---|\n'
	awk -F, 'NR == 1 || ($4 == 64 && $5 == 1)' "$csv" >"$SCRATCH/load.csv"
	csv=$SCRATCH/load.csv summary consumer_cpu | rows %.2f
	printf '\n## Resident memory, MiB\n\n| subject | median | min to max |\n|---|---|---|\n'
	csv=$SCRATCH/load.csv summary resident_kib 1024 | rows %.1f
	printf '\n## Command line to readiness, ms\n\nWhen its first line that says so is there.\n\n| subject | median | min to max |\n|---|---|---|\n'
	csv=$out/peers-ready.csv summary ready_ms | rows %.0f
	printf '\n## Round trip of a datagram, us, median\n\nA UDP client that does not sleep on core %s, one datagram under way. `kernel` is a UDP socket, `recvfrom()` and `sendto()`; the others `afxdpd -s echo`, by mode.\n\n| subject | median | min to max |\n|---|---|---|\n' "$GEN"
	csv=$out/peers-echo.csv summary p50_ns 1000 | rows %.1f
	printf '\n## The same, 99th percentile\n\n| subject | median | min to max |\n|---|---|---|\n'
	csv=$out/peers-echo.csv summary p99_ns 1000 | rows %.1f
}
