# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# From the command line to the first frame, and from SIGTERM to the end. Traffic is already there.

run_start() {
	local pid t0 t1 t2 first mode
	echo benchmark,round,subject,first_frame_ms,stop_ms,sane >"$csv"
	link 1
	# As users run it: stop waits for the kernel's threads, which a spinning worker of high priority
	# keeps off its core.
	priority 0
	for ((round = 1; round <= (quick ? 3 : 11); round++)); do
		for mode in interrupt adaptive spin; do
			nsenter --net="/run/netns/$TX" -- taskset -c "$GEN" "$BUILD/afxdpgen" -i b0 --pps 100k >/dev/null 2>&1 &
			pid=$!
			t0=$EPOCHREALTIME
			subject_start "afxdpd -m $mode -s pcap:$SCRATCH/capture"
			sleep 0.3
			t1=$EPOCHREALTIME
			end TERM
			t2=$EPOCHREALTIME
			kill -INT $pid
			wait $pid || true
			# Its time stamp is when the XDP program saw it.
			first=$(tcpdump -r "$SCRATCH/capture" -tt -c 1 2>/dev/null | cut -d' ' -f1)
			awk -v r="$round" -v m="$mode" -v t0="$t0" -v f="$first" -v t1="$t1" -v t2="$t2" \
				'BEGIN { printf "start,%s,afxdpd -m %s,%.1f,%.1f,%s\n", r, m, (f - t0) * 1e3, (t2 - t1) * 1e3, f ? "yes" : "no frame" }' >>"$csv"
			progress "$(tail -n 1 "$csv")"
			rm -f "$SCRATCH/capture"
		done
	done
	priority -20
}

table_start() {
	printf '## Command line to first frame seen by the XDP program, ms\n\n| subject | median | min to max |\n|---|---|---|\n'
	summary first_frame_ms | rows %.0f
	printf '\n## SIGTERM to the end of the process, ms\n\n| subject | median | min to max |\n|---|---|---|\n'
	summary stop_ms | rows %.0f
}
