#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic with fault knobs: mappings and pages that cannot be had, a transmitter that stops, interrupts that get lost, a control thread that is slow.
# After each the port works as before, nothing leaks, and a counter tells.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
if [ -z "${XNIC_KO:-}" ]; then
	export XNIC_KO=$BUILD/faults/kmod/xnic.ko
	make_here B=build/faults XNIC_FAULTS=1 kmod || fail "the driver with fault knobs does not build"
fi
xnic_guest --timeout 600 --allow 'NETDEV WATCHDOG' --allow 'transmitter stuck'

ping_ok() { ping -q -c 5 -i 0.02 -W 5 10.0.0.2 | grep -q " 0% packet loss" || fail "ping lost packets $*"; }
counter() { ethtool -S eth0 | awk -v name="$1:" '$1 == name { print $2 }'; }
knobs=/sys/kernel/debug/xnic/0000:01:00.0/faults
knob() { echo "$2" >"$knobs/$1"; }
left() { cat "$knobs/$1"; }

xnic_load
xnic_ports 1500
ping_ok

# DMA mappings: each failed one costs one frame, counted; the ring does not lose descriptors (more frames than it has).
dropped() { echo $(($(counter tx0_dropped) + $(counter tx1_dropped))); }
ethtool -G eth0 tx 64
before=$(dropped)
knob fail_dma 200
wait_for 60 bash -c "ping -q -c 100 -i 0.002 -W 1 10.0.0.2 >/dev/null; [ \$(cat $knobs/fail_dma) = 0 ]" || fail "$(left fail_dma) mappings were not tried"
expect_eq "frames dropped for want of a mapping" $(($(dropped) - before)) 200
ping_ok "after mappings failed"
ethtool -G eth0 tx 512

# Pages, while receiving: the ring runs with fewer buffers, then fills again.
before=$(counters 'rx[01]_alloc_fail' eth0)
knob fail_page 50
tcp_copy 2
expect_eq "page faults left" "$(left fail_page)" 0
[ "$(counters 'rx[01]_alloc_fail' eth0)" -ge $((before + 50)) ] || fail "failed allocations were not counted"
ping_ok "after pages failed"

# Pages, while a change needs new rings: refused with a reason, the old ones stay.
for change in "-G eth0 rx 1024" "-L eth0 combined 1"; do
	knob fail_page 1
	# shellcheck disable=SC2086
	OUT=$(ethtool $change 2>&1) && fail "ethtool $change worked without memory"
	expect_eq "page faults left" "$(left fail_page)" 0
	ping_ok "after ethtool $change was refused"
done
expect_match "the reason of a refusal" "$(knob fail_page 1; ethtool -G eth0 rx 1024 2>&1)" "no memory for such rings"
expect_eq "rx ring" "$(ethtool -g eth0 | awk '$1 == "RX:" { n = $2 } END { print n }')" 512
ip link set eth0 down
knob fail_page 1
ip link set eth0 up 2>/dev/null && fail "the port came up without memory"
ip link set eth0 up || fail "the port does not come up after it failed once"
carriers
ping_ok "after the second try"

# Lost interrupts: nobody polls, until the control thread's tick finds that a ring has waited. (All of them: QEMU repeats some by itself.)
rescues() { ethtool -S eth0 | awk '/rx[01]_rescues/ { s += $2 } END { print s }'; }
before=$(rescues)
knob swallow_irq 1000000
ping -q -c 3 -W 10 10.0.0.2 | grep -q " 0% packet loss" || fail "frames were lost with their interrupts"
[ "$(rescues)" -gt "$before" ] || fail "nobody came to the rescue"
knob swallow_irq 0
wait_for 30 ping -q -c 1 -W 1 10.0.0.2 || fail "no ping after interrupts were lost" # the tick polls what is masked now
ping_ok "after interrupts were lost"

# Frames that are in a ring when it is stopped, because no poll came to them: dropped, says everybody who counts.
lost() { echo "$(counters 'rx[01]_discarded' eth0) $(stat64 rx_dropped eth0) $(counters 'rx[01]_hw_drops' eth0)"; }
read -r discarded dropped drops < <(lost)
size=256
discard() {
	on eth1 ping -q -c 3 -i 0.002 -W 0.1 10.0.0.1 || true
	ethtool -G eth0 rx $size
	size=$((768 - size))
	[ "$(counters 'rx[01]_discarded' eth0)" -gt "$discarded" ]
}
knob swallow_irq 1000000
wait_for 60 discard || fail "no frame was in a ring that was stopped"
knob swallow_irq 0
ethtool -G eth0 rx 512
read -r discarded_now dropped_now drops_now < <(lost)
lost=$((discarded_now - discarded))
expect_eq "discarded frames, as rx_dropped and as hw-drops" "$((dropped_now - dropped)) $((drops_now - drops))" "$lost $lost"
carriers
wait_for 30 ping -q -c 1 -W 1 10.0.0.2 || fail "no ping after frames were discarded"

