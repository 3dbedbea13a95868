#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# actions.py send|check ...: frames of all kinds through all actions, against a reference of the test's own: rules are gone through in order, and whether a frame
# matches an expression is what tcpdump says, unoptimised. Each frame is known by its source address.
import collections, ctypes, json, os, select, socket, struct, subprocess, sys, time

SNAP = 256
BURST = 4


def fold(data):
    data += b"\0" * (len(data) & 1)
    total = sum(struct.unpack(f">{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xffff) + (total >> 16)
    return total


def ipv4(protocol, payload, fragment=0):
    head = struct.pack(">BBHHHBBH4s4s", 0x45, 0, 20 + len(payload), 7, fragment, 64, protocol, 0, bytes([10, 9, 9, 2]), bytes([10, 9, 9, 1]))
    return head[:10] + struct.pack(">H", 0xffff - fold(head)) + head[12:] + payload


def ipv6(protocol, payload):
    return struct.pack(">IHBB", 0x60000000, len(payload), protocol, 64) + bytes(15) + b"\1" + bytes(15) + b"\2" + payload


def udp(port, size=20):
    return struct.pack(">HHHH", 999, port, 8 + size, 0) + bytes(size)


def tcp(port):
    return struct.pack(">HHIIBBHHH", 999, port, 1, 0, 0x50, 2, 9, 0, 0)


def packets():
    """EtherType and what follows."""
    v4, v6 = 0x0800, 0x86dd
    inner = ipv4(17, udp(7))
    yield v4, ipv4(17, udp(7))
    yield v4, ipv4(17, udp(53, 300))
    yield v4, ipv4(6, tcp(80))
    yield v4, ipv4(1, b"\10\0\xf7\xff" + bytes(4))
    yield v4, ipv4(17, udp(7), 0x2000)
    yield v4, ipv4(17, udp(53), 0x2010)
    yield v6, ipv6(17, udp(7))
    yield v6, ipv6(6, tcp(80))
    yield v6, ipv6(60, b"\x11\0\1\4\0\0\0\0" + udp(53))
    yield v6, ipv6(44, b"\x11\0\0\1\0\0\0\7" + udp(7))
    yield 0x0806, struct.pack(">HHBBH", 1, v4, 6, 4, 1) + bytes(20)
    yield 0x8847, struct.pack(">I", 5 << 12 | 1 << 8 | 9) + inner
    yield 0x8847, struct.pack(">II", 5 << 12 | 9, 6 << 12 | 1 << 8 | 9) + ipv6(17, udp(53))
    yield 0x8864, b"\x11\0\0\1" + struct.pack(">HH", len(inner) + 2, 0x21) + inner


def frames(destination):
    bodies = []
    for tags in [], [0x8100], [0x88a8], [0x9100], [0x88a8, 0x8100], [0x9100, 0x88a8], [0x8100] * 3, [0x88a8, 0x8100, 0x9100, 0x8100]:
        for kind, packet in packets():
            bodies.append(b"".join(struct.pack(">HH", t, 5 + i) for i, t in enumerate(tags)) + struct.pack(">H", kind) + packet)
    for whole in bodies[0], bodies[2], bodies[7], bodies[14], bodies[16]:
        bodies += [whole[:n] for n in range(2, min(len(whole), 66))]
    return [destination + b"\2\0\0\0" + struct.pack(">H", i) + body for i, body in enumerate(bodies)]


def write_pcap(path, list_of_frames):
    with open(path, "wb") as f:
        f.write(struct.pack("=IHHIIII", 0xa1b2c3d4, 2, 4, 0, 0, 65535, 1))
        for i, frame in enumerate(list_of_frames):
            f.write(struct.pack("=IIII", i, 0, len(frame), len(frame)) + frame)


def read_pcap(path):
    with open(path, "rb") as f:
        data = f.read()[24:]
    while data:
        size = struct.unpack("=I", data[8:12])[0]
        yield data[16:16 + size]
        data = data[16 + size:]


def number(frame):
    return struct.unpack(">H", frame[10:12])[0]


def rules(path):
    for line in open(path):
        words = line.split()
        action = words.pop(0)
        to = words.pop(0) and words.pop(0) if words[0] == "to" else "default"
        share = int(words.pop(0)[2:]) if words[0].startswith("1/") and action != "limit" else 1
        if action == "limit":
            words = words[3:]
        yield action, to, share, " ".join(words)


def predict(directory, sent):
    """Of each frame: where it ends, and who gets a copy. Frames of `limit` may end there, too."""
    list_of_rules = list(rules(f"{directory}/rules"))
    matching = []
    for _, _, _, expression in list_of_rules[:-1]:
        subprocess.run(["tcpdump", "-O", "-r", f"{directory}/sent.pcap", "-w", f"{directory}/match.pcap"] + ([] if expression == "all" else [expression]),
                       check=True, stderr=subprocess.DEVNULL)
        matching.append({number(f) for f in read_pcap(f"{directory}/match.pcap")})
    end, copies, hits, seen, limited = {}, collections.defaultdict(set), [0] * len(matching), collections.Counter(), set()
    for i in range(len(sent)):
        for n, (action, to, share, _) in enumerate(list_of_rules[:-1]):
            if i not in matching[n]:
                continue
            hits[n] += 1
            seen[n] += 1
            if action == "limit":
                limited.add(i)
            elif action == "copy":
                copies[to].add(i)
            elif action == "sample" and seen[n] % share == 0:
                end[i] = "capture " + to
            elif action == "capture":
                end[i] = "capture " + to
            elif action in ("pass", "drop", "tx"):
                end[i] = action
            if i in end:
                break
        else:
            end[i] = list_of_rules[-1][3]
    return end, copies, hits, limited


def listen(namespace, device):
    home = os.open("/proc/self/ns/net", os.O_RDONLY)
    libc = ctypes.CDLL(None, use_errno=True)
    there = os.open(f"/run/netns/{namespace}", os.O_RDONLY)
    assert libc.setns(there, 0x40000000) == 0
    s = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0)
    s.setsockopt(socket.SOL_SOCKET, 33, 1 << 24)  # SO_RCVBUFFORCE
    s.bind((device, 3))
    assert libc.setns(home, 0x40000000) == 0
    return s


def received(s, seconds, enough, place):
    """Frames that came in, by the number at @place."""
    got, deadline = collections.Counter(), time.monotonic() + seconds
    while True:
        wait = 0 if sum(got.values()) >= enough else max(0, deadline - time.monotonic())
        if not select.select([s], [], [], wait)[0]:
            return got
        frame, address = s.recvfrom(65536)
        if address[2] != socket.PACKET_OUTGOING and frame[place - 4:place] == b"\2\0\0\0":
            got[struct.unpack(">H", frame[place:place + 2])[0]] += 1


def differs(what, got, want, sent, maybe=()):
    wrong = [(i, got.get(i, 0)) for i in range(len(sent)) if got.get(i, 0) != (i in want) and not (i in maybe and got.get(i, 0) <= 1)]
    if wrong:
        i, times = wrong[0]
        sys.exit(f"{what}: {len(wrong)} frames differ; number {i} came {times} times: {sent[i].hex()}")


def send(directory, rx, rxif, tx, txif, mac):
    sent = frames(bytes.fromhex(mac.replace(":", "")))
    write_pcap(f"{directory}/sent.pcap", sent)
    end, _, _, maybe = predict(directory, sent)
    to_stack, back = listen(rx, rxif), listen(tx, txif)
    for frame in sent:
        back.send(frame)
    want = {what: {i for i in end if end[i] == what} for what in ("pass", "tx")}
    let_through = set(sorted(maybe)[:BURST])  # at least
    differs("to the stack", received(to_stack, 60, len(want["pass"] - (maybe - let_through)), 10), want["pass"], sent, maybe)
    differs("sent back", received(back, 60, len(want["tx"]), 4), want["tx"], sent)
    print(len(sent))


def check(directory, seconds):
    sent = list(read_pcap(f"{directory}/sent.pcap"))
    end, copies, hits, maybe = predict(directory, sent)
    report = json.load(open(f"{directory}/report"))
    for name in "default", "web", "few", "rest":
        got = list(read_pcap(f"{directory}/{name}.pcap"))
        for frame in got:
            if frame != sent[number(frame)]:
                sys.exit(f"{name}: number {number(frame)} came as {frame.hex()}, not {sent[number(frame)].hex()}")
        differs(f"sink {name}", collections.Counter(map(number, got)), {i for i in end if end[i] == "capture " + name}, sent, maybe)
    got = list(read_pcap(f"{directory}/copies.pcap"))
    differs("copies", collections.Counter(map(number, got)), copies["copies"], sent)
    for frame in got:
        if frame != sent[number(frame)][:SNAP]:
            sys.exit(f"copy of number {number(frame)}: {frame.hex()}, not {sent[number(frame)][:SNAP].hex()}")
    limited = report["ledger"]["limited"]
    if not len(maybe) - BURST - seconds - 1 <= limited <= len(maybe) - BURST:
        sys.exit(f"limited: {limited} of {len(maybe)} in {seconds} s")
    for what, row in ("drop", "dropped"), ("tx", "tx"):
        if report["ledger"][row] != sum(e == what for e in end.values()):
            sys.exit(f"{row}: {report['ledger'][row]}")
    # What was limited met no rule behind that.
    at = [action for action, _, _, _ in rules(f"{directory}/rules")].index("limit")
    counted = [r["frames"] for r in report["rules"]]
    if counted[:at + 1] != hits[:at + 1] or any(not w - limited <= c <= w for c, w in zip(counted[at + 1:], hits[at + 1:])):
        sys.exit(f"hits: {counted}, not {hits}")
    if 0 in hits:
        sys.exit(f"a rule without a frame: {hits}")


if sys.argv[1] == "send":
    send(*sys.argv[2:])
else:
    check(sys.argv[2], int(sys.argv[3]))
