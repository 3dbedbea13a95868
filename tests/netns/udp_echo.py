#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
# udp_echo.py ADDR PORT SIZE...: send a datagram of each size and expect exactly it back, through the kernel's own checks of checksums.
import os
import socket
import sys

address, port = sys.argv[1], int(sys.argv[2])
s = socket.socket(socket.AF_INET6 if ":" in address else socket.AF_INET, socket.SOCK_DGRAM)
s.settimeout(10)
s.connect((address, port))
for size in map(int, sys.argv[3:]):
    data = os.urandom(size)
    s.send(data)
    try:
        back = s.recv(65536)
    except OSError as e:
        sys.exit(f"{address}: {size} bytes: {e}")
    if back != data:
        sys.exit(f"{address}: {size} bytes came back as {len(back)} others")
