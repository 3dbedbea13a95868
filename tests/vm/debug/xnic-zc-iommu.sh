#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic behind a strict IOMMU: frames of several buffers in an unaligned pool, whose buffers lie across pages that are neighbours for the device and not in
# memory. What an XDP program reads of a frame is what was sent, or the frame is dropped and counted.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../../xnic/lib.sh"
xnic_guest --timeout 600 --iommu

looked() { bpftool -j map dump pinned $XDP/maps/looked | jq ".[0].formatted.value.$1"; }
xnic_load
xnic_ports 3000
ip addr flush dev eth0
on eth1 ip addr flush dev eth1
ethtool -L eth0 combined 1
carriers
bpffs
rm -rf $XDP
mkdir $XDP
bpftool prog loadall "$BUILD/tests/xnic/look.bpf.o" $XDP/progs pinmaps $XDP/maps
bpftool net attach xdpdrv pinned $XDP/progs/look dev eth0
mac=$(cat /sys/class/net/eth0/address)

# The device's addresses of a second socket are those that the first gave back: in order, whatever pages they now stand for.
for run in 1 2 3; do
	"$BUILD/tests/xnic/xskfuzz" eth0 0 15 calm >/tmp/calm &
	socket=$!
	wait_for 60 bash -c "[ \"\$(bpftool -j map dump pinned $XDP/maps/xsks | grep -c value)\" -gt 0 ]" || fail "no socket"
	on eth1 python3 - "$mac" <<-'END'
	import socket, sys, time
	s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	s.bind(("eth1", 0))
	frame = bytes.fromhex(sys.argv[1].replace(":", "")) + bytes(6) + b"\x88\xb5" + b"\xa5" * 2900
	end = time.time() + 8
	while time.time() < end:
	    for i in range(16):
	        s.send(frame)
	    time.sleep(0.01)
	END
	wait $socket || fail "the socket died"
	say "socket $run: $(cat /tmp/calm), looked at $(looked frames), wrong $(looked wrong); $(ethtool -S eth0 | grep -E ' rx0_' | grep -v ': 0$' | xargs)"
done
[ "$(looked frames)" -gt 300 ] || fail "only $(looked frames) frames came"
expect_eq "frames that the program saw otherwise than they were sent" "$(looked wrong)" 0
expect_eq "frames looked at or counted as lost" "$(($(looked frames) + $(counters 'rx0_(xsk_invalid|length_errors|errors)' eth0)))" \
	"$(counters 'rx0_(packets|xsk_invalid|length_errors|errors)' eth0)"
bpftool net detach xdpdrv dev eth0
ip link set eth0 down
xnic_unload
