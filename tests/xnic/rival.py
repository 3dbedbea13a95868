#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""rival.py OURS THEIRS DOCUMENT: ask ethtool, ip, devlink and sysfs the same of two ports, one of each driver, and see that the table of
differences in DOCUMENT (| question | xnic | e1000e | why |) is what comes out: no row more, none less, each with a reason."""
import json
import os
import re
import subprocess
import sys

# Of this machine or this moment, not of the driver.
VOLATILE = re.compile(r"bus-info|ifindex|iflink|address|ifname|carrier|txqlen|parentdev|permaddr|operstate|flags|PHYAD|Link detected|ifalias|"
                      r"Wake-on|link_layer|broadcast|speed|duplex|uevent|statistics")
# Whole answers: (what is asked, command). Their lines are compared one by one.
LINES = (("ethtool", ""), ("ethtool -i", "-i"), ("ethtool -k", "-k"), ("ethtool -g", "-g"), ("ethtool -l", "-l"), ("ethtool -c", "-c"),
         ("ethtool -a", "-a"), ("ethtool -T", "-T"))
# Those of which only counts whether there is one: what they say differs by nature (counters, addresses).
ANSWERED = ("-x", "-n DEV rx-flow-hash tcp4", "-n DEV rx-flow-hash udp4", "-u", "-d", "-e", "-P", "-m", "-S", "-I -a", "--phy-statistics", "--show-eee",
            "--show-fec", "--show-priv-flags", "--show-coalesce -Q", "--show-permaddr", "-S DEV --groups eth-phy", "-S DEV --groups eth-mac",
            "-S DEV --groups eth-ctrl", "-S DEV --groups rmon", "--cable-test DEV", "-t DEV online", "-r", "-s DEV msglvl 7", "-s DEV wol g", "-s DEV wol d",
            "-p DEV 1", "-X DEV default", "-C DEV rx-usecs 50", "-C DEV tx-usecs 50", "-C DEV adaptive-rx on", "-C DEV rx-usecs 20", "-G DEV rx 512",
            "-G DEV rx 256", "-L DEV combined 1", "-A DEV rx off tx off", "-A DEV rx on tx on", "-K DEV rx-fcs on", "-K DEV rx-fcs off",
            "-K DEV rx-all on", "-K DEV rx-all off", "-K DEV loopback on", "-K DEV loopback off", "--set-eee DEV eee off", "-N DEV flow-type tcp4 action 0",
            "-s DEV mdix auto", "-s DEV speed 100 duplex full autoneg off", "-s DEV autoneg on")


def run(*command):
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        return done.returncode, done.stdout
    except subprocess.TimeoutExpired:
        return 99, ""


def lines(text, dev):
    """key: value, what has no colon belongs to the value before."""
    out, section, key = {}, "", None
    for line in text.replace(dev, "DEV").splitlines():
        head, colon, value = line.partition(":")
        head, value = head.strip(), " ".join(value.split())
        if not colon:
            if key and head:
                out[key] = (out.get(key, "") + " " + " ".join(head.split())).strip()
            continue
        if not line[:1].isspace():
            section = "" if value or "DEV" in head else head + ": "
        key = section + head if head + ": " != section else head
        if value:
            out[key] = value
    return out


def flat(prefix, value):
    if isinstance(value, dict):
        for key in value:
            yield from flat(f"{prefix}{key} ", value[key])
    elif isinstance(value, list):
        yield prefix.strip(), " ".join(map(str, value))
    else:
        yield prefix.strip(), str(value)


def ask(dev):
    got = {}
    for name, option in LINES:
        status, text = run("ethtool", *option.split(), dev)
        for key, value in lines(text, dev).items() if not status else ():
            got[f"{name}: {key}"] = value
        got[name] = "refused" if status else "answered"
    for question in ANSWERED:
        words = question.split() if "DEV" in question else question.split() + ["DEV"]
        status, _ = run("ethtool", *[dev if word == "DEV" else word for word in words])
        got[f"ethtool {question.replace(' DEV', '')}"] = "refused" if status else "answered"
    for key, value in flat("", json.loads(run("ip", "-d", "-j", "link", "show", dev)[1])[0]):
        got[f"ip -d link: {key}"] = value
    for path in ("", "/queues", "/device"):
        for name in os.listdir(f"/sys/class/net/{dev}{path}"):
            got[f"/sys/class/net/DEV{path}/{name}"] = "there"
    got["/sys/class/net/DEV/device/msi_irqs, entries"] = str(len(os.listdir(f"/sys/class/net/{dev}/device/msi_irqs")))
    bus = os.path.basename(os.path.realpath(f"/sys/class/net/{dev}/device"))
    for what in (("dev", "info"), ("health", "show"), ("dev", "param", "show")):
        status, _ = run("devlink", *what, f"pci/{bus}")
        got["devlink " + " ".join(what)] = "refused" if status else "answered"
    return {key: value for key, value in got.items() if not VOLATILE.search(key)}


def table(document):
    rows, inside = {}, False
    for line in open(document, encoding="utf-8"):
        inside = line.startswith("| question | xnic | e1000e |") or (inside and line.startswith("|"))
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if inside and cells[0].startswith("`"):
            rows[(cells[0].strip("`"), cells[1], cells[2])] = cells[3]
    return rows


def main():
    ours, theirs, document = sys.argv[1:]
    a, b = ask(ours), ask(theirs)
    found = {(key, a.get(key, "-") or "-", b.get(key, "-") or "-") for key in a.keys() | b.keys() if a.get(key, "-") != b.get(key, "-")}
    rows = table(document)
    bad = 0
    for row in sorted(found - rows.keys()):
        print("not in the table: | `%s` | %s | %s | |" % row)
        bad = 1
    for row in sorted(rows.keys() - found):
        print("in the table, and not so: | `%s` | %s | %s | |" % row)
        bad = 1
    for row, why in rows.items():
        if not why:
            print("no reason: %s" % (row,))
            bad = 1
    print(f"{len(a.keys() | b.keys())} questions, {len(found)} answered differently")
    return bad


if __name__ == "__main__":
    sys.exit(main())
