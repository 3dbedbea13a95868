#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rules files and set files with mistakes: one line says file, line and what, to whoever asks (rules check, a running daemon, SIGHUP); nothing changes.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
cd "$ROOT"
two_ends 1
echo 198.18.0.0/16 >"$dir/good"
printf 'set s = "good"\ncount src @s\ndefault drop\n' >"$dir/rules"
start_daemon -r "$dir/rules"
gen --count 100 >/dev/null

state() { ctl rules show --json | jq -c '[.rules, .default]'; ctl set s list; in_ns "$rx" bpftool -j net show dev "$rxif" | jq -c '.[0].xdp'; }
before=$(state)
expect_match "the rules count" "$before" '"frames":100,'
refuse() { # REGEX COMMAND...
	expect_match "${*:2}" "$OUT" "$1"
	expect_eq "lines said by ${*:2}" "$(wc -l <<<"$OUT")" 1
	[ ${#OUT} -lt 400 ] || fail "${*:2}: said ${#OUT} characters"
	expect_eq "what runs, after ${*:2}" "$(state)" "$before"
}
# bad REGEX [CHECKED-FILE]: the rules of $dir/bad are refused with a line that matches, which begins with the file's name and a line number.
bad() {
	expect_status 2 build/afxdpctl rules check "$dir/bad"
	refuse "^afxdpctl: $1" rules check
	expect_status 1 ctl rules replace "$dir/bad"
	refuse "^afxdpctl: $1" rules replace
}
rules() { printf '%b' "$1" >"$dir/bad"; }
b=$dir/bad e=$dir/elements

rules '# fine\nfrobnicate udp\n'; bad "$b:2: 'frobnicate'"
rules 'pass udp\n\ndrop src @nowhere\n'; bad "$b:3: .*unknown set '@nowhere'"
rules 'pass udp port\n'; bad "$b:1: 'udp port'"
rules 'set s = "missing"\n'; bad "$b:1: set 's': .*missing: No such file"
rules 'set s = "good"\nset t = "good"\nset s = "good"\n'; bad "$b:3: a second set 's': the first is in line 1"
rules 'default drop\ndefault pass\n'; bad "$b:2: a second 'default'"
rules 'set s = "."\n'; bad "$b:1: set 's': .*directory"
{ echo pass udp; printf 'pass udp port 53'; head -c 1000000 /dev/zero | tr '\0' ' '; echo; } >"$b"; bad "$b:2: the line has more than [0-9]+ characters"
{ printf 'pass udp port 53'; head -c 1000000 /dev/zero | tr '\0' 5; } >"$b"; bad "$b:1: the line has more than [0-9]+ characters"
printf 'pass udp\npass tcp\0 or udp\n' >"$b"; bad "$b:2: the line has a NUL byte"
for ((i = 0; i <= 1024; i++)); do echo "pass udp port $i"; done >"$b"; bad "$b:1025: more than 1024 rules"
for ((i = 0; i <= 32; i++)); do echo "set s$i = \"good\""; done >"$b"; bad "$b:33: more than 32 sets"

# A set is addresses: no other set's name, no file that names itself, no link to itself.
rules 'set s = "elements"\ndrop src @s\n'
echo '@s' >"$e"; bad "$e:1: '@s' is not an IPv4 or IPv6 address"
printf '10.0.0.1\n10.0.0.2/33\n' >"$e"; bad "$e:2: '10.0.0.2/33' is not"
printf '10.0.0.1\n2001:db8::/129\n' >"$e"; bad "$e:2: '2001:db8::/129' is not"
printf '10.0.0.1\n10.0.0.2\n10.0.0\0.3\n' >"$e"; bad "$e:3: a NUL byte: this is not a text file"
{ echo 10.0.0.1; head -c 1000000 /dev/zero | tr '\0' 1; } >"$e"; bad "$e:2: the line has more than [0-9]+ characters"
rules 'set s = "bad"\ndrop src @s\n'; bad "$b:1: 'set s = \"bad\"' is not an IPv4"
ln -s loop "$dir/loop"
rules 'set s = "loop"\n'; bad "$b:1: set 's': .*Too many levels of symbolic links"
# set ... replace, add and del, too.
expect_status 2 ctl set s replace "$dir/missing"
refuse "missing: No such file" set replace
for wrong in 10.0.0.300 10.0.0.0/33 '' @s; do
	expect_status 1 ctl set s add "$wrong"
	refuse "'$wrong'" set add
done
expect_status 1 ctl set t add 10.0.0.1
refuse "no set 't'" set add
expect_status 1 ctl set s add 198.18.0.0/16
refuse "already" set add
expect_status 1 ctl set s del 10.0.0.1
refuse "'10.0.0.1'" set del

# One element too many; and as many as there may be.
awk 'BEGIN { for (i = 0; i <= 1000000; i++) printf "%d.%d.%d.%d\n", 1 + i / 16777216, i / 65536 % 256, i / 256 % 256, i % 256 }' >"$e"
rules 'set s = "elements"\ncount src @s\ndefault drop\n'
bad "$e:1000001: more than 1000000 elements"
expect_status 1 ctl set s replace "$e"
refuse "$e:1000001: more than 1000000 elements" set replace

# SIGHUP with a file that has become wrong.
printf 'set s = "good"\ncount src @s\nfrobnicate\n' >"$dir/rules"
kill -HUP "$daemon"
wait_for 20 daemon_says "the old rules stay" || fail "SIGHUP is not answered: $(cat "$dir/err")"
expect_match "SIGHUP" "$(tail -n 1 "$dir/err")" "$dir/rules:3: 'frobnicate'"
expect_eq "what runs, after SIGHUP" "$(state)" "$before"

# Host bits are masked, with a warning; the rules are taken.
printf '10.1.2.3/8\n2001:db8::5/32\n' >"$e"
expect_status 0 build/afxdpctl rules check "$b"
expect_match "host bits" "$OUT" "$e:1: '10.1.2.3/8' has bits behind its length: taken as 10.0.0.0/8"
ctl rules replace "$b"
expect_match "host bits, at the daemon" "$(cat "$dir/err")" "$e:2: '2001:db8::5/32' has bits behind its length: taken as 2001:db8::/32"
expect_eq "masked" "$(ctl set s list | paste -sd ' ')" "10.0.0.0/8 2001:db8::/32"
awk 'BEGIN { for (i = 0; i < 1000000; i++) printf "%d.%d.%d.%d\n", 1 + i / 16777216, i / 65536 % 256, i / 256 % 256, i % 256 }' >"$e"
ctl set s replace "$e"
ctl set s list >"$dir/list"
expect_eq "a million elements" "$(wc -l <"$dir/list")" 1000000
expect_status 1 ctl set s add 192.0.2.1
expect_match "one more" "$OUT" "1000000"
end_daemon
balanced "bad rules"
