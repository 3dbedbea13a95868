# SPDX-License-Identifier: GPL-2.0-only
"""dns_answer.py ADDRESS: answers every query at port 53 with itself, as an answer. Interrupted, it answers those that wait and says how many there were."""
import signal
import socket
import sys

s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 22)
s.bind((sys.argv[1], 53))
s.settimeout(1)
going_on = True


def interrupted(*_):
    global going_on
    going_on = False


signal.signal(signal.SIGINT, interrupted)
print("ready", flush=True)
n = 0
while True:
    try:
        data, address = s.recvfrom(4096)
    except TimeoutError:
        if going_on:
            continue
        break
    n += 1
    s.sendto(data[:2] + bytes([data[2] | 0x80]) + data[3:], address)
print(n)
