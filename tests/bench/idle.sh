# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# What a receiver costs when nothing arrives: CPU, and resident memory beside its UMEM.

run_idle() {
	local s t0 t1 cpu0 cpu1 seconds=$((quick ? 2 : 10))
	echo benchmark,round,subject,cpu_percent,resident_kib,umem_kib,sane >"$csv"
	link 1
	for ((round = 1; round <= (quick ? 1 : 3); round++)); do
		for s in "afxdpd -m interrupt" "afxdpd -m adaptive" "afxdpd -m busy" "afxdpd -m spin" testpmd tcpdump:/dev/null; do
			subject_start "$s"
			sleep 1
			cpu0=$(process_ns "$SUBJECT_PID") t0=$EPOCHREALTIME
			sleep $seconds
			cpu1=$(process_ns "$SUBJECT_PID") t1=$EPOCHREALTIME
			resident=$(resident_kib "$SUBJECT_PID")
			subject_stop
			awk -v r="$round" -v s="$s" -v a="$cpu0" -v b="$cpu1" -v t0="$t0" -v t1="$t1" -v m="$resident" -v u="$([[ $s != afxdpd* ]] || echo 16384)" \
				'BEGIN { printf "idle,%s,%s,%.4f,%s,%s,yes\n", r, s, (b - a) / (t1 - t0) / 1e7, m, u }' >>"$csv"
			progress "$(tail -n 1 "$csv")"
		done
	done
}

table_idle() {
	printf '## CPU without traffic, percent of a core\n\n| subject | median | min to max |\n|---|---|---|\n'
	summary cpu_percent | rows %.3f
	printf '\n## Resident memory, MiB\n\nOf afxdpd, 64 MiB are its UMEM (32768 frames of 2048 bytes).\n\n| subject | median | min to max |\n|---|---|---|\n'
	summary resident_kib 1024 | rows %.1f
}
