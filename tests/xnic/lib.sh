# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For tests of the driver: `. "$(dirname "$0")/../xnic/lib.sh"`, then `xnic_guest "$@"` (options: see there). What follows runs in a guest with
# the driver loaded: port 0 is eth0 (10.0.0.1), port 1 is eth1 (10.0.0.2) in the namespace peer, both on one wire.

# shellcheck source=tests/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
# shellcheck source=tests/vm/lib-faults.sh
. "$(dirname "${BASH_SOURCE[0]}")/../vm/lib-faults.sh"

# xnic_guest [OPTION...]: on the host, build the driver, start this script again in a guest (OPTIONs are scripts/vm's) and end with its status;
# if that is bad, with the last words of the guest's kernel too. In the guest, return. XNIC_VM adds options: XNIC_VM=--debug tests/vm/xnic-x.sh.
# XNIC_KERNEL=7.3 runs it on that kernel, with the driver built for it. The tests' settings N, FRAMES, STORM, CYCLES, FUZZ, FUZZ_SEED, FAILNTH, FAULT_FROM, FAULT_STEP, XNIC_KO and FOREIGN reach the guest.
xnic_guest() {
	local log status=0 name settings=(XNIC_GUEST=1) kernel=${XNIC_KERNEL:-6.12}
	[ -z "${XNIC_GUEST:-}" ] || return 0
	if [ "$kernel" != 6.12 ]; then
		XNIC_KO=$(xnic_ko)
		set -- --kernel "$kernel" "$@"
	fi
	make_here KERNEL="$kernel" kmod build/tests/xnic.stamp || fail "the driver does not build"
	for name in N FRAMES STORM CYCLES FUZZ FUZZ_SEED FAILNTH FAULT_FROM FAULT_STEP XNIC_KO FOREIGN FOREIGN_ROOT; do [ -z "${!name:-}" ] || settings+=("$name=${!name}"); done
	log=$(mktemp)
	cleanup rm -f "$log"
	# shellcheck disable=SC2086
	"$ROOT/scripts/vm" --nics 2 --log "$log" "$@" ${XNIC_VM:-} -- env "${settings[@]}" "$0" || status=$?
	if [ $status != 0 ] && [ $status != 77 ] && [ -s "$log" ]; then
		say "the guest's kernel said last:"
		tail -n 40 "$log" | sed 's/^/  | /' >&2
	fi
	exit $status
}

# xnic_ko: the driver for the kernel in question.
xnic_ko() {
	local kernel=${XNIC_KERNEL:-6.12}
	[ "$kernel" != 6.12 ] || kernel=
	echo "${XNIC_KO:-$BUILD/${kernel:+$kernel/}kmod/xnic.ko}"
}

# xnic_faults_guest [OPTION...]: the same with fault knobs in the driver.
xnic_faults_guest() {
	local kernel=${XNIC_KERNEL:-6.12}
	if [ -z "${XNIC_GUEST:-}" ] && [ -z "${XNIC_KO:-}" ]; then
		export XNIC_KO=$BUILD/faults/kmod/xnic.ko
		[ "$kernel" = 6.12 ] || XNIC_KO=$BUILD/faults/$kernel/kmod/xnic.ko
		make_here B=build/faults KERNEL="$kernel" XNIC_FAULTS=1 kmod || fail "the driver with fault knobs does not build"
	fi
	xnic_guest "$@"
}

# xnic_debug_guest [OPTION...]: the same on the debug kernel, with the driver built for it.
xnic_debug_guest() {
	if [ -z "${XNIC_GUEST:-}" ]; then
		need_debug_kernel
		make_here kmod-debug build/tests/vm/failnth.so || fail "the driver does not build for the debug kernel"
		export XNIC_KO=$BUILD/debug/kmod/xnic.ko
	fi
	xnic_guest --debug "$@"
}

# xnic_load: insert the module (with what it needs). From the first time on, what becomes of its page pools is recorded.
xnic_load() {
	modprobe -qa libphy mdio_bus marvell dimlib sch_fq 2>/dev/null || true
	[ -d $TRACING/events ] || mount -t tracefs tracefs $TRACING
	mkdir -p $POOLS
	echo 1 >$POOLS/events/page_pool/page_pool_release/enable
	[ ! -e /sys/kernel/debug/kmemleak ] || leaks_forget
	insmod "$(xnic_ko)"
}
TRACING=/sys/kernel/tracing
POOLS=$TRACING/instances/pools # of its own: unloading a module whose events were on clears the others