# Who polls in system calls, and makes them only where need_wakeup asks for one. The end of such a poll leaves what remains to a timer; this one
# goes off within the poll, when it has no effect, and interrupts get lost: only the flag helps, or the tick, once a second. A sender that waits
# for ticks needs half a minute for what takes it a second otherwise.
timer() { echo "$1" >/sys/class/net/eth0/napi_defer_hard_irqs; echo "$2" >/sys/class/net/eth0/gro_flush_timeout; }
send_busy() {
	local start=${EPOCHREALTIME/./}
	"$BUILD/tests/xnic/zc" send eth0 zerocopy 300000 busy >&2 || fail "the busy polling sender failed"
	echo $(((${EPOCHREALTIME/./} - start) / 1000))
}
steer_load
ethtool -G eth0 tx 64
carriers
usual=$(send_busy)
timer 2 1000
knob swallow_irq 1000000
took=$(send_busy)
say "300000 frames of a busy polling sender: $usual ms, without timer and interrupts $took ms"
[ "$took" -lt $((5 * usual + 10000)) ] || fail "a busy polling sender waits for wake-ups that do not come"
knob swallow_irq 0
timer 0 0
rm -rf $XDP
ethtool -G eth0 tx 512
carriers
wait_for 30 ping -q -c 1 -W 1 10.0.0.2 || fail "no ping after a busy polling sender"
ping_ok "after a busy polling sender"

# A link that is lost while the transmitter holds frames: they are thrown away, with a count, and not sent when it is back.
discarded() { counters 'tx[01]_discarded' eth0; }
before=$(discarded) timeouts=$(counter tx_timeouts) got=$(stat64 rx_packets eth1)
knob freeze_tx 1
ping -q -c 1 -W 1 10.0.0.2 >/dev/null && fail "a transmitter that stands still sends"
vm-link nic0 down
stale() { [ "$(discarded)" -gt "$before" ]; }
wait_for 30 stale || fail "frames wait for the link: $(discarded) were discarded, $before before"
expect_eq "time-outs of the transmitter" "$(counter tx_timeouts)" "$timeouts"
vm-link nic0 up
carriers
ping_ok "after the link was lost"

# A transmitter that stands still: the watchdog fires, the port is reset, frames flow. What the device counted up to the reset is not lost.
gap() { echo $(($(counters hw_rx_packets eth0) - $(counters 'rx[01]_(packets|discarded)' eth0))); }
same_gap() { [ "$(gap)" = "$gap" ]; }
gap=$(gap)
in_ns peer bash -c 'while [ ! -e /tmp/reset ]; do ping -q -f -w 2 10.0.0.1 >/dev/null 2>&1 || sleep 0.1; done' &
pinger=$!
timeouts=$(counter tx_timeouts) resets=$(counter resets)
knob freeze_tx 1
wait_for 60 bash -c "ping -q -c 5 -i 0.05 -W 1 10.0.0.2 >/dev/null; [ \$(ethtool -S eth0 | awk '/tx_timeouts/ { print \$2 }') -gt $timeouts ]" ||
	fail "the watchdog did not notice that the transmitter stands still"
touch /tmp/reset
wait $pinger
carriers
ping_ok "after the reset"
wait_for 10 same_gap || fail "the device's count of frames is $(($(gap) - gap)) off the driver's after a reset"
expect_eq "resets" "$(counter resets)" $((resets + 1))

# The same while the control thread is held up by a call that restarts the port: when it hears of the time-out there is none any more.
busy() { grep -q "^thread [^ ]* running" ${knobs%/faults}/control; }
fired() { cat /sys/class/net/eth0/queues/tx-*/tx_timeout | awk '{ n += $1 } END { print n }'; }
fires() { ping -q -f -w 1 -s 1400 10.0.0.2 >/dev/null || true; [ "$(fired)" -gt "$before" ]; }
heard() { [ "$(counter tx_timeouts)" -gt "$timeouts" ]; }
# While the thread is held up for $1 ms. Return: false if it was free again before the watchdog fired.
recovered_meanwhile() {
	local change in_time=0
	before=$(fired) timeouts=$(counter tx_timeouts) resets=$(counter resets)
	knob freeze_tx 1
	knob delay_requests "$1"
	ip link set eth0 mtu "$2" &
	change=$!
	wait_for 60 busy || fail "the message was not held up"
	knob delay_requests 0
	wait_for 60 fires || fail "the watchdog did not notice that the transmitter stands still"
	busy || in_time=1
	wait $change || fail "the call failed"
	wait_for 30 heard || fail "nobody heard of the watchdog"
	return $in_time
}
recovered_meanwhile 15000 1400 || recovered_meanwhile 60000 1300 || fail "the control thread was not held up for long enough"
ping_ok "after a restart that the watchdog did not see"
expect_eq "resets of a port that goes again" "$(counter resets)" "$resets"
ip link set eth0 mtu 1500

