#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# tag_echo.py IFACE MAC SRC DST: send UDP datagrams behind one VLAN tag and two, expect each back with tags and payload as they were and ends swapped.
import socket
import struct
import sys

SOL_PACKET, PACKET_AUXDATA, VLAN_VALID = 263, 8, 1 << 4
interface, mac, src, dst = sys.argv[1], bytes.fromhex(sys.argv[2].replace(":", "")), *map(socket.inet_aton, sys.argv[3:])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind((interface, 0))
s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
s.settimeout(10)
us = s.getsockname()[4]


def checksum(data):
    data += b"\0" * (len(data) % 2)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def frame(to, sender, tags, a, b, sport, dport, ttl, payload):
    udp = struct.pack(">HHHH", sport, dport, 8 + len(payload), 0) + payload
    pseudo = a + b + struct.pack(">HH", 17, len(udp))
    udp = udp[:6] + struct.pack(">H", checksum(pseudo + udp) or 0xFFFF) + udp[8:]
    ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 7, 0, ttl, 17, 0, a, b)
    ip = ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:]
    return to + sender + tags + b"\x08\x00" + ip + udp


def receive():
    data, aux, _, address = s.recvmsg(65536, 256)
    for level, kind, value in aux:
        status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", value[:20])
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA) and status & VLAN_VALID:
            # The kernel has taken the outermost tag off: put it back.
            data = data[:12] + struct.pack(">HH", tpid, tci) + data[12:]
    return data, address[2]


for tags in (b"", b"\x81\x00\x60\x64", b"\x88\xa8\x20\x64\x81\x00\x00\x05"):
    payload = bytes(range(100)) + tags
    want = frame(us, mac, tags, dst, src, 7, 4000, 63, payload)
    s.send(frame(mac, us, tags, src, dst, 4000, 7, 64, payload))
    while True:
        got, kind = receive()
        if kind != socket.PACKET_OUTGOING and got[-len(payload):] == payload:
            break
    if got != want:
        sys.exit(f"tags {tags.hex(' ', 2)}:\ngot  {got.hex(' ', -2)}\nwant {want.hex(' ', -2)}")
