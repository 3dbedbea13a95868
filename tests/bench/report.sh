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
