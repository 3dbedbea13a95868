#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic's transmit rings when they are full, and who shares them: two processors' pktgen with frames of 17 fragments at several ring sizes, alone and
# beside XDP_TX, XDP_REDIRECT and AF_XDP; a queue with a backlog in its qdisc that is restarted in every way; AF_XDP frames that no well-behaved
# program sends; a port without link; netconsole; NAPI in threads. FRAMES (500) for each of pktgen's two threads.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../xnic/lib.sh"
FRAMES=${FRAMES:-500}
export FRAMES
xnic_guest --timeout 900 --memory 2G

zc=$BUILD/tests/xnic/zc send=$BUILD/tests/xnic/send
sum() { counters "tx[01]_$1" eth0; }
queued() { echo $(($(tc -s -j qdisc show dev eth0 | jq '[.[].qlen] | add'))); }

# returned VALUE: how often xnic_xmit() has returned it, by the kernel's own count.
probe() {
	# shellcheck disable=SC2016 # kprobe_events' own dollar
	echo 'r:xmit xnic_xmit ret=$retval:s32' >>$TRACING/kprobe_events
	echo 'hist:keys=ret' >$TRACING/events/kprobes/xmit/trigger
	echo 1 >$TRACING/events/kprobes/xmit/enable
}
unprobe() {
	echo 0 >$TRACING/events/kprobes/xmit/enable
	echo '!hist:keys=ret' >$TRACING/events/kprobes/xmit/trigger
	echo '-:xmit' >>$TRACING/kprobe_events
}
returned() { awk -v v="$1" '$3 == v && /hitcount/ { n += $NF } END { print n + 0 }' $TRACING/events/kprobes/xmit/hist; }

# full WHAT: two processors send as fast as it goes, each FRAMES frames of 17 fragments, all on queue 0.
full() {
	local cpu dev busy timeouts mac
	mac=$(ip -n peer -j link show eth1 | jq -r .[0].address)
	busy=$(returned 16) timeouts=$(counters tx_timeouts eth0)
	for cpu in 0 1; do
		dev=eth0@$cpu
		pktgen_take eth0 $cpu "$dev"
		for command in "count $FRAMES" "pkt_size 1400" "frags 17" "clone_skb 0" "delay 0" "burst 1" "dst 10.0.0.2" "dst_mac $mac" \
			"udp_dst_min 9" "udp_dst_max 9" "queue_map_min 0" "queue_map_max 0"; do
			echo "$command" >/proc/net/pktgen/$dev || fail "pktgen: $command"
		done
	done
	echo start >/proc/net/pktgen/pgctrl
	ended() { [ "$(grep -lE 'Result: OK: [0-9]+\(' /proc/net/pktgen/eth0@[01] | wc -l)" = 2 ]; }
	wait_for 300 ended || fail "$1: pktgen does not come to its end: $(cat /proc/net/pktgen/eth0@0)"
	wait_for 30 even || fail "$1: $(sum stop) stops, $(sum wake) wakes"
	say "$1: $(sum stop) stops, $(sum wake) wakes, $(returned 0) sent, $(($(returned 16) - busy)) busy"
	expect_eq "$1: NETDEV_TX_BUSY" $(($(returned 16) - busy)) 0
	expect_eq "$1: watchdog" "$(counters tx_timeouts eth0)" "$timeouts"
}
even() { [ "$(sum stop)" = "$(sum wake)" ]; }

sysctl -qw net.core.default_qdisc=pfifo_fast # codel would drop what has waited for long
xnic_load
modprobe pktgen
xnic_ports 1500
ip addr flush dev eth0; on eth1 ip addr flush dev eth1
on eth1 ip link set eth1 promisc on

# ---- full, alone ----
probe
for size in 64 128 512 4096; do
	ethtool -G eth0 tx $size
	carriers
	full "ring of $size"
	[ $size != 64 ] || [ "$(sum stop)" -gt 0 ] || fail "a ring of 64 was never full"
done

