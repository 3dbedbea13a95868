#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Whatever others do, the daemon answers: readers that stall, clients that never read, garbage, a thousand connections, half requests, rules that take
# minutes, files that never come, a resolver that is dead. And SIGTERM ends it, whatever is under way.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
with_sanitizers
# The promise is a second; a loaded machine has its time.
answers() {
	expect_status 0 timeout 10 nsenter --net="/run/netns/$rx" -- "$BUILD/afxdpctl" -i "$rxif" --json status
	in_ns "$rx" curl -sf -m 10 http://127.0.0.1:9192/metrics >"$dir/page" || fail "no metrics: $1"
	grep -q '^afxdp_ledger_total' "$dir/page" || fail "no ledger in the metrics: $1"
}
ends() { terminate 0 "$1"; }
# A fast machine may be done before it is asked.
under_way_or_over() { live_is '.last_change.outcome' 'under way' || gone "$client"; }
in_background() {
	background "$rx" "$BUILD/afxdpctl" -i "$rxif" "$@" >"$dir/client" 2>&1
	client=$started
	wait_for 20 under_way_or_over || fail "$*: not under way: $(cat "$dir/client")"
}

# Nobody reads stdout, with a line every 10 ms: one page fills the pipe soon.
mkfifo "$dir/stdout"
sleep 1000 <>"$dir/stdout" &
cleanup kill $!
: >"$dir/err"
background "$rx" "$AFXDPD" -i "$rxif" --interval 0.001 --report "$dir/report" --metrics 127.0.0.1:9192 --control "$dir/control" >"$dir/stdout" 2>>"$dir/err"
daemon=$started
wait_for 20 daemon_says ': ready' || fail "not ready: $(cat "$dir/err")"
fill() { timeout 1 dd if=/dev/zero of="$dir/stdout" oflag=nonblock bs=512 count=200 2>/dev/null || true; }
fill
answers "a stalled stdout"
kill -TERM "$daemon"
ended_daemon 1 # it could not print the ledger, and says so
daemon_says "cannot write to standard output: nobody reads it" || fail "last words: $(cat "$dir/err")"
balanced "a stalled stdout"

start_daemon --metrics 127.0.0.1:9192 --control "$dir/control"
in_ns "$rx" python3 - "$dir/control" <<'PYTHON' || fail "hostile clients: $(cat "$dir/err")"
import json, select, socket, sys
def dial():
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.settimeout(20); return s
def status():
    s = dial(); s.sendall(b'{"command":"ledger"}\n'); f = s.makefile()
    return json.loads(f.readline())["ok"]
def web(request, n=1 << 20):
    s = socket.create_connection(("127.0.0.1", 9192), 20); s.sendall(request); out = b""
    while True:
        b = s.recv(65536)
        if not b: return out
        out += b
# A thousand that never read what they ask for.
hogs = []
for _ in range(30):
    s = dial(); s.setblocking(False); hogs.append(s)
    try:
        while True: s.send(b'{"command":"ledger"}\n' * 100)
    except (BlockingIOError, BrokenPipeError, ConnectionResetError): pass
    assert status(), "a client that does not read"
# A line of 100 MB.
s = dial()
try:
    for _ in range(1600): s.sendall(b"x" * 65536)
except OSError: pass
assert status(), "100 MB"
s = dial(); s.sendall(b"x" * 9000); assert b"longer" in s.recv(4096)
# Half a reply is not followed by another: what comes is whole lines.
s = dial(); s.sendall(b'\xff\xfe{"command":"\xe9"}\n{"command":17}\n[]\n"x"\nnull\n'); seen = b""
while seen.count(b"\n") < 5: seen += s.recv(4096)
assert all(json.loads(l)["ok"] is False for l in seen.splitlines()), seen
# Half closed, and still answered.
s = dial(); s.sendall(b'{"command":"rules"}\n'); s.shutdown(socket.SHUT_WR); assert b'"ok":true' in s.recv(65536)
# A thousand connections that say nothing; the next one is served.
mute = []
for _ in range(1000):
    mute.append(dial())
