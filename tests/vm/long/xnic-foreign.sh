#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# AF_XDP and XDP programs that nobody here wrote, on xnic in native and zero-copy mode: xdp-bench and xdp-trafficgen of xdp-tools (among them what used to be
# the kernel's xdpsock), kxdpgun of Knot DNS, testpmd of DPDK, Suricata: Debian unstable's, from a tree of their own. Each passes frames that are counted,
# and leaves the port as it was: no program, no socket, no pinned page, no page of a pool; it still pings, and the module can go.
# FOREIGN="kxdpgun suricata" runs some.
set -euo pipefail
# shellcheck source=tests/xnic/lib.sh
. "$(dirname "$0")/../../xnic/lib.sh"
if [ -z "${XNIC_GUEST:-}" ]; then
	FOREIGN_ROOT=$("$ROOT/scripts/vm.d/newer-kernel" programs xdp-tools knot-dnsutils dpdk-dev librte-net-af-xdp26 librte-mempool-ring26 suricata) ||
		skip "the programs cannot be had here"
	export FOREIGN_ROOT
fi
xnic_guest --timeout 1800 --memory 2G

FRAMES=${FRAMES:-5000}
for d in proc sys dev tmp; do
	mkdir -p "$FOREIGN_ROOT/$d"
	mount --rbind "/$d" "$FOREIGN_ROOT/$d"
done
# begin PROGRAM...: starts it as $PROGRAM; what it says is in /tmp/said.
begin() {
	chroot "$FOREIGN_ROOT" /usr/bin/env PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LC_ALL=C "$@" >/tmp/said 2>&1 &
	PROGRAM=$! NAME="$*"
}
# ended [STATUS]: it ends by itself. end: asked to end it does, and says that all was well.
ended() {
	local status=0
	wait $PROGRAM || status=$?
	expect_eq "status of $NAME, which says $(tail -n 20 /tmp/said)" $status "${1:-0}"
}
end() {
	kill -INT $PROGRAM 2>/dev/null || true
	ended
}
# zero_copy N: there are N sockets, each with a pool of the driver's.
zero_copy() { [ "$(ss --xdp -e -n | grep -c 'zc:1')" = "$1" ]; }
sockets() {
	wait_for 120 zero_copy "$1" || fail "$NAME has no $1 zero-copy sockets: $(ss --xdp -e -n); it says: $(tail -n 20 /tmp/said)"
}
attached() { ip link show eth0 | grep -q 'prog/xdp'; }
# count WHAT REGEX PORT: remembers a sum of counters; counted N: it has grown by that.
count() { WHAT=$1 COUNTERS=$2 PORT=$3 FROM=$(counters "$2" "$3"); }
grown() { echo $(($(counters "$COUNTERS" "$PORT") - FROM)); }
is_grown() { [ "$(grown)" -ge "$1" ]; }
counted() {
	wait_for 60 is_grown "$1" || fail "$NAME: $WHAT: $(grown) of $1; $(ethtool -S eth0 | grep -vE ': 0$|hw_' | xargs); it says: $(tail -n 20 /tmp/said)"
	expect_eq "$NAME: $WHAT" "$(grown)" "$1"
}

# receiving: its program and its socket take what comes.
receiving() {
	count "frames for the socket" rx0_xdp_redirect eth0
	wait_for 60 probed || fail "$NAME receives nothing; it says: $(tail -n 20 /tmp/said)"
}
probed() {
	flood 1 60
	is_grown 1
}
# total RX|TX: frames by xdp-bench's own count, once it has ended.
total() { awk -v way="$1" '$1 == way && $3 == "pkts" { print $2; exit }' /tmp/said; }

# ---- the programs ----

xdp_drop() {
	count "frames dropped" 'rx[01]_xdp_drop' eth0
	begin xdp-bench drop eth0
	wait_for 60 attached || fail "xdp-bench: $(cat /tmp/said)"
	flood "$FRAMES" 60
	counted "$FRAMES"
	end
}
xdp_send() {
	local sent
	sent=$(counters 'tx[01]_xdp' eth0)
	count "frames of XDP at the other port" 'rx[01]_packets' eth1
	begin xdp-trafficgen udp -m "$PEER_MAC" -n "$FRAMES" -t 1 eth0
	ended 1 # so it does on veth, when all are sent
	# What finds the ring full it drops.
	sent=$(($(counters 'tx[01]_xdp' eth0) - sent))
	[ $sent -gt 0 ] || fail "$NAME: none of $FRAMES frames were sent"
	counted $sent
}
# xdpsock's three: rxdrop, l2fwd, txonly.
xsk_drop() {
	ethtool -L eth0 combined 1
	begin xdp-bench xsk-drop -C zero-copy "$@" eth0
	sockets 1
	receiving
	count "frames for the socket" 'rx0_(xdp_redirect|xdp_redirect_failed|xsk_full)' eth0
	flood "$FRAMES" 60
	counted "$FRAMES"
	end
	# What still lay in its ring when it was interrupted it does not count.
	local got
	got=$(total RX)
	((got > 0 && got <= $(counters rx0_xdp_redirect eth0))) || fail "xdp-bench got $got frames of $(counters rx0_xdp_redirect eth0)"
	ethtool -L eth0 combined 2
}
xsk_drop_poll() { xsk_drop --poll; }
xsk_drop_unaligned() { xsk_drop --unaligned; }
xsk_forward() {
	ethtool -L eth0 combined 1
	begin xdp-bench xsk-tx -C zero-copy "$@" eth0
	sockets 1
	receiving
	is_back() { [ "$(counters tx0_xsk eth0)" = "$(counters 'rx[01]_packets' eth1)" ]; }
	wait_for 60 is_back || fail "of $(counters tx0_xsk eth0) frames $(counters 'rx[01]_packets' eth1) came back"
	count "frames sent back" 'rx[01]_packets' eth1
	flood "$FRAMES" 60 1 2000
	counted "$FRAMES"
	end
	expect_eq "frames that xdp-bench has sent" "$(total TX)" "$(counters tx0_xsk eth0)"
	ethtool -L eth0 combined 2
}
xsk_forward_busy() { xsk_forward --busy-poll; }
xsk_send() {
	count "frames of a socket at the other port" 'rx[01]_packets' eth1
	begin xdp-trafficgen xsk-udp -C zero-copy -m "$PEER_MAC" -c "$FRAMES" "$@" eth0
	counted "$FRAMES"
	expect_eq "frames out of zero-copy" "$(counters 'tx[01]_xsk' eth0)" "$FRAMES"
	end # which on veth it does not do by itself
}