# ---- full, shared ----
ethtool -G eth0 tx 64
carriers
xdp_load one
xdp_attach
xdp_port eth0
for verdict in 3 4; do # XDP_TX, XDP_REDIRECT
	xdp_config $verdict
	before=$(sum xdp)
	flood_begin 60 64
	full "beside XDP verdict $verdict"
	flood_end
	[ "$(sum xdp)" -gt "$before" ] || fail "no frame was sent by XDP verdict $verdict"
done
xdp_detach
steer_load
"$zc" send eth0 zerocopy 20000 >/tmp/send &
job=$!
full "beside AF_XDP"
wait $job || fail "the AF_XDP sender failed: $(cat /tmp/send)"
unprobe

# ---- a backlog, and a restart: it goes on its way without another frame to push it ----
xps() { echo 3 >/sys/class/net/eth0/queues/tx-0/xps_cpus; [ ! -e /sys/class/net/eth0/queues/tx-1 ] || echo 0 >/sys/class/net/eth0/queues/tx-1/xps_cpus; }
# After a poll, the next comes by a timer, or not at all while the test lasts.
deferred() { echo "$1" >/sys/class/net/eth0/napi_defer_hard_irqs; echo "$2" >/sys/class/net/eth0/gro_flush_timeout; }
# burst PORT COUNT LENGTH: frames to all, of a protocol that nobody takes.
burst() {
	on "$1" python3 - "$@" <<-'EOF'
		import errno, socket, sys
		s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
		s.bind((sys.argv[1], 0))
		frame = bytes.fromhex("ffffffffffff" + "000000000002" + "88b5").ljust(int(sys.argv[3]), b"\0")
		for i in range(int(sys.argv[2])):
		    try: s.send(frame)
		    except OSError as error:
		        if error.errno != errno.ENOBUFS: raise
		        break # the qdisc is full too
	EOF
}
# restart WHAT COMMAND...
restart() {
	local what=$1 got SENT
	shift
	carriers
	xps
	got=$(stat64 rx_packets eth0)
	deferred 1000000 100000000000
	burst eth1 1 60 # the poll that receives it is the last one
	came() { [ "$(stat64 rx_packets eth0)" -gt "$got" ]; }
	wait_for 10 came
	got=$(stat64 rx_packets eth1) SENT=0
	backlog() { burst eth0 150 60; SENT=$((SENT + 150)); [ "$(queued)" -gt 0 ]; } # unless the driver's tick came in between
	wait_for 60 backlog || fail "$what: no backlog"
	arrived() { [ $(($(stat64 rx_packets eth1) - got)) -ge $SENT ]; }
	deferred 0 0
	"$@" >/tmp/restart 2>&1 || fail "$what: $(cat /tmp/restart)"
	wait_for 10 arrived || fail "$what: $(queued) frames wait in the qdisc, $(($(stat64 rx_packets eth1) - got)) of $SENT arrived: $({ ethtool -S eth0; "$BUILD/tests/xnic/qstats" eth0; } | grep -E "tx[01]_(packets|dropped|discarded|stop|wake|busy)" | xargs), $(tc -s qdisc show dev eth0 | xargs)"
	say "backlog gone after $what"
}
# Not BQL, whose limit is below the ring's, is to stop the queue.
for f in /sys/class/net/eth0/queues/tx-*/byte_queue_limits/limit_min; do echo 1000000 >"$f"; done
restart "ethtool -G" ethtool -G eth0 tx 128
restart "ethtool -L" ethtool -L eth0 combined 1
restart "ethtool -L" ethtool -L eth0 combined 2
restart "another MTU" ip link set eth0 mtu 1400
ethtool -G eth0 tx 64
restart "an AF_XDP socket that came and went" "$send" eth0 0 - 60
ip link set eth0 mtu 1500

