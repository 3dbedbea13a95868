#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# tag_wire.py OUT IN MAC SRC DST: a UDP datagram out of OUT to MAC; print the tags of the frame that brings its payload in at IN ("none", or TPID:TCI ...).
import socket
import struct
import sys

SOL_PACKET, PACKET_AUXDATA, VLAN_VALID = 263, 8, 1 << 4
out, into, mac, src, dst = sys.argv[1], sys.argv[2], bytes.fromhex(sys.argv[3].replace(":", "")), *map(socket.inet_aton, sys.argv[4:])
s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
s.bind((out, 0))
r = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
r.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
r.bind((into, 0))
r.settimeout(20)


def checksum(data):
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


payload = b"the tag is where? " * 4
udp = struct.pack(">HHHH", 4000, 7, 8 + len(payload), 0) + payload
ip = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 7, 0, 64, 17, 0, src, dst)
s.send(mac + s.getsockname()[4] + b"\x08\x00" + ip[:10] + struct.pack(">H", checksum(ip)) + ip[12:] + udp)
while True:
    data, aux, _, address = r.recvmsg(65536, 256)
    if address[2] == socket.PACKET_OUTGOING or not data.endswith(payload):
        continue
    tags = []
    for level, kind, value in aux:
        status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", value[:20])
        if (level, kind) == (SOL_PACKET, PACKET_AUXDATA) and status & VLAN_VALID:
            tags.append(f"{tpid:04x}:{tci:04x}")
    at = 12
    while data[at:at + 2] in (b"\x81\x00", b"\x88\xa8"):
        tags.append(data[at:at + 2].hex() + ":" + data[at + 2:at + 4].hex())
        at += 4
    print(" ".join(tags) or "none")
    break
