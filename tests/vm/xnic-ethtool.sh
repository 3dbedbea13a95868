#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic: what ethtool shows and sets: rings, channels, moderation, pause, RSS, statistics, registers, self test, loopback; and what it refuses, why.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
xnic_guest --timeout 600

ping_ok() { ping -q -c 5 -i 0.02 -W 5 10.0.0.2 | grep -q " 0% packet loss" || fail "ping lost packets $*"; }
# shows WORDS OPTION...: ethtool OPTION... eth0 prints a line that begins with WORDS.
shows() {
	local words=$1 out; shift
	out=$(ethtool "$@")
	[[ $'\n'$out == *$'\n'"$words"* ]] || fail "ethtool $* does not say '$words' but: $out"
}
# refused TEXT OPTION...: it fails and gives the reason TEXT.
refused() {
	local text=$1; shift
	OUT=$(ethtool "$@" 2>&1) && fail "ethtool $* was not refused"
	[[ $OUT == *"$text"* ]] || fail "ethtool $* does not say '$text' but: $OUT"
}
counter() { ethtool -S eth0 | awk -v name="$1:" '$1 == name { print $2 }'; }
# ring rx|tx: the ring's size now.
ring() { ethtool -g eth0 | awk -v name="${1^^}:" '$1 == name { n = $2 } END { print n }'; }

xnic_load
xnic_ports 1500
ping_ok

shows "driver: xnic" -i eth0
shows "bus-info: 0000:" -i eth0
shows $'\tSpeed: 1000Mb/s' eth0
shows $'\tLink detected: yes' eth0

# Ring sizes: any in the range, rounded up; the port works before, between and after; a change while it is down holds.
refused "rx ring of 63 descriptors: at least 64 are needed" -G eth0 rx 63
refused "tx ring of 1 descriptors: at least 64 are needed" -G eth0 tx 1
refused "exceeds maximum" -G eth0 rx 4097
for size in 64 1000 4096; do
	ethtool -G eth0 rx $size tx $size
	ping_ok "with rings of $size"
done
ethtool -G eth0 rx 100 tx 512
expect_eq "rx ring" "$(ring rx)" 128
expect_eq "tx ring" "$(ring tx)" 512
ip link set eth0 down
ethtool -G eth0 rx 512
ip link set eth0 up
carriers
expect_eq "rx ring" "$(ring rx)" 512
ping_ok "after a change of rings while down"
# The port works on the new rings before the pages of the old ones are freed, which takes long enough for the stack's watchdog.
started=napi_enable
! grep -q ' napi_enable_locked' /proc/kallsyms || started=napi_enable_locked # what the driver calls where there is one
printf '%s\n' "p:started $started" 'p:freed xnic_mem_free' >$TRACING/kprobe_events
echo 1 >$TRACING/events/kprobes/enable
ethtool -G eth0 rx 1024
echo 0 >$TRACING/events/kprobes/enable
expect_eq "order" "$(grep -o 'started:\|freed:' $TRACING/trace | uniq | tr -d '\n')" "started:freed:"
echo >$TRACING/kprobe_events

# Channels: the RSS table follows, unless the user made one.
refused "exceeds maximum" -L eth0 combined 3
before=$(stat64 rx_packets eth0)
ethtool -L eth0 combined 1
shows "RX flow hash indirection table for eth0 with 1 RX ring(s)" -x eth0
ping_ok "with one queue pair"
[ "$(stat64 rx_packets eth0)" -ge $((before + 5)) ] || fail "a counter went back when a queue went away"
ip link set eth0 down
ethtool -L eth0 combined 2
ethtool -L eth0 combined 1
ip link set eth0 up
carriers
tcp_copy 1
ethtool -L eth0 combined 2
tcp_copy 1
ethtool -X eth0 weight 1 3
refused "too low for existing indirection table" -L eth0 combined 1
ethtool -X eth0 default

# RSS: 16 flows over both queues; a table with one queue sends them all there; a key is kept.
flows() {
	local port
	for ((port = 0; port < 16; port++)); do
		in_ns peer timeout 120 nc -l -N 10.0.0.2 $((6000 + port)) </dev/null >/dev/null &
	done
	wait_for 60 bash -c "[ \$(nsenter --net=/run/netns/peer ss -ltnH | wc -l) = 16 ]" || fail "nc does not listen"
	for ((port = 0; port < 16; port++)); do echo x | timeout 120 nc -N 10.0.0.2 $((6000 + port)) >/dev/null; done
	wait
}
queue() { counters "rx$1_packets" eth1; }
q0=$(queue 0) q1=$(queue 1)
flows
if [ "$(queue 0)" = "$q0" ] || [ "$(queue 1)" = "$q1" ]; then fail "16 flows used one queue only"; fi
on eth1 ethtool -X eth1 weight 0 1
q0=$(queue 0) q1=$(queue 1)
flows
[ "$(queue 1)" -ge $((q1 + 48)) ] || fail "the RSS table does not rule: queue 1 got $(($(queue 1) - q1)) frames"
[ "$(queue 0)" -le $((q0 + 8)) ] || fail "the RSS table does not rule: queue 0 got $(($(queue 0) - q0)) frames" # ARP has no hash
on eth1 ethtool -X eth1 default
key=$(for i in {1..40}; do printf '%02x:' "$i"; done)
ethtool -X eth0 hkey "${key%:}"
shows "${key%:}" -x eth0
ip link set eth0 down
ip link set eth0 up
carriers
shows "${key%:}" -x eth0
refused "" -X eth0 hfunc xor
shows "L4 bytes 0 & 1" -n eth0 rx-flow-hash tcp4
[[ $(ethtool -n eth0 rx-flow-hash udp4) != *"L4 bytes"* ]] || fail "the device does not hash UDP ports"

