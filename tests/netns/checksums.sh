#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A local sender leaves half of its checksums to its device, which on a veth nobody is. Frames that leave us have them whole: the receiver's sockets take them,
# and tcpdump, whose own they are not, finds them right.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
mac=$(ip -n "$rx" -j link show "$rxif" | jq -r '.[0].address')
veth_pair "$rx" "fo$RUN_ID" "$tx" "fi$RUN_ID" 1
for end in "$rx $rxif" "$tx $txif" "$rx fo$RUN_ID" "$tx fi$RUN_ID"; do
	read -r ns name <<<"$end"
	ip -n "$ns" link set "$name" mtu 9000
done
in_ns "$tx" ethtool -K "$txif" tx on >/dev/null
# XDP_TX into a veth end wants a program there, too: one that takes jumbo frames.
echo 'default pass' >"$dir/pass"
background "$tx" "$BUILD/afxdpd" -i "$txif" -r "$dir/pass" >/dev/null 2>"$dir/other"
other=$started
cleanup end_process "$other"
wait_for 300 grep -q ': ready' "$dir/other" || fail "the other end's afxdpd: $(cat "$dir/other")"
in_ns "$tx" sysctl -qw net.ipv6.conf.all.disable_ipv6=0 "net.ipv6.conf.$txif.disable_ipv6=0" "net.ipv6.conf.$txif.accept_dad=0" net.ipv6.conf.lo.disable_ipv6=0

# What comes back still goes to the address it was sent to, which is the sender's, too: local for what arrives, at the other end for what is sent.
in_ns "$tx" sysctl -qw net.ipv4.conf.all.accept_local=1 "net.ipv4.conf.$txif.accept_local=1" net.ipv4.conf.all.rp_filter=0 "net.ipv4.conf.$txif.rp_filter=0"
ip -n "$tx" address add 10.8.0.2/24 dev "$txif"
ip -n "$tx" address add 2001:db8:8::2/64 dev "$txif" nodad
ip -n "$tx" address add 10.8.0.1/32 dev lo
ip -n "$tx" address add 2001:db8:8::1/128 dev lo nodad
for v in "-4 10.8.0.1" "-6 2001:db8:8::1"; do
	read -r family address <<<"$v"
	ip -n "$tx" "$family" rule add pref 10 lookup local
	ip -n "$tx" "$family" rule add pref 5 to "$address" iif lo lookup 100
	ip -n "$tx" "$family" rule del pref 0
	ip -n "$tx" "$family" route add "$address" dev "$txif" table 100
	ip -n "$tx" "$family" neigh add "$address" dev "$txif" lladdr "$mac"
done

# send: datagrams of all kinds, and the first segment of a connection with and without IPv6 options: each must come to its socket by way of us.
cat >"$dir/send.py" <<-'PYTHON'
	import socket, sys
	SO_BINDTODEVICE, OPTIONS = 25, 59
	device = sys.argv[1].encode()
	for family, here, there in (socket.AF_INET, "10.8.0.2", "10.8.0.1"), (socket.AF_INET6, "2001:db8:8::2", "2001:db8:8::1"):
	    receiver = socket.socket(family, socket.SOCK_DGRAM)
	    receiver.bind((there, 7))
	    receiver.settimeout(10)
	    s = socket.socket(family, socket.SOCK_DGRAM)
	    s.bind((here, 0))
	    for size in [0, 1, 2, 3, 100, 255, 256, 257, 1472, 4000, 8900]:
	        data = bytes(i * 7 + size & 0xff for i in range(size))
	        s.sendto(data, (there, 7))
	        try:
	            got = receiver.recv(65536)
	        except OSError as e:
	            sys.exit(f"{there}: a datagram of {size} bytes: {e}")
	        if got != data:
	            sys.exit(f"{there}: {size} bytes came as {len(got)} others")
	    # A sum that comes to 0, which UDP writes as 0xffff.
	    for options in [b""] + [b"\0\0\1\4\0\0\0\0"] * (family == socket.AF_INET6):
	        t = socket.socket(family)
	        t.bind((here, 0))
	        t.setblocking(False)
	        if options:
	            t.setsockopt(socket.IPPROTO_IPV6, OPTIONS, options)
	        try:
	            t.connect((there, 7777))
	        except BlockingIOError:
	            pass
