#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Who answers for an interface: strangers can neither take a daemon's place nor speak for it, names change, namespaces share names, the dead leave
# sockets, and whoever may look may not therefore change.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
chmod 755 "$dir"
# A stranger, with what the shell may need.
stranger() { in_ns "$rx" setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
stranger_ctl() { stranger "$dir/afxdpctl" -i "$rxif" "$@"; }
# He cannot look into our home.
install -m 755 "$BUILD/afxdpctl" "$dir/afxdpctl"

# He binds what was our address once, as any user can, and answers whatever is asked with what root's terminal would obey.
cat >"$dir/squat" <<'PYTHON'
import os, socket, sys
os.setgroups([]); os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX)
s.bind(sys.argv[1].replace("@", "\0"))
if sys.argv[1][0] != "@": os.chmod(sys.argv[1], 0o777)
s.listen(64)
print("bound", flush=True)
while True:
    c, _ = s.accept()
    try:
        if c.recv(4096): c.sendall(b'{"ok":true,"netns":0,"report":{"interface":"\\u001b[31mstranger"},"note":"\\u001b]0;stranger\\u0007"}\n')
    except OSError: pass
    c.close()
PYTHON
background "$rx" python3 "$dir/squat" "@afxdp/$rxif" >"$dir/bound"
cleanup kill $started
wait_for 20 grep -q bound "$dir/bound" || fail "no squatter"
OUT=$(ctl status 2>&1) && fail "a stranger is believed: $OUT"
expect_match "no daemon, a stranger" "$OUT" "no afxdpd serves '$rxif'"
start_daemon
expect_eq "who answers" "$(live .interface)" "$rxif"
expect_eq "abstract sockets of that name" "$(in_ns "$rx" grep -ac " @afxdp/$rxif\$" /proc/net/unix)" 1 # the squatter's

# The registry: root's, closed to him; his question is not heard.
expect_eq "the directory" "$(stat -c '%U %a %F' /run/afxdp)" "root 755 directory"
netns=$(in_ns "$rx" stat -Lc %i /proc/self/ns/net)
index=$(ip -n "$rx" -j link show dev "$rxif" | jq '.[0].ifindex')
socket=/run/afxdp/$netns-$index.sock
expect_eq "the socket" "$(stat -c '%U %a %F' "$socket")" "root 660 socket"
expect_eq "the lock" "$(stat -c '%U %a' "$socket.lock") $(cat "$socket.lock")" "root 600 $daemon"
! stranger touch /run/afxdp/mine 2>/dev/null || fail "a stranger can write /run/afxdp"
expect_status 3 stranger_ctl status
expect_match "a stranger asks" "$OUT" "Permission denied.*it is for root"
# Should he get there (root opened the file), he gets nothing all the same.
chmod 666 "$socket"
expect_status 1 stranger_ctl status
expect_match "a stranger asks" "$OUT" "its socket is for root"
chmod 660 "$socket"

# A socket that he made, asked by root: not believed, and nothing of it printed.
mkdir -m 777 "$dir/his"
background "$rx" python3 "$dir/squat" "$dir/his/socket" >"$dir/bound2"
cleanup kill $started
wait_for 20 grep -q bound "$dir/bound2" || fail "no second squatter"
expect_status 3 "$BUILD/afxdpctl" --control "$dir/his/socket" status
expect_match "a stranger answers" "$OUT" "uid 65534, pid [0-9]+\) is neither root nor you"
[[ $OUT != *$'\e'* ]] || fail "a stranger's escape sequence is printed"

# A second daemon is refused, and the first one's socket is still its own.
expect_status 3 in_ns "$rx" "$BUILD/afxdpd" -i "$rxif"
expect_match "a second daemon" "$OUT" "$rxif is served by another afxdpd already"
expect_eq "who answers" "$(live .interface)" "$rxif"

# Renamed, and by an alternative name: the interface counts. Nobody has the old name: whoever was started with it is meant.
ip -n "$rx" link set "$rxif" name "n$RUN_ID"
wait_for 10 daemon_says "is called n$RUN_ID" || fail "renamed: $(cat "$dir/err")"
renamed() { [ "$(in_ns "$rx" "$BUILD/afxdpctl" -i "$1" --json status | jq -r .interface)" = "n$RUN_ID" ]; }
renamed_to() { [ "$(in_ns "$rx" "$BUILD/afxdpctl" -i "$1" --json status | jq -r .interface)" = "$1" ]; }
renamed "n$RUN_ID" || fail "not found by its new name"
wait_for 5 renamed "$rxif" || fail "not found by its old name"
ip -n "$rx" link property add dev "n$RUN_ID" altname "alt$RUN_ID"
renamed "alt$RUN_ID" || fail "not found by its alternative name"
long=an-alternative-name-that-is-longer-than-any-interface-name-$RUN_ID
ip -n "$rx" link property add dev "n$RUN_ID" altname "$long"
renamed "$long" || fail "not found by a long alternative name"
# A name that a terminal would obey: nothing that we print holds it. In JSON it is escaped, and whole.
escape=$'e\e[31m'$RUN_ID
ip -n "$rx" link set "n$RUN_ID" name "$escape"
wait_for 10 renamed_to "$escape" || fail "renamed: $(cat "$dir/err")"
for what in status ledger doctor "--json status" "--json doctor" "rules show"; do
	# shellcheck disable=SC2086
	OUT=$(in_ns "$rx" "$BUILD/afxdpctl" -i "$escape" $what 2>&1) || fail "$what: $OUT"
	[[ $OUT != *$'\e'* ]] || fail "$what prints an escape sequence: $(cat -v <<<"$OUT")"
