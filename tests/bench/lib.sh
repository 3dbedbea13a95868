# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For benchmarks: a veth pair, one trial of one subject under one load, and its row in the CSV.
#
# Generator and the kernel's receive work run on core GEN, the consumer on core CONS. A trial's number counts only if the frames add up: what the
# generator sent is what the receiving driver saw, and what the subject says it consumed and lost is that again, as far as it says.

# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../../scripts/lib.sh"
# shellcheck source=tests/bench/subjects.sh
. "$(dirname "${BASH_SOURCE[0]}")/subjects.sh"

TOOLS=$BUILD/tests/bench
GEN=0
CONS=$(($(nproc) > 1 ? 1 : 0))
TX=bt$RUN_ID RX=br$RUN_ID
# shellcheck disable=SC2154 # set by run
SCRATCH=$scratch

# priority NICE: of this session; its autogroup's too, which is what the scheduler weighs.
priority() {
	{ echo "$1" >/proc/self/autogroup; } 2>/dev/null || true
	renice -n "$1" -p $$ >/dev/null 2>&1 || true
}

progress() { printf '  %s\n' "$*" >&2; }

# link QUEUES [MTU]: (re)make the pair: b0 in $TX sends, b1 in $RX receives. GRO on, so that frames of the generator are taken also without XDP.
LINK_QUEUES=1
link() {
	LINK_QUEUES=$1
	[ -e "/run/netns/$TX" ] || { netns_add "$TX"; netns_add "$RX"; }
	ip -n "$TX" link delete b0 2>/dev/null || true
	veth_pair "$TX" b0 "$RX" b1 "$1"
	if [ -n "${2:-}" ]; then
		ip -n "$TX" link set b0 mtu "$2"
		ip -n "$RX" link set b1 mtu "$2"
	fi
	in_ns "$RX" ethtool -K b1 gro on >/dev/null
}

driver_received() { ip -n "$RX" -j -s link show dev b1 | jq '.[0].stats64.rx.packets'; }
# CPU time of a process and of its children that still live, ns, on the run queue's clock rather than in ticks.
process_ns() {
	local pid total=0 ns rest t
	for pid in "$@"; do
		for t in "/proc/$pid/task/"*/schedstat; do
			{ read -r ns rest <"$t"; } 2>/dev/null || continue
			total=$((total + ns))
		done
	done
	echo $total
}
resident_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status" 2>/dev/null || echo 0; }
# Busy time and softirq time of the cores we use, in ticks: "busy softirq". All that is not idle, waiting or stolen.
core_ticks() {
	awk -v a="cpu$GEN" -v b="cpu$CONS" '$1 == a || (a != b && $1 == b) { busy += $2 + $3 + $4 + $7 + $8; soft += $7 + $8; steal += $9 }
		END { print busy, soft, steal }' /proc/stat
}

# shellcheck disable=SC2034 # for run
CSV_HEAD=benchmark,round,subject,size,flows,queues,offered_pps,sent,received,consumed,lost,duration_s,consumed_pps,late,consumer_cpu,kernel_cpu,other_cpu,resident_kib,sane

# What else afxdpgen is told; what to do when the subject is ready.
GEN_EXTRA=()
AFTER_START=:

# trial SUBJECT SECONDS PPS|max SIZE FLOWS: one run. Sets sent, consumed, duration, sane (empty, or why not), and writes the row of $round.
# shellcheck disable=SC2034,SC2154 # results, for the benchmarks; variables of run
trial() {
	local subject=$1 seconds=$2 pps=$3 size=$4 flows=$5
	local before cpu0 cpu1 gen_cpu core0 core1 ticks hz json status=0 cpus=$GEN rest
	[ "$LINK_QUEUES" = 1 ] || cpus=0-$((LINK_QUEUES - 1))
	hz=$(getconf CLK_TCK)
	subject_start "$subject"
	$AFTER_START
	before=$(driver_received)
	cpu0=$(process_ns "$SUBJECT_PID")
	core0=$(core_ticks)
	json=$( (
		TIMEFORMAT='%U %S'
		time in_ns "$TX" taskset -c "$cpus" "$BUILD/afxdpgen" -i b0 --cpus "$cpus" --spin --duration "$seconds" --pps "$pps" --size "$size" --flows "$flows" "${GEN_EXTRA[@]}"
	) 2>"$SCRATCH/gen.err") || status=$?
	core1=$(core_ticks)
	cpu1=$(process_ns "$SUBJECT_PID")
	resident=$(resident_kib "$SUBJECT_PID")
	read -r gen_cpu rest < <(awk 'END { print $1 + $2 }' "$SCRATCH/gen.err")
	# What waits in rings and buffers still counts.
	sleep "$(subject_settles)"
	subject_stop
	received=$(($(driver_received) - before))
	[ $status = 0 ] || die "afxdpgen failed: $(head -n 1 "$SCRATCH/gen.err")"
	sent=$(jq .sent <<<"$json")
	duration=$(jq .duration_s <<<"$json")
	late=$(jq .late <<<"$json")
	[ "$consumed" != driver ] || consumed=$received
	sane=
	[ "$sent" = "$received" ] || sane="sent $sent but the driver saw $received"
	[ "$consumed" -le "$received" ] || sane="consumed $consumed of $received"
	[ -z "$lost" ] || [ $((consumed + lost)) = "$received" ] || sane="consumed $consumed, lost $lost of $received"
	[ "$(jq -r .engine <<<"$json")" = xdp ] || sane="frames went by AF_PACKET"
	read -ra ticks <<<"$core0 $core1"
	consumed_pps=$(awk -v n="$consumed" -v d="$duration" 'BEGIN { printf "%.0f", (d > 0 ? n / d : 0) }')
	consumer_cpu=$(awk -v a="$cpu0" -v b="$cpu1" -v d="$duration" 'BEGIN { printf "%.3f", (b - a) / d / 1e9 }')
	kernel_cpu=$(awk -v t="$((ticks[4] - ticks[1]))" -v hz="$hz" -v d="$duration" 'BEGIN { printf "%.3f", t / hz / d }')
	other_cpu=$(awk -v busy="$((ticks[3] - ticks[0]))" -v hz="$hz" -v d="$duration" -v g="$gen_cpu" -v a="$cpu0" -v b="$cpu1" -v k="$kernel_cpu" '
		BEGIN { x = busy / hz / d - g / d - (b - a) / d / 1e9 - k; printf "%.3f", (x < 0 ? 0 : x) }')
	printf '%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s,%s\n' "$benchmark" "$round" "$subject" "$size" "$flows" "$LINK_QUEUES" "$pps" \
		"$sent" "$received" "$consumed" "$lost" "$duration" "$consumed_pps" "$late" "$consumer_cpu" "$kernel_cpu" "$other_cpu" "$resident" \
		"${sane:-yes}" >>"$csv"
	progress "$benchmark, round $round: $subject: $(awk -v p="$consumed_pps" 'BEGIN { printf "%.3f M/s", p / 1e6 }')${sane:+, NOT COUNTED: $sane}"
}

# summarize -v column=NAME...[CSV]: summary.awk.
summarize() { awk -F, -f "$ROOT/tests/bench/median.awk" -f "$ROOT/tests/bench/summary.awk" "$@"; }
# summary COLUMN [SCALE [KEYS]]: of the benchmark's CSV: key, median, minimum, maximum, rounds, tab-separated; only rows that add up.
summary() { summarize -v column="$1" -v scale="${2:-1}" -v keys="${3:-subject}" "$csv"; }
# ratios BASE COLUMN: the same of each subject's ratio to BASE, taken round by round.
ratios() { awk -F, -v base="$1" -v column="$2" -f "$ROOT/tests/bench/ratios.awk" "$csv" | summarize -v column=ratio -v scale=1 -v keys=subject; }