# xnic_unload: remove it, and see that it leaves nothing behind: every page of every page pool comes back (the kernel itself complains after a
# minute only), and on the debug kernel no allocation is lost.
xnic_unload() {
	rmmod xnic
	wait_for 60 pools_empty || fail "pages never came back to their pool: $(grep page_pool_release $POOLS/trace | tail -n 5)"
	[ ! -e /sys/kernel/debug/kmemleak ] || leaks_check
}
# The last word about each pool: no page in flight.
pools_empty() {
	awk '/page_pool_release: / {
			for (i = 1; i <= NF; i++) { split($i, kv, "="); v[kv[1]] = kv[2] }
			left[v["page_pool"]] = v["inflight"]
		}
		END { for (pool in left) if (left[pool] != 0) exit 1; exit length(left) == 0 }' $POOLS/trace
}

# xnic_ports [MTU]: both ports configured, up and with carrier; eth1 in the namespace peer.
xnic_ports() {
	local mtu=${1:-1500}
	ip netns add peer 2>/dev/null && ip link set eth1 netns peer
	sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	in_ns peer sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	ip addr add 10.0.0.1/24 dev eth0
	ip -n peer addr add 10.0.0.2/24 dev eth1
	ip link set eth0 mtu "$mtu" up
	ip -n peer link set eth1 mtu "$mtu" up
	ip -n peer link set lo up
	carriers
}

# carriers: wait until both ports have a link.
carriers() {
	wait_for 120 carrier eth0 || fail "eth0 has no carrier"
	wait_for 120 carrier eth1 || fail "eth1 has no carrier"
}
# on PORT CMD...: run CMD where the port is.
on() {
	local port=$1; shift
	if [ "$port" = eth1 ]; then in_ns peer "$@"; else "$@"; fi
}
# mac_of PORT: its address. (/sys shows the ports of one namespace only.)
mac_of() { on "$1" ip -j link show "$1" | jq -r '.[0].address'; }
# carrier PORT: it has a link, and its queues take frames: for a moment after the link is up (LOWER_UP) they drop them, until the state is UP as well.
carrier() { [[ $(on "$1" ip -br link show "$1") =~ ^[^\ ]+\ +UP\ .*LOWER_UP ]]; }


# stat64 FIELD DEV: one of rtnetlink's 64-bit counters (rx_packets, tx_bytes, ...) of a port.
stat64() {
	on "$2" ip -j -s -s link show "$2" | jq -r ".[0].stats64 | .${1%%_*}.${1#*_}"
}

# tcp_copy MEGABYTES: random bytes over TCP both ways, compared.
tcp_copy() {
	local receiver to
	head -c "${1}M" /dev/urandom >/tmp/sent
	for to in "10.0.0.2" "10.0.0.1"; do
		local listen=(in_ns peer) connect=()
		[ $to = 10.0.0.2 ] || { listen=() connect=(in_ns peer); }
		rm -f /tmp/got
		"${listen[@]}" timeout 300 nc -l -N $to 5001 >/tmp/got </dev/null &
		receiver=$!
		wait_for 60 "${listen[@]}" bash -c "ss -ltn | grep -q :5001" || fail "nc does not listen on $to"
		"${connect[@]}" timeout 300 nc -N $to 5001 </tmp/sent >/dev/null || fail "sending to $to failed"
		wait $receiver || fail "receiving on $to failed"
		cmp /tmp/sent /tmp/got || fail "what arrived at $to is not what was sent"
	done
}

# netconsole_load: the kernel's messages go out through eth0, from whatever context they come (10.0.0.1 is its address).
netconsole_load() {
	local mac
	mac=$(mac_of eth1)
	modprobe netconsole "netconsole=4444@10.0.0.1/eth0,5555@10.0.0.2/$mac"
}

# ---- PCI: card N is port N's ----

