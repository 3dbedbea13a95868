#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# Frames with all kinds of VLAN tags, and of all sizes, to one interface from another on its wire.
#
# tags.py hear RECEIVER SENDER: sends 100 of each kind of tag, untagged ones last; one line says how many of each a packet socket on RECEIVER heard: "priority 100
# vid5 0 ...". tags.py send RECEIVER SENDER: only sends them. tags.py read FILE: the same line from a capture. Ends with 1 if a frame has other tags than it
# was sent with. tags.py sizes RECEIVER SENDER: sends frames around the lengths at which drivers and devices change their minds, and some for others; one line
# says how many of each length for RECEIVER a packet socket heard: "60 20 1514 20 ...".
import socket
import struct
import sys
import time

SOL_PACKET, PACKET_AUXDATA, VLAN_VALID, SO_RCVBUFFORCE = 263, 8, 1 << 4, 33
COUNT, TYPE = 100, b"\x88\xb5"  # an Ethernet type for experiments


def tag(vid, protocol=0x8100, priority=0):
    return struct.pack(">HH", protocol, priority << 13 | vid)


KINDS = {
    "priority": tag(0, priority=5),
    "vid5": tag(5),
    "vid100": tag(100),
    "vid4095": tag(4095),
    "5+7": tag(5) + tag(7),
    "100+7": tag(100) + tag(7),
    "ad5": tag(5, 0x88A8),
    "ad5+7": tag(5, 0x88A8) + tag(7),
    "untagged": b"",
}
NAMES = list(KINDS)


def packet_socket(interface):
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
    s.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 1 << 25)
    s.bind((interface, 0))
    s.setsockopt(SOL_PACKET, PACKET_AUXDATA, 1)
    return s


def address(s):
    return s.getsockname()[4]


def send(receiver, sender):
    for n, name in enumerate(NAMES):
        for i in range(COUNT):
            payload = struct.pack(">4sBB", b"tags", n, i)
            sender.send(address(receiver) + address(sender) + KINDS[name] + TYPE + payload + bytes(60))


def send_sizes(receiver, sender):
    us, them = address(sender), address(receiver)
    heard = dict.fromkeys((60, 1514, 1515, 1517, 1518, 1519, 1522, 1523, 1600, 4000, 9000), 0)
    for length in heard:
        for _ in range(10):
            sender.send((them + us + TYPE).ljust(length, b"\0"))
            sender.send((them + us + tag(5) + TYPE).ljust(length, b"\0"))
    for to in (b"\xff" * 6, b"\x01\x00\x5e\x01\x02\x03", b"\x02\x00\x00\x00\x00\x09"):
        for _ in range(10):
            sender.send((to + us + TYPE).ljust(60, b"\0"))
    # Whatever comes when nobody listens any more, the stack counts as dropped: listen until the last one is there.
    sender.send((them + us + TYPE + b"last").ljust(60, b"\0"))
    for data in received(receiver):
        if data[14:18] == b"last":
            break
        if data[:6] == them and len(data) in heard:
            heard[len(data)] += 1
    print(*(f"{length} {n}" for length, n in heard.items()))


def received(s):
    """Yields frames as they were on the wire, until nothing has come for a minute."""
    s.settimeout(60)
    while True:
        try:
            data, aux, _, sender = s.recvmsg(65536, 256)
        except TimeoutError:
            return
        if sender[2] == socket.PACKET_OUTGOING:
            continue
        for level, kind, value in aux:
            status, _, _, _, _, tci, tpid = struct.unpack("IIIHHHH", value[:20])
            if (level, kind) == (SOL_PACKET, PACKET_AUXDATA) and status & VLAN_VALID:
                # What the device or the kernel has taken off.
                data = data[:12] + struct.pack(">HH", tpid, tci) + data[12:]
        yield data


def captured(path):
    with open(path, "rb") as f:
        data = f.read()
    at = 24
    while at < len(data):
        (length,) = struct.unpack_from("<I", data, at + 8)
        yield data[at + 16 : at + 16 + length]
        at += 16 + length


def count(frames):
    heard, wrong = dict.fromkeys(NAMES, 0), 0
    for data in frames:
        at = data.find(TYPE + b"tags")
        if at < 0:
            continue
        name = NAMES[data[at + 6]]
        heard[name] += 1
        if data[12:at] != KINDS[name]:
            print(f"{name}: came with the tags '{data[12:at].hex(' ', 2)}'", file=sys.stderr)
            wrong = 1
        if heard["untagged"] == COUNT:
            break
    print(*(f"{name} {heard[name]}" for name in NAMES))
    return wrong


def main(what, *names):
    if what == "read":
        return count(captured(*names))
    receiver, sender = map(packet_socket, names)
    if what == "sizes":
        send_sizes(receiver, sender)
        return 0
    send(receiver, sender)
    return count(received(receiver)) if what == "hear" else 0


sys.exit(main(*sys.argv[1:]))
