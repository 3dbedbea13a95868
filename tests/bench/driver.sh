#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/bench/driver.sh: what xnic's polls cost in instructions per frame, beside the drivers that one would use in a virtual machine
# otherwise. Writes docs/benchmarks/driver.md and driver.csv. The figures repeat: scripts/vm --icount.
set -euo pipefail
# shellcheck source=scripts/lib.sh
. "$(dirname "$0")/../../scripts/lib.sh"
cd "$ROOT"
make -s kmod build/tests/xnic.stamp
frames=${FRAMES:-10000}
dir=${BENCH_OUT:-docs/benchmarks}
out=$dir/driver.md csv=$dir/driver.csv
mkdir -p "$dir"

echo "driver,case,frames,polls,instructions,least_poll,rx_doorbells,tx_doorbells" >"$csv"
for device in e1000e:xnic e1000e:e1000e vmxnet3:vmxnet3 virtio-net-pci:virtio_net; do
	say "${device#*:}"
	scripts/vm --icount --nics 2 --timeout 900 --device "${device%:*}" -- tests/bench/driver-guest "${device#*:}" "$frames" >>"$csv"
done

# figure DRIVER CASE: instructions a frame; "-" if the driver cannot.
figure() { awk -F, -v d="$1" -v c="$2" '$1 == d && $2 == c { printf "%.0f", $5 / $3; n++ } END { if (!n) printf "-" }' "$csv"; }
batch() { awk -F, -v d="$1" -v c="$2" '$1 == d && $2 == c { printf "%.0f", $3 / $4 }' "$csv"; }
bell() { awk -F, -v c="$1" -v f="$2" '$1 == "xnic" && $2 == c { printf "%.1f", $3 / $f }' "$csv"; }
ratio() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.1f", a / b }'; }
row() { printf '| %s | %s | %s | %s | %s |\n' "$1" "$(figure xnic "$2")" "$(figure e1000e "$3")" "$(figure vmxnet3 "$2")" "$(figure virtio_net "$2")"; }
{
	cat <<-END
	# What a driver's poll costs

	Made by \`make bench-driver\`: QEMU $(qemu-system-x86_64 --version | sed -n '1s/.*version \([^ ]*\).*/\1/p'), Debian's 6.12 kernel, one processor, \`-icount shift=0\`: the guest's
	clock counts instructions, so that the figures repeat on any machine. $frames frames of 60 bytes, 64 flows, from pktgen on the other port; all that the device's NAPI poll function
	does is counted, probes included (a poll that finds nothing: $(awk -F, '$1 == "xnic" && $2 ~ /DROP/ { print $6 }' "$csv") instructions, most of them the probes'). A backlog is kept: 4 ms from one round of polls to the next, so that there were
	$(batch xnic "XDP_DROP drv") frames a poll. The programs do nothing but return their verdict.

	Instructions a frame:

	| | xnic | e1000e | vmxnet3 | virtio-net |
	|---|---|---|---|---|
	END
	row "to the stack, dropped by its routing" stack stack
	row "XDP_DROP (e1000e: generic)" "XDP_DROP drv" "XDP_DROP generic"
	row "XDP_TX (e1000e: generic)" "XDP_TX drv" "XDP_TX generic"
	row "XDP_REDIRECT to itself (e1000e: generic)" "redirect drv" "redirect generic"
	row "AF_XDP socket, generic mode" "AF_XDP receive generic" "AF_XDP receive generic"
	row "AF_XDP socket, native mode, copy" "AF_XDP receive copy" "-"
	row "AF_XDP socket, zero-copy" "AF_XDP receive zero-copy" "-"
	row "sent from an AF_XDP socket, copy: cleaning alone" "AF_XDP send copy" "AF_XDP send copy"
	row "sent from an AF_XDP socket, zero-copy: everything" "AF_XDP send zero-copy" "-"
	zc=$(figure xnic "AF_XDP receive zero-copy") copy=$(figure xnic "AF_XDP receive copy") generic=$(figure e1000e "AF_XDP receive generic")
	cat <<-END

	xnic's zero-copy reception costs $zc instructions: $(ratio "$generic" "$zc") times fewer than e1000e's generic mode into the same socket, $(awk -v a="$zc" -v b="$copy" 'BEGIN { printf "%.0f", 100 * (1 - a / b) }') % fewer than
	its own copy mode. Frames a doorbell (a write to the receive tail register): XDP_DROP $(bell "XDP_DROP drv" 7), copy $(bell "AF_XDP receive copy" 7), zero-copy $(bell "AF_XDP receive zero-copy" 7); sending by zero-copy $(bell "AF_XDP send zero-copy" 8).
	END
} >"$out"
say "$out, $csv"