done
expect_status 3 in_ns "$rx" "$BUILD/afxdpctl" -i $'no\e[31m\u9b' status
expect_match "no such interface" "$OUT" "has no such interface"
[[ $OUT != *$'\e'* && $OUT != *$'\u9b'* ]] || fail "an escape sequence is printed: $(cat -v <<<"$OUT")"
ip -n "$rx" link set "$escape" name "n$RUN_ID"
wait_for 10 renamed_to "n$RUN_ID" || fail "renamed: $(cat "$dir/err")"
! grep -q $'\e' "$dir/err" || fail "an escape sequence in the log: $(cat -v "$dir/err")"
# Somebody else has the old name: it is not served.
ip -n "$rx" link add "$rxif" type veth peer name "o$RUN_ID"
expect_status 3 ctl status
expect_match "another interface of that name" "$OUT" "no afxdpd serves '$rxif'"
ip -n "$rx" link del "$rxif"
ip -n "$rx" link set "n$RUN_ID" name "$rxif"
wait_for 10 daemon_says "is called $rxif" || fail "renamed: $(cat "$dir/err")"

# The same name in another namespace: a daemon of its own.
other=afxdp-$RUN_ID-other
netns_add "$other"
veth_pair "$other" "$rxif" "$other" "p$RUN_ID" 1
background "$other" "$BUILD/afxdpd" -i "$rxif" -s drop >"$dir/out.other" 2>"$dir/err.other"
second=$started
cleanup end_process "$second"
wait_for 20 grep -q ': ready' "$dir/err.other" || fail "a second namespace: $(cat "$dir/err.other")"
expect_eq "here" "$(live .sink.name)" count
there=/sys/fs/bpf/afxdp/$(in_ns "$other" stat -Lc %i /proc/self/ns/net)-$(ip -n "$other" -j link show dev "$rxif" | jq '.[0].ifindex')
[ -e "$there/ledger" ] || fail "no pins of the second namespace"
expect_eq "there" "$(in_ns "$other" "$BUILD/afxdpctl" -i "$rxif" --json ledger | jq -r .sink.name)" drop
end_process "$second"
expect_eq "here, the other one gone" "$(live .sink.name)" count

[ -e "$(pins)/ledger" ] && [ "$(readlink "/sys/fs/bpf/afxdp/$rxif")" = "$netns-$index" ] || fail "the other one took our pins: $(ls -lR /sys/fs/bpf/afxdp)"

# Killed: its socket stays, nobody is found behind it, the next start takes its place, and what others left goes too.
kill_daemon
[ -S "$socket" ] || say "somebody else's start has taken the socket away already"
expect_status 3 ctl status
expect_match "a dead daemon" "$OUT" "no afxdpd serves"
touch "/run/afxdp/1-1$RUN_ID.sock.lock" "/run/afxdp/1-1$RUN_ID.sock"
cleanup rm -f "/run/afxdp/1-1$RUN_ID.sock.lock" "/run/afxdp/1-1$RUN_ID.sock"
start_daemon
[ ! -e "/run/afxdp/1-1$RUN_ID.sock.lock" ] && [ ! -e "/run/afxdp/1-1$RUN_ID.sock" ] || fail "what the dead left is still there"
expect_eq "who answers" "$(live .interface)" "$rxif"
end_daemon
[ ! -e "$socket" ] && [ ! -e "$socket.lock" ] || fail "a daemon that ended has left its socket"

