#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What goes on over `rules replace` and SIGHUP: limits whose text is the same, and sets as they were changed. And a set that grows while it runs: after each
# answer, list and frames agree.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1

# One frame a second beyond the burst: what passes is told by the clock that the limits see, within the seconds that the test took.
cat >"$dir/rules" <<-RULES
	set s = "set"
	count dst port 4001
	drop src @s
	limit 1/s burst 1000 udp dst port 4000
	limit 1/s burst 500 per src udp dst port 4001
	capture udp
	default drop
RULES
echo 192.0.2.1 >"$dir/set"
passed_since() { echo $(($(live .ledger.captured) - $1)); }
burst() { gen --count "$1" --dport "$2" --src "${3:-198.18.0.1}" >/dev/null 2>&1 || fail "afxdpgen: $*"; }
# spent WHAT FRAMES PORT: all but one a second are over the limit.
spent() {
	local before=$SECONDS captured passed
	captured=$(live .ledger.captured)
	burst "$2" "$3"
	passed=$(passed_since "$captured")
	[ "$passed" -le $((SECONDS - began + 2)) ] || fail "$1: $passed of $2 pass, after $((SECONDS - before)) s: the limit began anew"
}

start_daemon -r "$dir/rules"
began=$SECONDS
burst 1500 4000
[ "$(live .ledger.captured)" -ge 1000 ] || fail "less than the burst passed"
burst 800 4001
spent "spent, one bucket" 400 4000
spent "spent, per source" 400 4001
# Another list around the same rules.
sed -i 's/^count dst port 4001/count dst port 4002/; s/^capture udp/count tcp\ncapture udp/' "$dir/rules"
ctl rules replace "$dir/rules" >/dev/null
spent "rules replace" 400 4000
spent "rules replace, per source" 400 4001
kill -HUP "$daemon"
wait_for 10 daemon_says 'SIGHUP\|rules' || true
spent "SIGHUP" 400 4000
spent "SIGHUP, per source" 400 4001

# A set that outgrows its map, element by element; each counts as soon as it is answered for.
sees() { # ADDRESS FRAMES: so many of ten are dropped by rule 1
	local before
	before=$(live '.rules[1].frames')
	burst 10 4003 "$1"
	expect_eq "frames from $1 dropped" $(($(live '.rules[1].frames') - before)) "$2"
}
for i in $(seq 1 280); do
	ctl set s add "10.$((i % 250)).$((i / 250)).9" >"$dir/said" 2>&1 || fail "set add number $i: $(cat "$dir/said")"
done
expect_eq "elements" "$(ctl set s list | wc -l)" 281
sees 10.20.1.9 10
sees 10.20.3.9 0
for i in $(seq 1 280); do
	ctl set s del "10.$((i % 250)).$((i / 250)).9" >"$dir/said" 2>&1 || fail "set del number $i: $(cat "$dir/said")"
	[ "$i" != 140 ] || sees 10.10.0.9 0
done
expect_eq "elements" "$(ctl set s list | wc -l)" 1
sees 10.20.1.9 0
ctl set s add ::/0 >/dev/null
ctl set s del ::/0 >/dev/null || fail "::/0 cannot be taken out"
spent "a set was made anew" 400 4000

# What was changed at run time goes on where the file says what it said; else the file holds, and that is said.
ctl set s add 10.1.2.3 >/dev/null
ctl rules replace "$dir/rules" >/dev/null
expect_eq "elements after replace" "$(ctl set s list | paste -sd ' ')" "10.1.2.3 192.0.2.1"
sees 10.1.2.3 10
echo 192.0.2.2 >"$dir/set"
ctl rules replace "$dir/rules" >/dev/null 2>"$dir/said"
grep -q "set 's': its file .* changes made at run time are gone" "$dir/said" || fail "the answer does not say that changes are gone: $(cat "$dir/said")"
expect_eq "elements of another file" "$(ctl set s list | paste -sd ' ')" "192.0.2.2"
wait_for 10 daemon_says "set 's': its file .* has other elements than before: they hold, and .* changes made at run time are gone" ||
	fail "nobody says that changes are gone: $(cat "$dir/err")"

