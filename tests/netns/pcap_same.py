#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# pcap_same.py A B [--sorted]: whether two captures hold the same frames, byte for byte, in the same order (or in any). Says how many.
import struct
import sys


def records(path):
    data = open(path, "rb").read()
    magic = struct.unpack("<I", data[:4])[0]
    if magic not in (0xA1B2C3D4, 0xA1B23C4D):
        sys.exit(f"{path}: magic {magic:#x}")
    at, found = 24, []
    while at < len(data):
        if at + 16 > len(data):
            sys.exit(f"{path}: half a record header at {at}")
        captured, length = struct.unpack("<II", data[at + 8:at + 16])
        frame = data[at + 16:at + 16 + captured]
        if len(frame) != captured or captured != length:
            sys.exit(f"{path}: {len(frame)} of {captured} of {length} bytes at {at}")
        found.append(frame)
        at += 16 + captured
    return found


a, b = records(sys.argv[1]), records(sys.argv[2])
if "--sorted" in sys.argv:
    a.sort()
    b.sort()
for i, (x, y) in enumerate(zip(a, b)):
    if x != y:
        sys.exit(f"frame {i} differs:\n{x.hex(' ', -2)}\n{y.hex(' ', -2)}")
if len(a) != len(b):
    sys.exit(f"{len(a)} frames and {len(b)}")
print(len(a))