PYTHON
errors() { in_ns "$tx" nstat -asz UdpInErrors UdpInCsumErrors Udp6InErrors Udp6InCsumErrors TcpInCsumErrors TcpInErrs | awk 'NR > 1 && $2 { print $1, $2 }'; }
# listen DEVICE: what comes in there, in $dir/got.pcap. heard WHAT N: at least N frames, whose checksums tcpdump finds right.
cat >"$dir/listen.py" <<-'PYTHON'
	import socket, struct, sys
	s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
	s.bind((sys.argv[1], 3))
	s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 23)
	with open(sys.argv[2], "wb", 0) as f:
	    f.write(struct.pack("=IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
	    while True:
	        frame, address = s.recvfrom(65536)
	        kind = frame[12:14]
	        if address[2] != socket.PACKET_OUTGOING and (kind != b"\x86\xdd" or frame[20] in (6, 17, 60)):
	            f.write(struct.pack("=IIII", 0, 0, len(frame), len(frame)) + frame)
PYTHON
listen() {
	rm -f "$dir/got.pcap"
	background "$tx" python3 "$dir/listen.py" "$1" "$dir/got.pcap"
	listener=$started
	wait_for 60 test -s "$dir/got.pcap" || fail "nobody listens at $1"
}
heard() {
	wait_for 60 came "$2" || fail "$1: came $(frames) of $2"
	kill_now "$listener"
	tcpdump -nvvr "$dir/got.pcap" >"$dir/seen" 2>/dev/null
	! grep -E 'bad udp cksum|cksum 0x[0-9a-f]+ \(incorrect' "$dir/seen" || fail "$1: tcpdump finds checksums wrong"
	OUT=$(grep -oE 'udp sum ok|cksum 0x[0-9a-f]+ \(correct\)' "$dir/seen" | wc -l)
	[ "$OUT" -ge "$3" ] || fail "$1: tcpdump looked at $OUT of $3 checksums: $(grep -v "sum ok\|(correct)" "$dir/seen" | sort | uniq -c | head -20)"
}
frames() { tcpdump -nr "$dir/got.pcap" 2>/dev/null | wc -l; }
came() { [ "$(frames)" -ge "$1" ]; }

# craft DEVICE TAGS...: datagrams and segments whose checksums are left to the device, behind tags, labels and sessions.
cat >"$dir/craft.py" <<-'PYTHON'
	import socket, struct, sys
	s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW)
	s.bind((sys.argv[1], 0))
	s.setsockopt(263, 15, 1)  # PACKET_VNET_HDR
	def fold(data):
	    total = sum(struct.unpack(f">{len(data) // 2}H", data))
	    while total >> 16:
	        total = (total & 0xffff) + (total >> 16)
	    return total
	def send(wrap, version, protocol, size):
	    data = bytes(i * 11 + size & 0xff for i in range(size))
	    l4 = struct.pack(">HHHH", 1, 7, 8 + size, 0) + data if protocol == 17 else struct.pack(">HHIIBBHHH", 1, 7, 1, 0, 0x50, 2, 9, 0, 0) + data
	    addresses = socket.inet_aton("10.8.0.2") + socket.inet_aton("10.8.0.9") if version == 4 else bytes(15) + b"\1" + bytes(15) + b"\2"
	    check = 6 if protocol == 17 else 16
	    left = fold(addresses + struct.pack(">II", len(l4), protocol))
	    l4 = l4[:check] + struct.pack(">H", left) + l4[check + 2:]
	    if version == 4:
	        ip = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(l4), 7, 0, 64, protocol, 0) + addresses
	        ip = ip[:10] + struct.pack(">H", 0xffff - fold(ip)) + ip[12:]
	    else:
	        ip = struct.pack(">IHBB", 0x60000000, len(l4), protocol, 64) + addresses
	    head = bytes.fromhex(sys.argv[2].replace(":", "")) + s.getsockname()[4] + wrap(version, len(ip + l4))
	    frame = head + ip + l4
	    s.send(struct.pack("=BBHHHH", 1, 0, 0, 0, len(head + ip), check) + frame)
	kind = lambda version: b"\x08\0" if version == 4 else b"\x86\xdd"
	tags = lambda *types: lambda version, size: b"".join(struct.pack(">HH", t, 5) for t in types) + kind(version)
	label = lambda last: struct.pack(">I", 5 << 12 | last << 8 | 9)
	wraps = [tags(), tags(0x8100), tags(0x88a8, 0x8100), tags(0x88a8, 0x8100, 0x8100), tags(0x88a8, 0x8100, 0x8100, 0x8100)]
	wraps += [lambda v, size: b"\x88\x47" + label(1), lambda v, size: b"\x88\x47" + label(0) + label(1)]
	wraps += [lambda v, size: b"\x81\0\0\5\x88\x64\x11\0\0\1" + struct.pack(">H", size + 2) + (b"\0\x21" if v == 4 else b"\0\x57")]
	for wrap in wraps[:int(sys.argv[3])]:
	    for version in 4, 6:
	        for protocol in 6, 17:
	            for size in 1, 2, 512, 1400:
	                send(wrap, version, protocol, size)
PYTHON

printf 'tx udp or tcp or ip6 proto 60 or vlan\ndefault pass\n' >"$dir/rules"
start_daemon -r "$dir/rules"
listen "$txif"
OUT=$(in_ns "$tx" python3 "$dir/send.py" "$txif" 2>&1) || fail "tx: $OUT; $(errors); $(live .ledger)"
heard tx 25 25
expect_eq "tx: errors of the receiver" "$(errors)" ""
end_daemon
balanced tx
printf 'tx inner dst port 7\ndefault pass\n' >"$dir/rules"
start_daemon -r "$dir/rules"
listen "$txif"
in_ns "$tx" python3 "$dir/craft.py" "$txif" "$mac" 8
heard "tx behind tags, labels and a session" 128 128
end_daemon
# In generic mode the kernel still knows, and the receiver is told.
start_daemon -r "$dir/rules" -a generic
OUT=$(in_ns "$tx" python3 "$dir/send.py" "$txif" 2>&1) || fail "tx in generic mode: $OUT; $(errors)"
expect_eq "tx in generic mode: errors of the receiver" "$(errors)" ""
end_daemon

# Through another interface, in both modes.
for mode in native generic; do
	start_daemon -a $mode -s "forward:fo$RUN_ID"
	listen "fi$RUN_ID"
	in_ns "$tx" python3 "$dir/craft.py" "$txif" "$mac" 8
	heard "forward, $mode" 128 128
	end_daemon
done