assert status(), "a thousand connections"
# HTTP: half requests, more than there are places for; then a whole one.
half = [socket.create_connection(("127.0.0.1", 9192), 20) for _ in range(200)]
for h in half: h.sendall(b"GET /metrics HT")
page = web(b"GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")
assert page.startswith(b"HTTP/1.1 200 ") and b"afxdp_ledger_total{" in page, page[:200]
head = web(b"HEAD /metrics HTTP/1.0\r\n\r\n")
assert head.startswith(b"HTTP/1.1 200 ") and head.endswith(b"\r\n\r\n"), head
assert b"\r\nContent-Length: " in head
post = web(b"POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc")
assert post.startswith(b"HTTP/1.1 405 ") and b"Allow: GET, HEAD\r\n" in post, post
assert web(b"GET / HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 200 ")
assert web(b"GET /other HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 404 ")
assert web(b"GET /metrics?x=1 HTTP/1.1\r\n\r\n").startswith(b"HTTP/1.1 200 ")
assert web(b"\x16\x03\x01\r\n\r\n").startswith(b"HTTP/1.1 400 ")
assert web(b"GET /" + b"a" * 9000).startswith(b"HTTP/1.1 431 ")
# Half requests are hung up on: all of them, some seconds later, without anybody else coming.
for h in half:
    h.settimeout(30)
    try: assert h.recv(1) == b""
    except ConnectionResetError: pass
# And so are those that do not read, some seconds after their last answer found no room.
for s in hogs:
    p = select.poll(); p.register(s, 0)
    assert p.poll(60000), "a client that does not read is still connected"
PYTHON
answers "after hostile clients"
[ "$(find "/proc/$daemon/fd" | wc -l)" -lt 150 ] || fail "descriptors: $(find "/proc/$daemon/fd" | wc -l)"

# Few descriptors: it serves all the same, the oldest idle client makes room for the next, and it ends.
prlimit --pid "$daemon" --nofile=$(($(find "/proc/$daemon/fd" -type l | wc -l) + 12))
in_ns "$rx" python3 - "$dir/control" <<'PYTHON' || fail "few descriptors: $(cat "$dir/err")"
import json, socket, sys
idle = []
for _ in range(60):
    s = socket.socket(socket.AF_UNIX); s.settimeout(20); s.connect(sys.argv[1]); idle.append(s)
    s.sendall(b'{"command":"ledger"}\n')
    assert json.loads(s.makefile().readline())["ok"]
PYTHON
answers "few descriptors"
ends "few descriptors"

# A crowd that asks without a pause is no reason not to hear a signal.
start_daemon --control "$dir/control"
in_ns "$rx" python3 - "$dir/control" "$daemon" <<'PYTHON' || fail "a crowd: $(cat "$dir/err")"
import os, signal, socket, sys, threading
served = threading.Semaphore(0)
def ask():
    s = socket.socket(socket.AF_UNIX); s.settimeout(60)
    try:
        s.connect(sys.argv[1])
        for n in range(1000000):
            s.sendall(b'{"command":"ledger"}\n' * 10); served.release()
            while not s.recv(65536).endswith(b"\n"): pass
    except OSError: pass
crowd = [threading.Thread(target=ask, daemon=True) for _ in range(30)]
for t in crowd: t.start()
for _ in range(100): served.acquire()
os.kill(int(sys.argv[2]), signal.SIGTERM)
for t in crowd: t.join(10)
assert not any(t.is_alive() for t in crowd), "they are still being served"
os._exit(0)
PYTHON
ended_daemon 0