# Adaptive moderation is switched off while its work is about to write the throttle: what was asked for stays.
register() { ethtool -d eth0 raw on | od -An -v -tx4 -w8 | awk -v reg="$1" '$1 "" == reg "" { print $2 }'; }
ethtool -C eth0 adaptive-rx on
knob stall_dim 1
wait_for 120 bash -c "timeout 2 ping -q -f -c 2000 10.0.0.2 >/dev/null; [ \$(cat $knobs/stall_dim) = 0 ]" || fail "adaptive moderation came to no conclusion"
ethtool -C eth0 adaptive-rx off rx-usecs 100
sleep 1.5 # the stall is a second
expect_eq "EITR 0 and 1" "$(register 000000e8) $(register 000000ec)" "00000186 00000186"
ethtool -C eth0 rx-usecs 20

# A slow control thread: calls wait for it, frames and counters do not.
# While the thread is held up for $1 ms. Return: false if it was free again before all was seen.
held_up() {
	local change
	knob delay_requests "$1"
	ip link set eth0 mtu "$2" &
	change=$!
	wait_for 60 busy || fail "the message was not held up"
	ping_ok "while the control thread is busy"
	cat /sys/class/net/eth0/statistics/rx_packets >/dev/null # (ip would wait for rtnl, which the call holds)
	knob delay_requests 0
	if busy; then
		kill -0 $change || fail "the call did not wait for the control thread"
		wait $change || fail "the call failed"
		return 0
	fi
	wait $change || fail "the call failed"
	return 1
}
held_up 8000 1400 || held_up 60000 1300 || fail "frames or counters waited for the control thread"
ip link set eth0 mtu 1500
ping_ok

# Notifications that pile up behind it are joined into one.
joined() { awk '$1 == "mailbox" && $2 == "events" { print $NF }' ${knobs%/faults}/control; }
before=$(joined)
knob delay_events 5000
for i in {1..10}; do printf 'link set eth0 allmulticast %s\n' on off; done | ip -batch -
knob delay_events 0
# The first of these at least twenty is held up, the second waits behind it.
[ $(($(joined) - before)) -ge 18 ] || fail "notifications were not joined: $(cat ${knobs%/faults}/control)"

# A card that does not answer any more, under traffic and with a program: as if it was pulled by force. The port is down for good and says so;
# the card can be removed, and one that is found in its place works.
ip link set eth0 xdp obj build/tests/xnic/accept.bpf.o sec xdp
while [ ! -e /tmp/quiet ]; do ping -q -f -w 2 10.0.0.2 >/dev/null 2>&1 || sleep 0.1; done &
in_ns peer bash -c 'while [ ! -e /tmp/quiet ]; do ping -q -f -w 2 10.0.0.1 >/dev/null 2>&1 || sleep 0.1; done' &
sleep 1
knob fail_read 1000000000
gone() { grep -q "state gone" "${knobs%/faults}/control"; }
wait_for 60 gone || fail "nobody noticed that the card does not answer: $(cat "${knobs%/faults}/control")"
OUT=$(ethtool -t eth0 online 2>&1) && fail "a card that does not answer passed its self test"
ip link set eth0 down
OUT=$(ip link set eth0 up 2>&1) && fail "a port without a device came up"
expect_match "why it does not come up" "$OUT" "No such device"
card=/sys/bus/pci/devices/0000:01:00.0
echo 1 >$card/remove
echo 1 >/sys/bus/pci/rescan
wait_for 60 test -d /sys/class/net/eth0 || fail "the card was not found again"
touch /tmp/quiet
wait
ip addr replace 10.0.0.1/24 dev eth0
ip link set eth0 up
carriers
wait_for 30 ping -q -c 1 -W 1 10.0.0.2 || fail "no ping after the card did not answer"
ping_ok "after the card did not answer"

xnic_unload