# Moderation: fixed, per queue, adaptive.
refused "rx-usecs 16001: the device waits for up to 16000" -C eth0 rx-usecs 16001
ethtool -C eth0 rx-usecs 100
expect_match "rx-usecs" "$(ethtool -c eth0)" $'rx-usecs:\t*100|rx-usecs: 100'
ethtool -Q eth0 queue_mask 2 --coalesce rx-usecs 7
expect_eq "rx-usecs of each queue" "$(ethtool -Q eth0 queue_mask 3 --show-coalesce | awk '$1 == "rx-usecs:" { print $2 }' | xargs)" "100 7"
ip link set eth0 down
ip link set eth0 up
carriers
expect_eq "rx-usecs over down and up" "$(ethtool -Q eth0 queue_mask 3 --show-coalesce | awk '$1 == "rx-usecs:" { print $2 }' | xargs)" "100 7"
# What the device was told, 256 ns a count. (What QEMU 7.2 makes of it is another matter: a floor of 128 us, interrupts that come twice.)
register() { ethtool -d eth0 raw on | od -An -v -tx4 -w8 | awk -v reg="$1" '$1 "" == reg "" { print $2 }'; }
ethtool -C eth0 rx-usecs 16000
expect_eq "EITR 0" "$(register 000000e8)" 0000f424
ethtool -C eth0 rx-usecs 0
expect_eq "EITR 1" "$(register 000000ec)" 00000001
ping_ok "without moderation"
ethtool -C eth0 adaptive-rx on rx-usecs 20
expect_match "adaptive" "$(ethtool -c eth0)" "Adaptive RX: on"
tcp_copy 4
ethtool -C eth0 adaptive-rx off rx-usecs 20
ping_ok

# Pause: negotiated, then forced.
ethtool -A eth0 rx off tx off
wait_for 60 bash -c "ethtool -a eth0 | grep -q 'RX negotiated: off'" || fail "pause is still negotiated"
ethtool -A eth0 rx on tx on
wait_for 60 bash -c "ethtool -a eth0 | grep -q 'TX negotiated: on'" || fail "pause is not negotiated"
carriers
ethtool -A eth0 autoneg off rx on tx off
[[ $(ethtool -a eth0) == *"RX:		on"*"TX:		off"* ]] || fail "forced pause: $(ethtool -a eth0)"
ethtool -A eth0 autoneg on rx on tx on
expect_match "pause statistics" "$(ethtool -I -a eth0)" "tx_pause_frames: 0"
carriers

# Statistics: what a ping sends is counted once, at the queues, by the device and by the kernel.
# The three are read one after the other, and somebody else's frame (ARP's, say) may be sent in between: so they are read until twice running the same.
snapshot() {
	local now=''
	while :; do
		NOW="$(counters 'tx[01]_packets' eth0) $(counter hw_tx_packets) $(stat64 tx_packets eth0)"
		[ "$NOW" != "$now" ] || return 0
		now=$NOW
	done
}
snapshot
read -r queues hw kernel <<<"$NOW"
ping -q -c 100 -i 0.002 10.0.0.2 >/dev/null
snapshot
read -r queues_now hw_now kernel_now <<<"$NOW"
sent=$((queues_now - queues))
[ $sent -ge 100 ] || fail "of a ping of 100 the queues counted $sent"
expect_eq "frames of a ping, by the device and by the kernel" "$((hw_now - hw)) $((kernel_now - kernel))" "$sent $sent"
# What the kernel shows of every driver's queues, the driver does not show a second time.
shown="$($BUILD/tests/xnic/qstats eth0 | sed 's/:.*//' | sort -u | xargs)"
expect_match "the kernel's statistics of queues" "$shown" "rx0_alloc_fail .*rx0_csum_unnecessary .*tx1_needs_csum .*tx1_stop .*tx1_wake"
doubles=$(ethtool -S eth0 | grep -wE "${shown// /|}|[rt]x[01]_(alloc_failed|csum|csum_good|csum_none|csum_bad|tso)") && fail "statistics of queues in ethtool -S: $doubles"
# What the device cuts into segments is counted once as it came, and as often as there were segments: with their checksums, as frames on the wire.
gso() { echo "$(counters 'tx[01]_hw_gso_packets' eth0) $(counters 'tx[01]_hw_gso_wire_packets' eth0) $(counters 'tx[01]_needs_csum' eth0) $(counters 'tx[01]_packets' eth0)"; }
read -r gso wire csum packets < <(gso)
tcp_copy 1
# TCP's frames all have their checksum from the device; ARP's have none. (Frames count when they are reported as sent.)
all_sent() {
	local frames checksums
	read -r gso_now wire_now csum_now packets_now < <(gso)
	frames=$((packets_now - packets)) checksums=$((csum_now - csum))
	[ $checksums -ge $((wire_now - wire)) ] && [ $checksums -le $frames ] && [ $frames -le $((checksums + 20)) ]
}
wait_for 10 all_sent || fail "of $((packets_now - packets)) frames, $((wire_now - wire)) of them segments, $((csum_now - csum)) had a checksum from the device"
[ $((gso_now - gso)) -gt 0 ] || fail "nothing was left to the device to cut"
[ $((wire_now - wire)) -ge $((2 * (gso_now - gso))) ] || fail "$((gso_now - gso)) frames were cut into $((wire_now - wire))"
[ "$(ethtool -S eth0 | awk -F: 'NR > 1 { print $1 }' | sort | uniq -d)" = "" ] || fail "a statistic has two values"
[ "$(ethtool -d eth0 raw on | wc -c)" -ge 400 ] || fail "the register dump is empty"