start_daemon --metrics 127.0.0.1:9192 --control "$dir/control"
# Rules that never come (a FIFO), and others meanwhile.
mkfifo "$dir/rules"
in_background rules replace "$dir/rules"
answers "rules from a FIFO"
printf 'drop udp dst port 9\ndefault pass\n' >"$dir/small"
expect_status 1 ctl rules replace "$dir/small"
expect_match "another change" "$OUT" "is under way"
kill_now "$client"
wait_for 10 ctl rules replace "$dir/small" || fail "no other rules once that client has gone"
expect_eq "its rules" "$(ctl --json rules show | jq -r '.rules[0].text')" "drop udp dst port 9"
# What was read too late is not put in place.
echo 'drop udp dst port 10' >"$dir/rules"
expect_eq "rules nobody wanted any more" "$(ctl --json rules show | jq -r '.rules[0].text')" "drop udp dst port 9"
expect_status 1 ctl set nothing replace "$dir/rules"

# A thousand hosts in one expression.
{ printf 'drop host 10.0.0.1'; for ((i = 0; i < 1000; i++)); do printf ' or host 10.%d.%d.7' $((i / 250)) $((i % 250)); done; echo; echo default pass; } >"$dir/many"
in_background rules replace "$dir/many"
for ((i = 0; i < 5; i++)); do answers "a thousand hosts"; done
live_is '.last_change.outcome' 'under way' || echo "a thousand hosts compile faster than five answers come: $(live '.last_change.outcome')"
ends "a thousand hosts"
wait "$client" 2>/dev/null || true

# SIGHUP while rules are under way is not lost: the file is read when they are in place.
echo 'default pass' >"$dir/own"
start_daemon --metrics 127.0.0.1:9192 --control "$dir/control" -r "$dir/own"
in_background rules replace "$dir/rules"
wait_for 10 live_is '.last_change.outcome' 'under way' || fail "rules from a FIFO: $(live .last_change)"
printf 'drop udp dst port 11\ndefault pass\n' >"$dir/own"
kill -HUP "$daemon"
answers "SIGHUP meanwhile"
printf 'drop udp dst port 12\ndefault pass\n' >"$dir/rules"
wait_for 10 daemon_says "rules read again from '$dir/own'" || fail "SIGHUP was lost: $(cat "$dir/err")"
expect_eq "the rules after SIGHUP" "$(ctl --json rules show | jq -r '.rules[0].text')" "drop udp dst port 11"
wait "$client" || fail "the client before SIGHUP"
ends "SIGHUP meanwhile"

# At the start, too: told that it is not ready, and ended at once.
launch_daemon -r "$dir/rules"
not_ready() { ! OUT=$(ctl status 2>&1) && [[ $OUT == *"rules are being read"* ]]; }
wait_for 10 not_ready || fail "while it reads rules: $OUT"
kill -TERM "$daemon"
ended_daemon 0

# A resolver that never answers.
in_ns "$rx" python3 -c 'import socket,time
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("127.0.0.1", 53)); print("bound", flush=True); time.sleep(1000)' >"$dir/resolver" &
cleanup pkill -P $!
cleanup kill $!
wait_for 10 grep -q bound "$dir/resolver" || fail "no resolver"
printf 'nameserver 127.0.0.1\noptions timeout:30 attempts:5\n' >"$dir/resolv.conf"
echo 'hosts: dns' >"$dir/nsswitch.conf"
: >"$dir/err"
# shellcheck disable=SC2016
background "$rx" unshare --mount sh -c 'mount --bind "$0/resolv.conf" /etc/resolv.conf && mount --bind "$0/nsswitch.conf" /etc/nsswitch.conf && exec "$@"' "$dir" \
	"$AFXDPD" -i "$rxif" --report "$dir/report" --metrics 127.0.0.1:9192 >"$dir/out" 2>>"$dir/err"
daemon=$started
wait_for 20 daemon_says ': ready' || fail "not ready: $(cat "$dir/err")"
echo 'drop host nowhere.example' >"$dir/names"
in_background rules replace "$dir/names"
answers "a dead resolver"
live_is '.last_change.outcome' 'under way' || fail "the resolver is not dead: $(live .last_change)"
ends "a dead resolver"
