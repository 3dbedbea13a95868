#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic: what once broke it, in other company. Three hostile processes on both queues at once (two of tests/xnic/xskfuzz.c, one of share.c with one UMEM
# for three sockets) while rings, MTU, queues, programs, offloads and NAPI change, the card is reset by hand and PCI errors are injected: FUZZ seconds
# (30). Then single cases: sockets that share a UMEM over two queues and over a restart; a socket bound while the port is asleep, after another that
# left half a frame; changes of MTU while a recovery runs; VLANs after recoveries and resets, beside AF_XDP; a full ring that is restarted over and over
# beside AF_XDP; the module unloaded under all of it, pktgen on both ports. Nothing hangs, the kernel has nothing to say, the port works afterwards.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../../xnic/lib.sh"
export FUZZ=${FUZZ:-30} FUZZ_SEED=${FUZZ_SEED:-$((RANDOM << 15 | RANDOM))}
[ -n "${XNIC_GUEST:-}" ] || say "seed: FUZZ_SEED=$FUZZ_SEED"
# Port 0 can be reset, port 2 cannot: xnic-recovery.sh.
xnic_faults_guest --timeout $((900 + 10 * FUZZ)) --memory 2G --nics 3 --set port0.x-speed=5

send=$BUILD/tests/xnic/send share=$BUILD/tests/xnic/share
state() { awk '$1 == "domain" { print $4 }' "/sys/kernel/debug/xnic/0000:0$(($1 + 1)):00.0/control"; }
sum() { counters "tx[01]_$1" "${2:-eth0}"; }
try() { "$@" >/dev/null 2>&1 || true; }
pick() { local n=$((RANDOM % $# + 1)); echo "${!n}"; }
more() { [ $SECONDS -lt $end ]; }
recoveries() { dmesg | grep -c "AER: device recovery" || true; }
AER=
if modprobe aer_inject 2>/dev/null && [ -e "$(card 0)/aer_dev_fatal" ]; then AER=1; else say "no PCI errors: this kernel cannot inject them into these cards"; fi
rtnl_free() {
	timeout 60 ip link add probe type dummy || fail "rtnl is held $1"
	ip link del probe
}
works() {
	carriers
	ip neigh flush dev eth0; on eth1 ip neigh flush dev eth1
	wait_for 60 ping -q -c 1 -W 1 10.0.0.2 || fail "no ping $1"
	ping -q -c 10 -i 0.02 -W 5 10.0.0.2 | grep -q " 0% packet loss" || fail "ping lost frames $1"
	say "works $1"
}

modprobe -a dummy pktgen 8021q
xnic_load
xnic_ports 3000
ip link add v0 type veth peer name v1
ip link set v0 up; ip link set v1 up
ethtool -K v1 gro on # its NAPI is what takes redirected frames

# ---- sockets that share a UMEM, over two queues and beside each other on one ----
calm() {
	"$share" eth0 "$1" calm >/tmp/share || fail "$2: the sockets failed"
	expect_eq "$2: completions of queue 0 ($(cat /tmp/share))" "$(jq '.completed[0]' /tmp/share)" $(($1 * 3))
	expect_eq "$2: completions of queue 1" "$(jq '.completed[1]' /tmp/share)" $(($1 * 3 / 2))
}
calm 3000 "a shared UMEM"
ethtool -G eth0 tx 64
while [ ! -e /tmp/enough ]; do ip link set eth0 mtu "$(pick 1500 3000)"; sleep 0.2; done &
job=$!
calm 3000 "a shared UMEM while the port is restarted"
touch /tmp/enough
wait $job
ethtool -G eth0 tx 512
ip link set eth0 mtu 3000

# ---- a full ring of the stack's, beside AF_XDP without need_wakeup, restarted over and over ----
cat >/tmp/burst.py <<'EOF'
import socket, sys, time
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
s.bind(("eth0", 0))
frame = bytes.fromhex("ffffffffffff" + "000000000002" + "88b5").ljust(1400, b"\0")
end = time.monotonic() + float(sys.argv[1])
while time.monotonic() < end:
    try: s.send(frame)
    except OSError: time.sleep(0.001)
EOF
timeouts=$(counters tx_timeouts eth0)
ethtool -G eth0 tx 64
python3 /tmp/burst.py 10 &
burst=$!
timeout 60 "$send" eth0 0 g '1400x18*2000' >/tmp/sent &
job=$!
for _ in {1..15}; do try ip link set eth0 mtu "$(pick 1500 3000)"; try ethtool -G eth0 tx "$(pick 64 128)" rx "$(pick 64 512)"; sleep 0.3; done
wait $burst
wait $job || fail "AF_XDP beside a full ring: $(cat /tmp/sent)"
even() { [ "$(sum stop)" = "$(sum wake)" ]; }
wait_for 30 even || fail "$(sum stop) stops, $(sum wake) wakes"
expect_eq "watchdog" "$(counters tx_timeouts eth0)" "$timeouts"
expect_eq "busy" "$(sum busy)" 0
expect_eq "completions" "$(jq .completed /tmp/sent)" "$(jq .sent /tmp/sent)"
ethtool -G eth0 tx 512 rx 512
ip link set eth0 mtu 3000
works "after a full ring that was restarted over and over"

# ---- VLANs, after a reset and a recovery, with the filter on and off, beside AF_XDP ----
ip link add link eth0 name eth0.5 type vlan id 5
on eth1 ip link add link eth1 name eth1.5 type vlan id 5
ip addr add 10.5.0.1/24 dev eth0.5; ip link set eth0.5 up
on eth1 ip addr add 10.5.0.2/24 dev eth1.5; on eth1 ip link set eth1.5 up
vlan_works() {
	works "$1"
	wait_for 60 ping -q -c 1 -W 1 10.5.0.2 || fail "no ping over a VLAN $1"
}
vlan_works "at first"
echo 1 >"$(card 0)/reset"
vlan_works "after a reset"
if [ $AER ]; then
	before=$(recoveries)
	aer 0 fatal
	recovered() { [ "$(recoveries)" -gt "$before" ] && [ "$(state 0)" = opened ]; }
	wait_for 120 recovered || fail "no recovery: $(dmesg | tail -n 10)"
	vlan_works "after a PCI error"
fi
timeout 60 "$send" eth0 0 - '60*20000' >/tmp/sent &
job=$!
for filter in off on; do
	ethtool -K eth0 rx-vlan-filter $filter 2>/dev/null || true
	ethtool -K eth0 rxvlan $filter
	vlan_works "rx-vlan-offload $filter, beside AF_XDP"
done
kill $job 2>/dev/null || true
wait $job || true
ip link del eth0.5

# ---- a port that could not be recovered: half a frame from one socket, then another socket, then a reset ----
if [ $AER ]; then
	ip link set eth2 up
	wait_for 120 carrier eth2 || fail "eth2 has no carrier"
	cat >/tmp/half.py <<'EOF'
import ctypes, mmap, socket, struct, sys, time
# half.py IFACE WHAT: a zero-copy socket on queue 0 that sends a whole frame, and waits until it is completed; or half of one, with a second socket on the
# queue, for then the core hands descriptors over one by one, and stays until it is killed.
libc = ctypes.CDLL(None, use_errno=True)
AF_XDP, SOL_XDP = 44, 283
s = socket.socket(AF_XDP, socket.SOCK_RAW, 0)
area = mmap.mmap(-1, 64 * 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
addr = ctypes.addressof(ctypes.c_char.from_buffer(area))
s.setsockopt(SOL_XDP, 4, struct.pack("QQIII4x", addr, 64 * 4096, 4096, 0, 0)[:32])
for option in 5, 6, 2, 3: s.setsockopt(SOL_XDP, option, struct.pack("I", 64))
off = struct.unpack("16Q", s.getsockopt(SOL_XDP, 1, 128))
tx_producer, tx_desc = off[4], off[6]
cr_producer = off[12]
tx = mmap.mmap(s.fileno(), tx_desc + 64 * 16, mmap.MAP_SHARED | mmap.MAP_POPULATE, offset=0x80000000)
libc.mmap.restype = ctypes.c_void_p
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
cr = libc.mmap(None, off[14] + 64 * 8, 3, 1, s.fileno(), 0x180000000)
if cr in (None, 2**64 - 1): sys.exit("mmap")
index = socket.if_nametoindex(sys.argv[1])
def bind(s, flags, fd=0):
    sa = struct.pack("HHIII", AF_XDP, flags, index, 0, fd)
    if libc.bind(s.fileno(), sa, len(sa)): sys.exit("bind: %d" % ctypes.get_errno())
half = sys.argv[2] == "half"
bind(s, 4) # zero-copy
if half:
    other = socket.socket(AF_XDP, socket.SOCK_RAW, 0)
    other.setsockopt(SOL_XDP, 3, struct.pack("I", 64))
    bind(other, 1, s.fileno()) # sharing the UMEM
struct.pack_into("QII", tx, tx_desc, 0, 60, 1 if half else 0)
struct.pack_into("I", tx, tx_producer, 1)
print("bound", flush=True)
for i in range(6000):
    libc.sendto(s.fileno(), None, 0, 64, None, 0)
    done = ctypes.c_uint32.from_address(cr + cr_producer).value
    if not half and done:
        print("completed", flush=True)
        break
    time.sleep(0.01)
EOF
	python3 /tmp/half.py eth2 half >/tmp/half &
	half=$!
	wait_for 60 grep -q bound /tmp/half || fail "no socket on eth2"
	sleep 1
	sent=$(sum xsk eth2) before=$(recoveries) # (asleep, it does not tell its counters)
	aer 2 fatal
	failed2() { [ "$(recoveries)" -gt "$before" ] && [ "$(state 2)" = asleep ]; }
	wait_for 120 failed2 || fail "the error had no end: $(state 2)"
	kill $half; wait $half || true
	python3 /tmp/half.py eth2 whole >/tmp/whole &
	whole=$!
	wait_for 60 grep -q bound /tmp/whole || fail "no socket on a port that is asleep: $(cat /tmp/whole)"
	rtnl_free "while a port with a socket is asleep"
	echo 1 >"$(card 2)/reset"
	wait_for 120 grep -q completed /tmp/whole || fail "the frame was never completed: $(state 2)"
	wait $whole || true
	expect_eq "frames sent of the socket bound while the port was asleep" $(($(sum xsk eth2) - sent)) 1
	say "a socket bound while the port is asleep sends its first frame"

	# ---- other MTUs while recoveries run ----
	end=$((SECONDS + 10))
	while more; do try ip link set eth0 mtu "$(pick 1500 3000 9000)"; try ip link set eth2 mtu "$(pick 1500 3000 9000)"; done &
	job=$!
	while more; do try aer 0 "$(pick fatal nonfatal)"; try aer 2 nonfatal; sleep 0.$((RANDOM % 10)); done
	wait $job
	rtnl_free "after changes of MTU during recoveries"
	open0() { [ "$(state 0)" = opened ]; }
	wait_for 120 open0 || { echo 1 >"$(card 0)/reset"; wait_for 60 open0 || fail "the port does not come back: $(state 0)"; }
	ip link set eth0 mtu 1500
	expect_eq "MTU" "$(cat /sys/class/net/eth0/mtu)" 1500
	ip link set eth0 mtu 3000
	works "after changes of MTU during recoveries"
	ping -q -c 3 -s 2900 -M "do" -W 5 10.0.0.2 >/dev/null || fail "no frames of 2900 bytes after changes of MTU during recoveries"
fi

# ---- three hostile processes, under everything ----
fuzz_load
fuzz_config "$FUZZ_SEED" 4294967295 "$(cat /sys/class/net/v0/ifindex)"
bpftool net attach xdpdrv pinned $XDP/progs/fuzz_frags dev eth0 overwrite
hostile() {
	"$BUILD/tests/xnic/xskfuzz" eth0 0 "$1" "$FUZZ_SEED" >/tmp/fuzz0 & hostile=($!)
	"$BUILD/tests/xnic/xskfuzz" eth0 1 "$1" $((FUZZ_SEED + 1)) >/tmp/fuzz1 & hostile+=($!)
	"$share" eth0 "$1" "$FUZZ_SEED" >/tmp/fuzz2 & hostile+=($!)
}
flood_begin_any 3000
hostile "$FUZZ"
end=$((SECONDS + FUZZ))
changes() {
	while more; do
		try ethtool -G eth0 rx "$(pick 64 128 512 4096)" tx "$(pick 64 128 512 4096)"
		try ip link set eth0 mtu "$(pick 1500 3000 9000)"
		try ethtool -L eth0 combined "$(pick 1 2)"
		try ethtool -K eth0 rxvlan "$(pick on off)" loopback "$(pick on off off off)" rx "$(pick on off)"
		try ethtool -t eth0 "$(pick online offline)"
		try eval 'pick 0 1 >/sys/class/net/eth0/threaded'
		[ $((RANDOM % 3)) != 0 ] || { try ip link set eth0 down; try ip link set eth0 up; }
	done
}
programs() {
	while more; do
		try bpftool net attach xdpdrv pinned $XDP/progs/fuzz_frags dev eth0 overwrite
		sleep 0.$((RANDOM % 10))
		[ $((RANDOM % 4)) != 0 ] || try bpftool net detach xdpdrv dev eth0
	done
}
errors() {
	while more; do
		try bash -c "echo 1 >$(card 0)/reset"
		[ ! $AER ] || try aer 0 "$(pick fatal nonfatal)"
		sleep 1.$((RANDOM % 10))
	done
}
stack() { while more; do try ping -q -f -w 2 10.0.0.2; try timeout 5 python3 /tmp/burst.py 1; done; }
jobs=()
for job in changes programs errors stack; do $job & jobs+=($!); done
for job in "${jobs[@]}"; do wait "$job" || fail "something died in the storm"; done
for job in "${hostile[@]}"; do wait "$job" || fail "a hostile process failed: $(cat /tmp/fuzz?)"; done
flood_end
say "three hostile processes: $(cat /tmp/fuzz? | xargs)"
[ "$(jq -s '[.[].sockets] | min' /tmp/fuzz?)" -gt 0 ] || fail "one of the hostile processes had no socket"
rtnl_free "after the hostile processes"
awake() { [ "$(state 0)" != asleep ]; }
wait_for 120 awake || true
try bpftool net detach xdpdrv dev eth0
[ "$(state 0)" = opened ] || { echo 1 >"$(card 0)/reset"; ip link set eth0 down; }
ethtool -K eth0 loopback off rxvlan on rx on
ip link set eth0 up
ethtool -L eth0 combined 2 || true
echo 0 >/sys/class/net/eth0/threaded
ip link set eth0 mtu 3000
ip addr replace 10.0.0.1/24 dev eth0
works "after three hostile processes"

# ---- the module goes while they are at it ----
bpftool net attach xdpdrv pinned $XDP/progs/fuzz_frags dev eth0 overwrite
flood_begin_any 3000
hostile 20
sleep 4
rmmod xnic
for job in "${hostile[@]}"; do kill "$job" 2>/dev/null || true; wait "$job" || true; done
kill "$FLOOD_PID" 2>/dev/null || true
wait "$FLOOD_PID" || true
wait_for 60 pools_empty || fail "pages never came back to their pool: $(grep page_pool_release $POOLS/trace | tail -n 5)"
rtnl_free "after rmmod"
ip netns del peer
rm -rf $XDP
xnic_load
wait_for 60 test -d /sys/class/net/eth1 || fail "no eth1"
xnic_ports
works "after the module was unloaded under hostile processes"
xnic_unload