# ---- AF_XDP frames as they should not be ----
# sent OPTIONS FRAME...: sends them; how many completions are missing or out of order, how many frames eth1 got.
sent() {
	local got
	got=$(stat64 rx_packets eth1)
	"$send" eth0 0 "$@" >/tmp/sent || fail "send $*: it failed"
	say "send $*: $(cat /tmp/sent)"
	expect_eq "send $*: completions" "$(jq .completed /tmp/sent)" "$(jq .sent /tmp/sent)"
	expect_eq "send $*: completions out of order" "$(jq .disorder /tmp/sent)" 0
	GOT=$(($(stat64 rx_packets eth1) - got))
}
carriers
# Checksums that are not in the frame, or where the device cannot be told: completed in their turn, counted, not sent.
sent m '60*3' '60:59:0' '60*3' '60:58:0' '60:14:45*2' '1400:65535:65535' '1400:256:6' '1400:250:6' '1400:249:6' '60*2'
expect_eq "frames beside invalid ones" $GOT 10
expect_eq "invalid frames" "$(sum xsk_invalid)" 6
sent m '60:200:1*300'
expect_eq "frames of those that are all invalid" $GOT 0
expect_eq "invalid frames" "$(sum xsk_invalid)" 306
# The largest frames in the smallest ring.
sent mg '1400x15*40' '1400x18*40' '60:14:16*100' '60*100'
expect_eq "large frames" $GOT 280
# Longer than the part can send, although descriptors can say it: the last byte is one too many.
invalid=$(sum xsk_invalid)
ip link set eth0 mtu 9000
on eth1 ip link set eth1 mtu 9000
carriers
sent g '60*2' '36000x18*5' '9022x5*3' '9023x5*5' '60*2'
expect_eq "frames beside those that are too long" $GOT 7
expect_eq "frames that are too long" $(($(sum xsk_invalid) - invalid)) 10
ip link set eth0 mtu 1500
on eth1 ip link set eth1 mtu 1500
carriers
# The stack's own frames of that kind (a guest's, through tun, or a packet socket's) have their checksum made by the stack, and right. (Of the two's
# places the context descriptor, which has eight bits, would say 0 and 50.)
checksums() {
	python3 - <<-'EOF'
		import ctypes, os, socket, struct
		def packets(port):
		    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
		    s.bind((port, 0))
		    return s
		out = packets("eth0")
		out.setsockopt(263, 15, 1) # SOL_PACKET, PACKET_VNET_HDR
		if ctypes.CDLL(None).setns(os.open("/run/netns/peer", os.O_RDONLY), 0): raise OSError("setns")
		back = packets("eth1")
		back.settimeout(20)
		for start in 250, 300:
		    frame = bytes.fromhex("ffffffffffff" + "000000000002" + "88b5") + bytes((i * 7 + start) & 255 for i in range(386))
		    frame = frame[:start + 6] + b"\0\0" + frame[start + 8:]
		    out.send(struct.pack("<2B4H", 1, 0, 0, 0, start, 6) + frame) # VIRTIO_NET_HDR_F_NEEDS_CSUM
		    while (got := back.recv(2048))[:14] != frame[:14]: pass
		    words = sum(struct.unpack(f"!{(len(got) - start) // 2}H", got[start:]))
		    while words >> 16: words = (words & 0xffff) + (words >> 16)
		    print(start, "right" if words == 0xffff else f"wrong ({got[start + 6:start + 8].hex()})")
	EOF
}
expect_eq "checksums of the stack, from byte" "$(checksums | xargs)" "250 right 300 right"
# Shorter than what the transmitter takes: as from the stack.
hw() { counters "hw_tx_$1" eth0; }
# wire COUNT COMMAND...: bytes that COMMAND's COUNT frames are on the wire.
wire() {
	local packets bytes n=$1
	shift
	sleep 1.2 # the device's counters are read once a second
	packets=$(hw packets) bytes=$(hw bytes)
	"$@" >/dev/null
	came() { [ "$(hw packets)" -ge $((packets + n)) ]; }
	wait_for 10 came || fail "of $n frames, $(($(hw packets) - packets)) were sent: $*"
	echo $(($(hw bytes) - bytes))
}
least=$(wire 10 burst eth0 10 14)
for frame in 1 5x5 13 14 16 16x16 17; do
	expect_eq "bytes on the wire of 10 AF_XDP frames of $frame" "$(wire 10 "$send" eth0 0 g "$frame*10")" "$least"