# --control: another file, not where others could put something else; what is there already is no afxdpd's to take away.
expect_status 2 in_ns "$rx" "$BUILD/afxdpd" -i "$rxif" --control "$dir/his/mine"
expect_match "a directory of everybody's" "$OUT" "--control '$dir/his/mine': $dir/his is another user's to change"
ln -s /run "$dir/hislink"
chown -h 65534 "$dir/hislink"
expect_status 2 in_ns "$rx" "$BUILD/afxdpd" -i "$rxif" --control "$dir/hislink/mine"
expect_match "a link of his" "$OUT" "$dir/hislink is another user's to change"
ln -s "$dir" "$dir/ours"
touch "$dir/file"
expect_status 2 in_ns "$rx" "$BUILD/afxdpd" -i "$rxif" --control "$dir/file"
expect_match "a file" "$OUT" "a file that is not a socket is there"
expect_status 2 in_ns "$rx" "$BUILD/afxdpd" -i "$rxif" --control "$dir/his/socket"
start_daemon --control "$dir/ours/control"
expect_eq "through a link of root's" "$("$BUILD/afxdpctl" --control "$dir/control" --json status | jq -r .interface)" "$rxif"
kill_daemon
start_daemon --control "$dir/control"
expect_eq "in place of a dead one's" "$("$BUILD/afxdpctl" --control "$dir/control" --json status | jq -r .interface)" "$rxif"
end_daemon
[ ! -e "$dir/control" ] && [ ! -e "$dir/control.lock" ] || fail "--control's file is still there"

# The user it runs as may ask for everything; its socket is his.
start_daemon --user nobody
expect_status 0 stranger_ctl mode interrupt
expect_eq "the socket" "$(stat -c '%U %a' "$socket")" "nobody 660"
expect_status 0 ctl mode adaptive
# Pins are root's, so they outlive it; whoever starts next takes them away.
expect_eq "the pins" "$(stat -c '%U %a' /sys/fs/bpf/afxdp "$(pins)" | sort -u)" "root 755"
! stranger touch "$(pins)/his" 2>/dev/null && ! stranger rm -f "$(pins)/xsks" 2>/dev/null || fail "a stranger may change the pins"
end_daemon
old=$(pins)
[ -e "$old/ledger" ] && [ -e "$socket.lock" ] || say "somebody else's start has taken away what was left already"
background "$other" "$BUILD/afxdpd" -i "$rxif" -s drop >"$dir/out.other" 2>"$dir/err.other"
second=$started
cleanup end_process "$second"
wait_for 20 grep -q ': ready' "$dir/err.other" || fail "a second namespace: $(cat "$dir/err.other")"
[ ! -e "$old" ] && [ ! -e "$socket.lock" ] || fail "the next start left what the dead had left"
expect_eq "the name is free again" "/sys/fs/bpf/afxdp/$(readlink "/sys/fs/bpf/afxdp/$rxif")" "$there"
end_process "$second"
[ ! -e "$there" ] && [ ! -L "/sys/fs/bpf/afxdp/$rxif" ] || fail "pins stayed"

# bpffs takes no name with a dot: the directory has none.
ip -n "$rx" link set "$rxif" name "a.$RUN_ID"
background "$rx" "$BUILD/afxdpd" -i "a.$RUN_ID" >"$dir/out" 2>"$dir/err"
daemon=$started
wait_for 60 ready_or_gone
[ -e "/sys/fs/bpf/afxdp/$netns-$index/ledger" ] || fail "no pins for a name with a dot: $(cat "$dir/err")"
end_daemon
no_pins || fail "pins stayed"
ip -n "$rx" link set "a.$RUN_ID" name "$rxif"

# A group afxdp: its members look, and change nothing.
{ cat /etc/group; echo "afxdp:x:4242:"; } >"$dir/group"
launch_in() {
	rm -f "$dir/report"
	: >"$dir/err"
	# shellcheck disable=SC2016
	background "$rx" unshare --mount sh -c 'eval "$1"; shift; exec "$@"' sh "$1" "$BUILD/afxdpd" -i "$rxif" --report "$dir/report" "${@:2}" >"$dir/out" 2>>"$dir/err"
	daemon=$started
	wait_for 60 ready_or_gone || true
}
launch_in "mount --bind $dir/group /etc/group"
daemon_says ': ready' || fail "not ready: $(cat "$dir/err")"
expect_eq "the socket" "$(stat -c '%U %g %a' "$socket")" "root 4242 660"
member() { in_ns "$rx" setpriv --reuid=65534 --regid=65534 --groups=4242 "$dir/afxdpctl" -i "$rxif" "$@"; }
expect_status 0 member status
expect_status 0 member rules show
for change in "mode busy" "sink drop" "rules replace /etc/hostname" "stop" "set x add 10.0.0.1"; do
	# shellcheck disable=SC2086
	expect_status 1 member $change
	expect_match "a member: $change" "$OUT" "may look, not change"
done
expect_status 3 stranger_ctl status
# Nor do they take all places from who may.
in_ns "$rx" python3 - "$socket" >"$dir/hogs" <<'PYTHON' &
import os, socket, sys
os.setgroups([4242]); os.setgid(65534); os.setuid(65534)
def hog():
    s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.setblocking(False)
    try:
        while True: s.send(b'{"command":"ledger"}\n' * 100)
    except OSError: pass
    return s