card() { echo "/sys/bus/pci/devices/0000:0$(($1 + 1)):00.0"; }
# aer N fatal|nonfatal: an error of card N: a malformed packet, or a completion that did not come. With the module aer_inject.
aer() {
	local status=00000400 file=/tmp/aer.$BASHPID
	[ "$2" = fatal ] || status=00400000
	# struct aer_error_inj: bus, device, function; uncorrectable errors, little-endian; no correctable ones, no header, domain 0.
	printf "%b" "\\x0$(($1 + 1))\\0\\0\\0$(sed 's/../\\x&/g' <<<$status)" >"$file"
	head -c 24 /dev/zero >>"$file"
	cat "$file" >/dev/aer_inject
}

# ---- XDP: tests/xnic/verdict.h ----

# xdp_load one|frags: load that program, $XDP/prog; its maps are in $XDP/maps. One at a time.
XDP=/sys/fs/bpf/xnic
xdp_load() {
	bpffs
	rm -rf $XDP
	mkdir $XDP
	bpftool prog load "$BUILD/tests/xnic/$1.bpf.o" $XDP/prog pinmaps $XDP/maps
}
xdp_attach() { bpftool net attach xdpdrv pinned $XDP/prog dev eth0 overwrite; }
xdp_detach() { bpftool net detach xdpdrv dev eth0; }
u32() { printf '%d %d %d %d ' $(($1 & 255)) $(($1 >> 8 & 255)) $(($1 >> 16 & 255)) $(($1 >> 24 & 255)); }
# xdp_config VERDICT [ADJUST [SHRINK]]
xdp_config() {
	# shellcheck disable=SC2046
	bpftool map update pinned $XDP/maps/config key 0 0 0 0 value $(u32 "$1") $(u32 "${2:-0}") $(u32 "${3:-0}")
}
# xdp_port DEV: where XDP_REDIRECT goes.
xdp_port() {
	# shellcheck disable=SC2046
	bpftool map update pinned $XDP/maps/ports key 0 0 0 0 value $(u32 "$(cat "/sys/class/net/$1/ifindex")")
}
# xdp_seen FIELD [QUEUE]: sum over CPUs (and queues).
xdp_seen() {
	bpftool -j map dump pinned $XDP/maps/seen |
		jq "[.[] | select(${2:+.formatted.key == $2 and} true) | .formatted.values[].value.$1] | add"
}

# ---- frames: pktgen, from eth1 to eth0 ----

# flood COUNT SIZE [FLOWS [RATE]]: send frames of SIZE bytes (without FCS), UDP from FLOWS addresses, at RATE frames a second (0: as fast as it
# goes), FLOOD_BURST (1) of them in a row, which nothing else on the processor interrupts; returns when they are sent. Writing "start" is not enough to wait for: pktgen gives its thread an eighth of a second to begin, and if
# that was too short the write returns at once. Until then "Result: OK: src_max=..." is the answer to the last setting.
flood() {
	flood_setup "$@"
	pktgen pgctrl start
	wait_for 300 flooded || fail "pktgen does not come to its end: $(on eth1 cat /proc/net/pktgen/eth1)"
}
# flood_begin SIZE [FLOWS [RATE]]: the same without end, until flood_end.
flood_begin() {
	flood_setup 0 "$@"
	pktgen pgctrl start &
	FLOOD_PID=$!
	wait_for 30 flooding || fail "pktgen does not start: $(on eth1 cat /proc/net/pktgen/eth1)"
}
flood_end() {
	pktgen pgctrl stop
	wait "$FLOOD_PID" || true
	wait_for 60 flooded || fail "pktgen does not stop: $(on eth1 cat /proc/net/pktgen/eth1)"
}
flood_setup() {
	local command mac
	mac=$(cat /sys/class/net/eth0/address)
	pktgen_take eth1 0 eth1
	for command in "count $1" "pkt_size $2" "clone_skb 0" "delay 0" ${4:+"ratep $4"} ${FLOOD_BURST:+"burst $FLOOD_BURST"} "dst 10.0.0.1" "dst_mac $mac" "udp_dst_min 9" \
		"udp_dst_max 9" "src_min 10.9.0.1" "src_max 10.9.$((${3:-1} / 256)).$((${3:-1} % 256))"; do
		pktgen eth1 "$command" || fail "pktgen: $command"
	done
}
# pktgen_take PORT CPU DEVICE: in PORT's namespace CPU's generator has DEVICE, and nothing else. What it had it removes some time after it was told to,
# and with it whatever was added meanwhile.
pktgen_take() {
	pktgen_empty() { on "$1" grep -qx 'Running: ' "/proc/net/pktgen/kpktgend_$2" && on "$1" grep -qx 'Stopped: ' "/proc/net/pktgen/kpktgend_$2"; }
	if ! pktgen_empty "$@"; then
		on "$1" bash -c "echo rem_device_all >/proc/net/pktgen/kpktgend_$2"
		wait_for 60 pktgen_empty "$@" || fail "pktgen keeps what it has: $(on "$1" cat "/proc/net/pktgen/kpktgend_$2")"
	fi
	on "$1" bash -c "echo add_device $3 >/proc/net/pktgen/kpktgend_$2" || fail "pktgen does not take $3: $(on "$1" cat "/proc/net/pktgen/kpktgend_$2")"
}
# shellcheck disable=SC2016 # the inner shell's
pktgen() { on eth1 bash -c 'echo "$2" >"/proc/net/pktgen/$1"' pktgen "$@"; }
# shellcheck disable=SC2016
flooded() { on eth1 bash -c '[[ $(</proc/net/pktgen/eth1) =~ "Result: OK: "[0-9]+"(" ]]'; }
# flooding: some frames have been sent.
# shellcheck disable=SC2016
flooding() { on eth1 bash -c '[[ $(</proc/net/pktgen/eth1) =~ "pkts-sofar: "[1-9] ]]'; }