done
xdp_load one
xdp_attach
xdp_config 3 0 46 # (not of an EtherType that QEMU takes to be longer)
expect_eq "bytes on the wire of 10 frames cut to 14 and sent by XDP_TX" "$(wire 10 burst eth1 10 60)" "$least"
xdp_detach
steer_load

# ---- no link ----
vm-link nic0 down
wait_for 30 eval '! carrier eth0'
"$send" eth0 0 - '60*10' >/tmp/sent &
job=$!
sleep 3
kill -0 $job 2>/dev/null || fail "AF_XDP frames were sent without a link: $(cat /tmp/sent)"
vm-link nic0 up
carriers
wait $job
expect_eq "frames that waited for the link" "$(jq .completed /tmp/sent)" 10

# ---- NAPI in threads of its own: who polls is certain to come again, and says so ----
# calls NAME FUNCTION [KEY [ARGUMENT]]: record calls of FUNCTION from now on, by KEY; called NAME: what was recorded; hits NAME: how many.
calls() {
	echo "p:$1 $2 ${4:-}" >>$TRACING/kprobe_events
	echo "hist:keys=${3:-common_type}" >$TRACING/events/kprobes/"$1"/trigger
	echo 1 >$TRACING/events/kprobes/"$1"/enable
}
called() { cat $TRACING/events/kprobes/"$1"/hist; }
hits() { called "$1" | awk '/Hits:/ { print $2 }'; }
uncalls() {
	echo 0 >$TRACING/events/kprobes/"$1"/enable
	echo "!hist:keys=${2:-common_type}" >$TRACING/events/kprobes/"$1"/trigger
	echo "-:$1" >>$TRACING/kprobe_events
}
echo 1 >/sys/class/net/eth0/threaded
calls cleared xsk_clear_tx_need_wakeup
"$zc" send eth0 zerocopy 5000 >/tmp/send || fail "the AF_XDP sender failed with NAPI in threads: $(cat /tmp/send)"
[ "$(hits cleared)" -gt 0 ] || fail "with NAPI in threads need_wakeup is never cleared for TX"
uncalls cleared
echo 0 >/sys/class/net/eth0/threaded

# ---- netconsole: in whatever context a message is printed; it may release frames of the stack only ----
ip addr add 10.0.0.1/24 dev eth0
on eth1 ip addr add 10.0.0.2/24 dev eth1
netconsole_load || fail "no netconsole"
xdp_load one
xdp_attach
xdp_config 3
ethtool -L eth0 combined 1
carriers
# shellcheck disable=SC2016 # kprobe_events' own dollar
calls polls xnic_poll budget 'budget=$arg2:s32'
calls released xdp_return_frame_bulk common_stacktrace
deferred 1000000 100000000000
# Frames that XDP sent, and nobody has cleaned; behind them the stack fills the ring; then a message, for which netpoll wants room. Several times,
# as the driver's tick may come in between.
for i in {1..8}; do
	burst eth1 10 60
	burst eth0 150 60
	echo "<1>xnic-tx: message $i" >/dev/kmsg
done
deferred 0 0
ethtool -L eth0 combined 2 # polls, and so releases them
carriers
called polls >/tmp/polls
called released >/tmp/released
uncalls polls budget
uncalls released common_stacktrace
grep -q '{ budget: *0 }' /tmp/polls || fail "netpoll did not poll: $(cat /tmp/polls)"
[ "$(awk '/Hits:/ { print $2 }' /tmp/released)" -gt 0 ] || fail "no frame of XDP was released"
if grep -q poll_napi /tmp/released; then fail "netpoll released frames of XDP: $(grep -B 12 -m 1 poll_napi /tmp/released)"; fi
xdp_detach
rmmod netconsole
xnic_unload
