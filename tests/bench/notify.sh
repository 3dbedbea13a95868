#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/bench/notify.sh [--quick]: how xnic learns that frames arrived, five ways, over the offered load, in instruction time. Writes
# docs/benchmarks/notify.md, notify.csv and the plots. The figures repeat: scripts/vm --icount. The daemon's ways, in real time: tests/bench/load.sh.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
case ${1-} in
"" | --quick) ;;
*) echo "tests/bench/notify.sh: unknown option '$1'; --quick is the only one" >&2; exit 2 ;;
esac
cd "$ROOT"
make -s kmod build/tests/xnic.stamp build/tests/vm/modules/offer.ko
dir=${BENCH_OUT:-docs/benchmarks}
out=$dir/notify.md csv=$dir/notify.csv
mkdir -p "$dir"
scratch=$(mktemp -d)
cleanup rm -rf "$scratch"

# Preemptible, so that a receiver that wakes up runs at once.
scripts/vm --icount --nics 2 --timeout 1800 --append preempt=full -- tests/bench/notify-guest ${1:+quick} >"$scratch/rows"
{ echo "way,offered,sent,received,refused,elapsed_ns,own_ns,idle_us,interrupts,polls,poll_ns,p50_us,p99_us"; cat "$scratch/rows"; } >"$csv"
# A figure of which the frames do not add up is none. The socket's refusals are more than what was lost: the driver keeps what was refused, and tries
# it again.
awk -F, '$3 < 1 || $4 > $3 || $4 + $5 < $3 { print "notify: frames do not add up: " $0; bad = 1 } END { exit bad }' "$scratch/rows" >&2

mapfile -t ways < <(cut -d, -f1 "$scratch/rows" | awk '!seen[$0]++')
mapfile -t rates < <(cut -d, -f2 "$scratch/rows" | sort -nu)

# value WAY RATE EXPRESSION: of its row; s: seconds.
value() { awk -F, -v w="$1" -v r="$2" '$1 == w && $2 == r { s = $6 / 1e9; printf "'"$4"'", '"$3"' }' "$scratch/rows"; }
# table EXPRESSION FORMAT
table() {
	local w r
	printf '| offered, frames/s |%s\n|---|%s\n' "$(printf ' %s |' "${rates[@]}")" "$(printf -- '---|%.0s' "${rates[@]}")"
	for w in "${ways[@]}"; do
		printf '| %s |' "$w"
		for r in "${rates[@]}"; do printf ' %s |' "$(value "$w" "$r" "$1" "$2")"; done
		echo
	done
}
# plot FILE LABEL EXPRESSION [y]
plot() {
	local w r lines='' n=0
	for w in "${ways[@]}"; do
		n=$((n + 1))
		for r in "${rates[@]}"; do echo "$r $(value "$w" "$r" "$3" %.4f)"; done >"$scratch/$n"
		lines+="${lines:+, }'$scratch/$n' using 1:2 with linespoints pt 7 ps 0.5 lw 2 title '$w'"
	done
	gnuplot <<-END
		set terminal svg size 720,420 font "sans,12"
		set output "$dir/$1"
		set logscale x${4:-}
		set xlabel "offered frames/s"
		set ylabel "$2"
		set grid
		set key outside right
		plot $lines
	END
}

busy='100 - $8 / s / 1e4 - $7 / $6 * 100'
{
	cat <<-END
	# How xnic learns that frames arrived

	Made by \`make bench-notify\`: QEMU $(qemu-system-x86_64 --version | sed -n '1s/.*version \([^ ]*\).*/\1/p'), Debian's 6.12 kernel with preempt=full, one processor, \`-icount shift=0\`: the guest's
	clock counts instructions (1 us is 1,000), so that the figures are nearly the same on any machine. Frames of 60 bytes, one flow, evenly spaced, from a timer's soft
	interrupt on the same processor (tests/vm/modules/offer.c); into a zero-copy AF_XDP socket whose program sleeps in poll(), or polls the device itself.

	| way | setting |
	|---|---|
	| interrupt | \`ethtool -C eth0 adaptive-rx off rx-usecs 0\`: one for each frame that finds the pair unmasked; NAPI then takes what is there, 64 a turn |
	| timer 1 ms | \`ethtool -C eth0 rx-usecs 1000\`: at most one a millisecond |
	| adaptive | \`ethtool -C eth0 adaptive-rx on\`: the interval follows the traffic (DIM) |
	| deferred 200 us | \`napi_defer_hard_irqs\` 1, \`gro_flush_timeout\` 200000: after work the kernel looks again by its own timer before it unmasks |
	| busy poll | the same, and SO_PREFER_BUSY_POLL: the program's system calls poll the device |

	QEMU 7.2 bends two of these. It lets no vector fire more often than every 128 us, whatever the driver asks for, so that no more than 7,813 a second can be
	wanted: what is between frames and interrupts above that is the model's work, not the driver's. And once it has put off one interrupt it sends one
	more at the end of every interval, masked or not: counts are up to twice what a card's would be, and deferral does not get the quiet that it asks for.
	Besides, poll() on a zero-copy socket makes the kernel wake the driver each time, because the socket's TX ring is idle: a poll without an interrupt.

	## Latency from the sender's time stamp to the program, median, us

	END
	table '$12' %d
	printf '\n## The same, 99th percentile\n\n'
	table '$13' %d
	printf '\n![latency](notify-p99.svg)\n\n## Interrupts a second\n\n'
	table '$9 / s' %.0f
	printf '\n![interrupts](notify-interrupts.svg)\n\n## Instructions in polls, a frame\n\n'
	table '$11 / $3' %.0f
	printf '\n## What reception takes of the processor, percent\n\nWithout the time in which it idled and the sender'"'"'s own work. Where even the ways that sleep leave nothing idle the processor is full.\n\n'
	table "$busy" %.1f
	printf '\n![CPU](notify-cpu.svg)\n\n## Frames lost, percent\n\n'
	table '($3 - $4) * 100 / $3' %.2f
} >"$out"
plot notify-p99.svg "99th percentile latency, us" '$13' y
plot notify-interrupts.svg "interrupts a second" '$9 / s' y
plot notify-cpu.svg "reception, percent of the processor" "$busy"
say "$out, $csv"