# flood_begin_any MAX: frames of any length up to MAX from any address, without end, until flood_end.
flood_begin_any() {
	flood_setup 0 60 64 20000
	local command
	for command in "min_pkt_size 60" "max_pkt_size $1" "flag TXSIZE_RND" "flag IPSRC_RND"; do pktgen eth1 "$command" || fail "pktgen: $command"; done
	pktgen pgctrl start &
	FLOOD_PID=$!
	wait_for 30 flooding || fail "pktgen does not start: $(on eth1 cat /proc/net/pktgen/eth1)"
}

# ---- AF_XDP: tests/xnic/zc.c beside tests/xnic/steer.bpf.c ----

# steer_load: load the programs $XDP/progs/steer_a and _b, with their maps in $XDP/maps.
steer_load() {
	bpffs
	rm -rf $XDP
	mkdir $XDP
	bpftool prog loadall "$BUILD/tests/xnic/steer.bpf.o" $XDP/progs pinmaps $XDP/maps
}
steer_attach() { bpftool net attach xdpdrv pinned $XDP/progs/steer_"$1" dev eth0 overwrite; }
# steered FIELD: sum over CPUs.
steered() { bpftool -j map dump pinned $XDP/maps/steered | jq "[.[].formatted.values[].value.$1] | add"; }
# fuzz_load: the programs of tests/xnic/fuzz.bpf.c, $XDP/progs/fuzz_one and _frags; fuzz_config SEED QUEUE PORT: what becomes of which queue's frames
# (4294967295: of all), where they are redirected to.
fuzz_load() {
	bpffs
	rm -rf $XDP
	mkdir $XDP
	bpftool prog loadall "$BUILD/tests/xnic/fuzz.bpf.o" $XDP/progs pinmaps $XDP/maps
}
fuzz_config() {
	# shellcheck disable=SC2046
	bpftool map update pinned $XDP/maps/fuzz key 0 0 0 0 value $(u32 "$1") $(u32 "$2") $(u32 "$3") $(u32 0) $(u32 0)
}
# counters REGEX DEV: sum of the counters whose names match: the driver's own (ethtool -S), and the kernel's of its queues (rx0_packets, tx1_bytes, ...).
counters() { { on "$2" ethtool -S "$2"; on "$2" "$BUILD/tests/xnic/qstats" "$2"; } | awk -v name="^($1):$" '$1 ~ name { s += $2 } END { print s + 0 }'; }
# pinned_pages: of the kernel, by UMEMs above all.
pinned_pages() { awk '$1 == "nr_foll_pin_acquired" { n += $2 } $1 == "nr_foll_pin_released" { n -= $2 } END { print n }' /proc/vmstat; }