# Self test, up and down, and what keeps it from testing the loop.
ethtool -t eth0 online >/dev/null || fail "self test: $(ethtool -t eth0 online)"
ethtool -t eth0 offline >/dev/null || fail "self test: $(ethtool -t eth0 offline)"
carriers
ping_ok "after the self test"
ip link set eth0 xdp obj build/tests/xnic/accept.bpf.o sec xdp
ethtool -t eth0 offline >/dev/null && fail "a loop was tested although a program takes the frames"
ip link set eth0 xdp off
vm-link nic0 down
wait_for 60 bash -c "! ip -br link show eth0 | grep -q LOWER_UP" || fail "the link does not go down"
ethtool -t eth0 online >/dev/null && fail "the self test does not see that the cable is out"
vm-link nic0 up
carriers

# Loopback: what is sent comes back to us, and nobody else hears it.
ethtool -K eth0 loopback on
heard=$(stat64 rx_packets eth1) got=$(stat64 rx_packets eth0)
ping -q -c 3 -i 0.05 -W 1 10.0.0.2 >/dev/null && fail "ping was answered through the loop"
[ "$(stat64 rx_packets eth0)" -gt "$got" ] || fail "nothing came back"
expect_eq "frames that left the loop" "$(stat64 rx_packets eth1)" "$heard"
ethtool -K eth0 loopback off
# The neighbour was asked for in the loop, where nobody answers: it takes a moment to be found again.
carriers
wait_for 30 ping -q -c 1 -W 1 10.0.0.2 || fail "no ping after the loopback"
ping_ok "after the loopback"

# The view: nothing waits, the thread does.
view=$(cat /sys/kernel/debug/xnic/*:01:00.0/control)
expect_match "the view" "$view" "^domain xnic/0000:01:00.0 state opened"
expect_match "the view" "$view" "thread xnic/0000:01:00.0 waiting turns [0-9]+"
expect_match "the view" "$view" "mailbox requests incoming queued 0 deepest [0-9]+ received [0-9]+ joined 0"

# Every message leaves a trace: sent, received, answered.
mount -t tracefs tracefs /sys/kernel/tracing 2>/dev/null || true
echo 1 >/sys/kernel/tracing/events/xnic/enable
ip link set eth0 mtu 1400
echo 0 >/sys/kernel/tracing/events/xnic/enable
trace=$(cat /sys/kernel/tracing/trace)
for event in "xnic_msg_send: xnic/0000:01:00.0 requests set_mtu" "xnic_msg_receive: xnic/0000:01:00.0 requests set_mtu" \
	"xnic_msg_reply: xnic/0000:01:00.0 requests set_mtu .*status=0"; do
	expect_match "the trace" "$trace" "$event"
done

xnic_unload

# Without MSI-X and MSI there is one pair and one throttle (ITR), which is that pair's: also after down and up, where the pair that is not there has none.
ip netns del peer
echo 0 >/sys/bus/pci/devices/0000:01:00.0/msi_bus
xnic_load
xnic_ports
expect_match "the interrupt" "$(grep -w eth0 /proc/interrupts)" "IO-APIC"
refused "exceeds maximum" -L eth0 combined 2
ethtool -Q eth0 queue_mask 1 --coalesce rx-usecs 100
expect_eq "ITR" "$(register 000000c4)" 00000186
ip link set eth0 down
ip link set eth0 up
expect_eq "ITR after down and up" "$(register 000000c4)" 00000186
carriers
ping_ok "by interrupt line"
tcp_copy 1
ethtool -t eth0 offline >/dev/null || fail "self test by interrupt line: $(ethtool -t eth0 offline)"
xnic_unload