# Elements that end by themselves: as long as they are there they count, over `rules replace` too; then they are gone, and stay so. Added again they end when
# that says.
ctl set s add 10.1.2.4 timeout 1h >/dev/null
ctl set s add 2001:db8::7 timeout 90 >/dev/null
sees 10.1.2.4 10
ctl rules replace "$dir/rules" >/dev/null
expect_match "timeouts" "$(ctl set s list | paste -sd ' ')" '^10\.1\.2\.4 timeout (1h|59m[0-9]+s) 192\.0\.2\.2 2001:db8::7 timeout 1m[0-9]+s$'
expect_status 1 ctl set s add 192.0.2.2 timeout 1s
expect_match "what is there for ever" "$OUT" "'192.0.2.2 timeout 1s' is in set 's' already, without a timeout"
ctl set s add 10.1.2.4 timeout 1s >/dev/null
gone() { ! ctl set s list | grep -q "^$1\b"; }
wait_for 30 gone 10.1.2.4 || fail "10.1.2.4 does not end"
sees 10.1.2.4 0
ctl set s add 2001:db8::7 >/dev/null
expect_eq "for ever now" "$(ctl set s list | paste -sd ' ')" "192.0.2.2 2001:db8::7"
printf '192.0.2.2\n10.1.2.5 timeout 1s\n10.1.2.6 timeout 1h\n' >"$dir/set"
ctl rules replace "$dir/rules" >/dev/null 2>&1
wait_for 30 gone 10.1.2.5 || fail "10.1.2.5, of the file, does not end"
ctl rules replace "$dir/rules" >/dev/null
gone 10.1.2.5 || fail "10.1.2.5 is back, and its file has not changed"
sees 10.1.2.5 0
sees 10.1.2.6 10
# More than are taken out one by one: in a map made anew.
for ((i = 0; i < 1000; i++)); do echo "10.7.$((i / 250)).$((i % 250)) timeout 1s"; done >"$dir/many"
ctl set s replace "$dir/many" >/dev/null
empty() { [ -z "$(ctl set s list)" ]; }
wait_for 30 empty || fail "$(ctl set s list | wc -l) of 1000 elements are left"
sees 10.7.1.1 0

# A limit that is another one begins anew, and the answer says so; of one that goes on it says nothing.
sed -i 's,^limit 1/s burst 1000,limit 1/s burst 1001,' "$dir/rules"
ctl rules replace "$dir/rules" 2>"$dir/said" >/dev/null
grep -q "'limit 1/s burst 1001 udp dst port 4000' begins anew" "$dir/said" || fail "the answer does not say that a limit begins anew: $(cat "$dir/said")"
! grep -q "port 4001" "$dir/said" || fail "a limit that went on: $(cat "$dir/said")"
ctl rules replace "$dir/rules" 2>"$dir/said" >/dev/null
! grep -q anew "$dir/said" || fail "nothing was changed: $(cat "$dir/said")"

# Sets of ports and of addresses with ports, changed while they run; rules about one address each, of which each counts; a limit of bytes.
printf '4100-4102\n' >"$dir/ports"
printf '198.18.0.9:4200\n' >"$dir/services"
{
	printf 'set p = "ports"\nset v = "services"\ndrop udp dst port @p\ncount dst @v\nlimit 1kB/s burst 10kB per src and dst port dst port 4300\n'
	for i in $(seq 1 100); do echo "drop src host 198.18.1.$i"; done
	printf 'capture udp\ndefault drop\n'
} >"$dir/rules2"
ctl rules replace "$dir/rules2" >/dev/null
hits() { live ".rules[$1].frames"; }
# counts RULE FRAMES PORT SOURCE: so many of ten are that rule's.
counts() {
	local before
	before=$(hits "$1")
	burst 10 "$3" "$4"
	expect_eq "frames from $4 to port $3 that rule $1 counts" $(($(hits "$1") - before)) "$2"
}
counts 0 10 4101 198.18.0.1
counts 0 0 4103 198.18.0.1
ctl set p add 4103-4200 >/dev/null
ctl set p del 4101 >/dev/null
counts 0 10 4103 198.18.0.1
counts 0 0 4101 198.18.0.1
expect_eq "ports" "$(ctl set p list | paste -sd ' ')" "4100 4102-4200"
! ctl set p add 10.0.0.1 2>"$dir/said" || fail "an address in a set of ports"
grep -q "'10.0.0.1' is not a port" "$dir/said" || fail "$(cat "$dir/said")"
counts 3 10 4000 198.18.1.1
counts 102 10 4000 198.18.1.100
counts 50 0 4000 198.18.1.100
# 200 frames of 60 bytes; 10 kB are 166, and a kilobyte a second a few more.
began=$SECONDS captured=$(live .ledger.captured)
burst 400 4300 198.18.0.5
passed=$(passed_since "$captured")
[ "$passed" -ge 100 ] && [ "$passed" -le $((180 + 20 * (SECONDS - began))) ] || fail "$passed frames are within 10 kB"
end_daemon
balanced "at the end"