hogs = [hog() for _ in range(100)]
print("bound", flush=True)
while True: hogs = hogs[1:] + [hog()]
PYTHON
hogs=$!
cleanup pkill -P $hogs
wait_for 60 grep -q bound "$dir/hogs" || fail "no crowd of members"
for _ in {1..100}; do expect_status 0 ctl status; done
pkill -P $hogs
wait $hogs 2>/dev/null || true
end_daemon

# No /run to write: said in one line, and --control is enough.
launch_in "mount -t tmpfs -o ro none /run"
ended_daemon 2
daemon_says "cannot make /run/afxdp: Read-only file system (--control PATH" || fail "a read-only /run: $(cat "$dir/err")"
expect_eq "one line" "$(wc -l <"$dir/err")" 1
launch_in "mount -t tmpfs -o ro none /run" --control "$dir/control"
daemon_says ': ready' || fail "not ready: $(cat "$dir/err")"
expect_eq "by --control" "$("$BUILD/afxdpctl" --control "$dir/control" --json status | jq -r .interface)" "$rxif"
end_daemon
# Somebody else's directory in its place.
launch_in "mount -t tmpfs none /run && mkdir -m 777 /run/afxdp"
ended_daemon 2
daemon_says "/run/afxdp can be written by others" || fail "somebody else's /run/afxdp: $(cat "$dir/err")"
launch_in "mount -t tmpfs none /run && ln -s /tmp /run/afxdp"
ended_daemon 2
daemon_says "/run/afxdp" || fail "a link for /run/afxdp: $(cat "$dir/err")"

# bpffs where everybody can make entries: a directory or a link of a stranger is not taken for ours, and nothing of it changes hands.
cat >"$dir/trap" <<'PYTHON'
import os, sys
os.chmod("/sys/fs/bpf", 0o1777)
os.mkdir("/sys/fs/bpf/root", 0o755)
os.setgroups([]); os.setgid(65534); os.setuid(65534)
if sys.argv[1] == "link": os.symlink("root", "/sys/fs/bpf/afxdp")
else: os.mkdir("/sys/fs/bpf/afxdp", 0o755); os.symlink("../root", "/sys/fs/bpf/afxdp/" + sys.argv[2])
PYTHON
for trap in link directory; do
	launch_in "mount -t bpf bpf /sys/fs/bpf && python3 $dir/trap $trap $netns-$index" --user nobody
	daemon_says ': ready' || fail "not ready: $(cat "$dir/err")"
	grep -q "running without pinned maps" "$dir/err" || fail "bpffs with a stranger's $trap: $(cat "$dir/err")"
	expect_eq "root's directory" "$(stat -c '%U' "/proc/$daemon/root/sys/fs/bpf/root") $(find "/proc/$daemon/root/sys/fs/bpf/root" | wc -l)" "root 1"
	end_daemon
done

# Without root, from capabilities: it says which one is missing, serves, and is found where the user may write.
mkdir -m 700 "$dir/runtime"
chown 65534 "$dir/runtime"
install -m 755 "$BUILD/afxdpd" "$dir/afxdpd"
export XDG_RUNTIME_DIR=$dir/runtime
with() { in_ns "$rx" setpriv --reuid=65534 --regid=65534 --clear-groups --inh-caps="$1" --ambient-caps="$1" "${@:2}"; }
for missing in NET_ADMIN NET_RAW BPF PERFMON; do
	caps=+net_admin,+net_raw,+bpf,+perfmon,
	caps=${caps/+${missing,,},/}
	expect_status 3 with "${caps%,}" "$dir/afxdpd" -i "$rxif"
	expect_match "without $missing" "$OUT" "needs root, or at least CAP_$missing \("
done
: >"$dir/err"
with +net_admin,+net_raw,+bpf,+perfmon "$dir/afxdpd" -i "$rxif" --ring 512 --frames 512 >"$dir/out" 2>>"$dir/err" &
wait_for 60 daemon_says ': ready' || fail "from capabilities: $(cat "$dir/err")"
expect_eq "its user's client" "$(stranger "$dir/afxdpctl" -i "$rxif" --json status | jq -r .interface)" "$rxif"
expect_eq "the directory" "$(stat -c '%u %a' "$dir/runtime/afxdp")" "65534 755"
gen --count 100 >/dev/null
hundred() { [ "$(stranger "$dir/afxdpctl" -i "$rxif" --json ledger | jq .ledger.delivered)" = 100 ]; }
wait_for 20 hundred || fail "frames do not flow"
# Root does not look there, nor believe it.
expect_status 3 ctl status
stranger "$dir/afxdpctl" -i "$rxif" stop
wait $! || fail "its end: $(cat "$dir/err")"
[ -z "$(ls -A "$dir/runtime/afxdp")" ] || fail "it left something: $(ls -A "$dir/runtime/afxdp")"
