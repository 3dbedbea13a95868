#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""pcapng_read.py FILE...: as JSON, for each file its sections with their filter, packets, and interface statistics. Knows only what the format's draft says."""
import json
import struct
import sys


def options(data):
    at = 0
    found = {}
    while at + 4 <= len(data):
        code, length = struct.unpack_from("=HH", data, at)
        if code == 0:
            break
        found[code] = data[at + 4:at + 4 + length]
        at += 4 + (length + 3) // 4 * 4
    return found


def number(raw):
    return int.from_bytes(raw, sys.byteorder)


def read(name):
    data = open(name, "rb").read()
    at = 0
    sections = []
    while at < len(data):
        kind, length = struct.unpack_from("=II", data, at)
        assert length % 4 == 0 and struct.unpack_from("=I", data, at + length - 4)[0] == length, (name, at)
        body = data[at + 8:at + length - 4]
        if kind == 0x0A0D0D0A:
            sections.append({"packets": 0, "interfaces": 0, "statistics": []})
        elif kind == 1:
            found = options(body[8:])
            sections[-1]["interfaces"] += 1
            sections[-1]["filter"] = found.get(11, b"")[1:].decode()
            sections[-1]["speed"] = number(found[8]) if 8 in found else None
        elif kind == 6:
            assert struct.unpack_from("=I", body)[0] < sections[-1]["interfaces"], name
            sections[-1]["packets"] += 1
        elif kind == 5:
            found = options(body[12:])
            names = {4: "received", 5: "missed", 6: "captured", 7: "lost", 8: "delivered"}
            s = {names[k]: number(v) for k, v in found.items() if k in names}
            s["comment"] = found.get(1, b"").decode()
            sections[-1]["statistics"].append(s)
        at += length
    return sections


print(json.dumps([read(name) for name in sys.argv[1:]]))
