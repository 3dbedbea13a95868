#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Rules choose the consumer: each sink gets the frames that rules send it and no other, whatever happens to the rules meanwhile; a sink that does not go on loses
# frames of its own, and one beside it none; every sink has its rows, and they add up.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 2
with_sanitizers

# rows SINK: of the final report. row SINK NAME. of SINK: delivered, live.
row() { reported ".routes[] | select(.name == \"$1\") | .ledger.$2"; }
delivered_is() { live_is ".routes[] | select(.name == \"$1\") | .ledger.delivered" "$2"; }
# adds_up WHAT: routes are parts of the whole, and each balances.
adds_up() {
	balanced "$1"
	expect_eq "$1: sum over routes" "$(reported '. as $all | ["captured", "ring_full", "fill_empty", "kernel_dropped", "consumed", "sink_dropped", "held", "delivered"] |
		all(. as $row | ([$all.routes[].ledger[$row]] | add) == $all.ledger[$row])')" true
	expect_eq "$1: every route" "$(reported '[.routes[].ledger] | all(.unexplained == 0 and .captured == .ring_full + .fill_empty + .kernel_dropped + .consumed and
		.consumed == .delivered + .sink_dropped + .held)')" true
}
sane() { ! grep -q "ERROR: \|runtime error" "$dir/err" || fail "sanitizer: $(cat "$dir/err")"; }

# ---- what is wrong is said with its line, by --check, a start and a running daemon alike ----
printf 'drop icmp\ncapture to nobody udp\n' >"$dir/wrong"
for check in --check ""; do
	# shellcheck disable=SC2086 # none or one
	expect_status 2 in_ns "$rx" timeout 20 "$AFXDPD" -i "$rxif" -s web=count -r "$dir/wrong" $check
	expect_match "an unknown sink" "$OUT" "wrong:2: there is no sink 'nobody': name it with -s nobody=SINK"
done

# ---- by rule and by default; tcpdump says which frames are which ----
cat >"$dir/rules" <<EOF
capture to web tcp
drop udp dst port 7
capture to default ip6
default capture to rest
EOF
start_daemon -r "$dir/rules" -s "pcap:$dir/default.pcap" -s "web=pcap:$dir/web.pcap" -s "rest=pcap:$dir/rest.pcap" -s idle=count --metrics 127.0.0.1:9192
daemon_says "sink idle 'count': no rule sends it frames" || fail "an idle sink is not named"
! daemon_says "sink web .* no rule" || fail "a sink that rules ask for is called idle"
gen --proto tcp --count 1001 --cpus "$cpus" >/dev/null
gen --dport 7 --count 503 --cpus "$cpus" >/dev/null
gen --dport 9 --count 2003 --cpus "$cpus" >/dev/null
gen --ipv6 --proto icmp --count 307 --cpus "$cpus" >/dev/null
wait_for 30 delivered_is web 1001
wait_for 30 delivered_is rest 2003
wait_for 30 delivered_is default 307
expect_eq "metrics" "$(in_ns "$rx" curl -s http://127.0.0.1:9192/metrics | sed -n 's/^afxdp_sink_frames_total{.*sink="\(.*\)",reason="delivered"} /\1 /p' | paste -sd,)" \
	"default 307,web 1001,rest 2003,idle 0"
# Other rules while it runs, of fewer and other sinks in another order; what they do not know is refused.
printf 'capture to nobody udp\n' >"$dir/wrong"
expect_status 1 ctl rules replace "$dir/wrong"
expect_match "unknown sink at run time" "$OUT" "wrong:1: there is no sink 'nobody'"
printf 'capture to idle udp\ncapture to web arp\ndefault pass\n' >"$dir/rules"
ctl rules replace "$dir/rules" >/dev/null
gen --dport 9 --count 111 --cpus "$cpus" >/dev/null
gen --proto arp --count 13 --cpus "$cpus" >/dev/null
gen --proto tcp --count 17 --cpus "$cpus" >/dev/null
wait_for 30 delivered_is idle 111
wait_for 30 delivered_is web 1014
# The one without a name is exchanged while the others go on.
printf 'capture to web arp\ndefault capture\n' >"$dir/rules"
ctl rules replace "$dir/rules" >/dev/null
ctl sink count >/dev/null
gen --proto arp --count 19 --cpus "$cpus" >/dev/null
gen --count 23 --cpus "$cpus" >/dev/null
wait_for 30 delivered_is web 1033
wait_for 30 delivered_is default 330
end_daemon
adds_up "by rule and default"
expect_eq "captured by route" "$(reported '[.routes[] | "\(.name) \(.ledger.captured)"] | join(", ")')" "default 330, web 1033, rest 2003, idle 111"
in_file() { tcpdump -nr "$dir/$1.pcap" "${@:2}" 2>/dev/null | wc -l; }
expect_eq "web.pcap: tcp" "$(in_file web tcp)" 1001
expect_eq "web.pcap: arp" "$(in_file web arp)" 32
expect_eq "web.pcap: nothing else" "$(in_file web)" 1033
expect_eq "rest.pcap: what should be there" "$(in_file rest udp dst port 9)" 2003
expect_eq "rest.pcap: nothing else" "$(in_file rest)" 2003
expect_eq "default.pcap" "$(in_file default ip6)" 307
sane

# ---- a sink that stands still loses its own; the link goes meanwhile, and the account goes on ----
mkfifo "$dir/pipe"
# shellcheck disable=SC2217 # it only holds the pipe open
sleep 600 <"$dir/pipe" & reader=$!
cleanup sh -c "kill $reader 2>/dev/null || true"
printf 'capture to slow dst port 9\ndefault capture\n' >"$dir/rules"
start_daemon -r "$dir/rules" -s count -s "slow=pcap:$dir/pipe" --ring 1024
# Of 4096 frames doubled an eighth waits in the slow one's ring on each queue, and it has as many. No burst for the fast one is longer than its ring.
for burst in 1 2 3 4 5 6 7 8 9 10; do
	gen --dport 9 --count 800 --cpus "$cpus" >/dev/null
	gen --dport 8 --count 800 --cpus "$cpus" >/dev/null
	wait_for 30 delivered_is default $((burst * 800))
done
[ "$(live '.routes[] | select(.name == "slow") | .ledger.ring_full')" -gt 0 ] || fail "the slow sink's ring is not full: $(live '.routes[1].ledger | tostring')"
ip -n "$rx" link set dev "$rxif" down
ip -n "$rx" link set dev "$rxif" up
wait_for 30 live_is .state running
gen --dport 8 --count 800 --cpus "$cpus" >/dev/null
wait_for 30 delivered_is default 8800
# What waits in its ring at the end it gets, and cannot take; nobody waits for it.
end_daemon
kill_now "$reader"
adds_up "a slow sink"
expect_eq "the fast one's losses" "$(row default ring_full) $(row default fill_empty) $(row default kernel_dropped) $(row default sink_dropped)" "0 0 0 0"
expect_eq "the slow one was sent" "$(row slow captured)" 8000
[ "$(row slow ring_full)" -gt 0 ] || fail "the slow one lost nothing in its ring"
sane