kxdpgun() {
	local server queries replies
	spawn peer python3 "$ROOT/tests/xnic/dns_answer.py" 10.0.0.2 >/tmp/server
	server=$SPAWNED
	wait_for 60 grep -q ready /tmp/server || fail "the DNS server does not run"
	ping -q -c 1 -W 5 10.0.0.2 >/dev/null
	echo "example.com. A" >/tmp/queries
	count "frames into its sockets" 'rx[01]_xdp_redirect' eth0
	begin kxdpgun -Q 300 -t 3 -b 8 -i /tmp/queries -I eth0 10.0.0.2
	ended
	ip link set eth0 xdp off # it leaves its program, on veth too
	queries=$(sed -nE 's/^total queries: *([0-9]+).*/\1/p' /tmp/said)
	replies=$(sed -nE 's/^total replies: *([0-9]+).*/\1/p' /tmp/said)
	kill -INT "$server"
	wait "$server" || fail "the DNS server ended with $?"
	expect_eq "queries of kxdpgun that the server got" "$(tail -n 1 /tmp/server)" "$queries"
	is_grown "$replies" || fail "kxdpgun: $replies replies, $(grown) frames into its sockets"
	expect_eq "queries out of zero-copy" "$(counters 'tx[01]_xsk' eth0)" "$queries"
	[ "$replies" -gt 0 ] || fail "kxdpgun: no replies to $queries queries"
}

testpmd() {
	ethtool -L eth0 combined 1
	begin dpdk-testpmd --no-huge -m 256 --no-pci --no-telemetry --no-shconf -l 0,1 --vdev=net_af_xdp0,iface=eth0 -- \
		--forward-mode=icmpecho --auto-start --no-lsc-interrupt --total-num-mbufs=8192 --stats-period 3600
	wait_for 120 grep -q "packet forwarding" /tmp/said || fail "testpmd: $(tail -n 20 /tmp/said)"
	sockets 1
	on eth1 ping -q -c 200 -i 0.01 -W 10 10.0.0.9 | grep -q " 0% packet loss" || fail "testpmd: pings were lost: $(tail -n 20 /tmp/said)"
	end
	ethtool -L eth0 combined 2
}

suricata() {
	mkdir -p /tmp/suricata
	cat >/tmp/suricata/yaml <<-'END'
		%YAML 1.1
		---
		outputs:
		  - fast: { enabled: yes, filename: fast.log }
		logging:
		  default-log-level: notice
		  outputs:
		    - console: { enabled: yes }
		af-xdp:
		  - interface: eth0
		    threads: 2
		    force-xdp-mode: drv
		    force-bind-mode: zero
	END
	echo 'alert icmp any any -> any any (msg:"ping"; itype:8; sid:1; rev:1;)' >/tmp/suricata/rules
	on eth1 ip neigh replace 10.0.0.1 lladdr "$(cat /sys/class/net/eth0/address)" dev eth1 nud permanent
	begin suricata -c /tmp/suricata/yaml -S /tmp/suricata/rules --af-xdp=eth0 -l /tmp/suricata
	wait_for 240 grep -qi "engine started" /tmp/said || fail "suricata: $(tail -n 20 /tmp/said)"
	sockets 2
	on eth1 ping -q -c 100 -i 0.01 -W 1 10.0.0.1 >/dev/null || true
	alerts() { [ "$(grep -c ping /tmp/suricata/fast.log)" = 100 ]; }
	wait_for 60 alerts || fail "suricata: $(grep -c ping /tmp/suricata/fast.log) alerts for 100 pings"
	end
	on eth1 ip neigh del 10.0.0.1 dev eth1
}

# clean PROGRAM: nothing of it is left, and the port works.
clean() {
	! attached || fail "$1 left a program: $(ip link show eth0)"
	expect_eq "sockets after $1" "$(ss --xdp -e -n | tail -n +2)" ""
	wait_for 60 unpinned || fail "$1 left $(pinned_pages) pages pinned"
	wait_for 60 carrier eth0 || fail "no carrier after $1"
	ping -q -c 5 -i 0.02 -W 5 10.0.0.2 | grep -q " 0% packet loss" || fail "after $1: ping lost packets"
}
unpinned() { [ "$(pinned_pages)" = 0 ]; }

modprobe pktgen
echo 64 >/proc/sys/vm/nr_hugepages # for pools that are not aligned
read -r -a programs <<<"${FOREIGN:-xdp_drop xdp_send xsk_drop xsk_drop_poll xsk_drop_unaligned xsk_forward xsk_forward_busy xsk_send kxdpgun testpmd suricata}"
for p in "${programs[@]}"; do
	xnic_load
	xnic_ports
	PEER_MAC=$(mac_of eth1)
	"$p"
	clean "$p"
	xnic_unload
	ip netns del peer
	say "$p: ok"
done
