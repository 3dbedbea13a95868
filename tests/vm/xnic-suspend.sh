#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic: suspend to RAM and back at every depth that the kernel can test, and for real, under traffic, with a program, with the port down, and with
# the cable pulled meanwhile. Afterwards frames flow, settings are as before, counters have not gone back. FUZZ=N: then also beside a hostile process
# (tests/xnic/xskfuzz.c) whose sockets come and go, for N seconds.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
cd "$ROOT"
# The root file system of the other guests does not survive this.
xnic_disk_free() {
	local f with=()
	[ -z "${XNIC_GUEST:-}" ] || return 0
	for f in "$0" tests/xnic/lib.sh tests/vm/lib-faults.sh tests/lib.sh scripts/lib.sh build/tests/xnic/accept.bpf.o \
		"$(xnic_ko)" "$(command -v ping)" "$(command -v nsenter)" "$(command -v jq)"; do
		with+=(--with "$(realpath -s "$f")")
	done
	if [ -n "${FUZZ:-}" ]; then
		make -s build/tests/xnic.stamp >&2
		for f in build/tests/xnic/xskfuzz build/tests/xnic/fuzz.bpf.o "$(command -v bpftool)"; do with+=(--with "$(realpath -s "$f")"); done
	fi
	xnic_guest --timeout $((600 + 10 * ${FUZZ:-0})) --disk-free "${with[@]}" --with libphy --with marvell --with sch_fq
}
xnic_disk_free

ping_ok() { ping -q -c 10 -i 0.02 -W 5 10.0.0.2 | grep -q " 0% packet loss" || fail "ping lost packets $*"; }
sleep_at() {
	local woken=/sys/kernel/debug/suspend_stats
	local before
	before=$(awk '/^success/ { print $2 }' $woken)
	echo "$1" >/sys/power/pm_test
	vm-sleep || fail "suspend ($1) was refused: $(cat $woken)"
	[ "$(awk '/^success/ { print $2 }' $woken)" -gt "$before" ] || fail "no suspend ($1)"
}

xnic_load
xnic_ports
ping_ok
ethtool -G eth0 rx 256 tx 128
ethtool -C eth0 rx-usecs 100
ip link set eth0 xdp obj build/tests/xnic/accept.bpf.o sec xdp
sent=$(stat64 tx_packets eth0)
while [ ! -e /tmp/quiet ]; do ping -q -f -w 2 10.0.0.2 >/dev/null 2>&1 || sleep 0.1; done &
for depth in freezer devices platform processors core; do
	sleep_at $depth
	carriers
	wait_for 30 ping -q -c 1 -W 1 10.0.0.2 || fail "no ping after a suspend to '$depth'"
done
touch /tmp/quiet
wait
ping_ok "after the suspends"
[ "$(stat64 tx_packets eth0)" -gt "$sent" ] || fail "a counter went back"
expect_eq "rings" "$(ethtool -g eth0 | awk '/^(RX|TX):/ { n[$1] = $2 } END { print n["RX:"], n["TX:"] }')" "256 128"
expect_match "rx-usecs" "$(ethtool -c eth0)" $'rx-usecs:[\t ]*100'
expect_match "the program" "$(ip link show eth0)" "xdp"

# Beside a process that does with its sockets what it likes, and with a program that does the same with its frames.
if [ -n "${FUZZ:-}" ]; then
	ip link set eth0 xdp off
	fuzz_load
	fuzz_config "$FUZZ" 0 0
	bpftool net attach xdpdrv pinned $XDP/progs/fuzz_one dev eth0
	rm /tmp/quiet
	while [ ! -e /tmp/quiet ]; do ping -q -f -w 2 10.0.0.2 >/dev/null 2>&1 || sleep 0.1; done &
	traffic=$!
	"$BUILD/tests/xnic/xskfuzz" eth0 0 "$FUZZ" "$FUZZ" >/tmp/fuzz &
	hostile=$!
	while kill -0 $hostile 2>/dev/null; do
		sleep_at devices
		carriers
		sleep 2
	done
	wait $hostile || fail "the hostile process failed"
	touch /tmp/quiet
	wait $traffic
	say "a hostile process: $(cat /tmp/fuzz)"
	[ "$(jq .sockets /tmp/fuzz)" -gt 0 ] || fail "that was no fuzzing"
	bpftool net detach xdpdrv dev eth0
	ping_ok "after suspends beside a hostile process"
fi

# Closed when it falls asleep, closed when it wakes.
ip link set eth0 down
sleep_at devices
ip link set eth0 up
carriers
ping_ok "after a suspend while down"

# The cable is out when it wakes.
vm-link nic0 down
sleep_at devices
wait_for 20 sh -c "! ip -br link show eth0 | grep -q LOWER_UP" || fail "a link without a cable"
vm-link nic0 up
carriers
ping_ok "after the cable was out"
xnic_unload
