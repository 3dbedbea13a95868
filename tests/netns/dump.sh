#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# afxdpctl dump: what a running daemon sees, dropped frames too, as tcpdump and as others' readers of captures have it; its account balances whatever its reader
# does; the rules are the old ones when it is over, however it ends; and nothing else is lost for it.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
cd "$ROOT"
two_ends 2
here=$(dirname "$0")
# One more frame, where there is a second CPU, which feeds the second queue.
second=
[ "$cpus" = 0 ] || second=1

# begin_dump OUT ARGS...: in the background, until the daemon copies. end_dump: by Ctrl-C; what it said is in OUT.err.
dumps() { live '.tee.dumps | length'; }
begin_dump() {
	local out=$1 before
	shift
	before=$(dumps)
	background "$rx" "$BUILD/afxdpctl" -i "$rxif" dump "$@" >"$out" 2>"$out.err"
	dump=$started
	wait_for 20 live_above '.tee.dumps | length' "$before" || fail "dump $*: does not begin: $(cat "$out.err")"
}
end_dump() {
	kill -INT "$dump"
	wait "$dump" || fail "dump ended with $?: $(cat "$out.err" "$dir/err")"
}
send() { gen --pps 5k "$@" >/dev/null 2>&1 || fail "cannot send"; }
program() { in_ns "$rx" bpftool -j net show dev "$rxif" | jq '.[0].xdp[0].id'; }
tag_of() { bpftool -j prog show id "$(program)" | jq -r .tag; }
copies_balance() { expect_eq "$1: copies" "$(live '.tee | .copied == .observed + .copy_lost + .pending')" true; }

cat >"$dir/rules" <<-'END'
	set bad = "bad"
	drop src @bad and udp dst port 9
	limit 1/s burst 2 udp dst port 10
	pass icmp
	tx udp dst port 11
	default capture
END
echo 198.18.0.1 >"$dir/bad"
start_daemon -q all -r "$dir/rules"
old=$(tag_of)

# As text: each verdict, with its rule.
out=$dir/text
begin_dump "$out" udp or icmp
send -n 3
send -n 4 --dport 10
send -n 1 --proto icmp
send -n 1 --dport 11
send -n 2 --dport 12
[ -z "$second" ] || send -n 1 --dport 13 --cpus 1
end_dump
expect_eq "verdicts" "$(sed -E 's/.*\[(.*)\]$/\1/' "$out" | sort | uniq -c | awk '{ $1 = $1; print }' | paste -sd';')" \
	"$((4 + ${second:-0})) capture, default;3 drop, rule 0;2 limit, rule 1;1 pass, rule 2;1 tx, rule 3"
expect_match "text" "$(head -n 1 "$out")" '^[0-9:.]+ IP 198.18.0.1.1024 > 198.19.0.1.9: UDP, length 22  \[drop, rule 0\]$'
expect_match "account" "$(cat "$out.err")" "$((11 + ${second:-0})) frames shown of $((11 + ${second:-0})) copied; 0 lost"
wait_for 10 live_is '.tee.dumps | length' 0 || fail "the dump stays"
expect_eq "the program afterwards" "$(tag_of)" "$old"

# As a capture: for others' readers, with rule and verdict; and cut, and one in so many; with a set of the rules.
out=$dir/file
begin_dump "$out" 1/4 src @bad and udp -s 60 -w "$dir/a.pcapng"
send -n 40 -s 200
send -n 40 --src 198.18.0.2
end_dump
expect_eq "frames of 1/4" "$(capinfos -Mc "$dir/a.pcapng" 2>/dev/null | awk '/Number of packets:/ { print $4; exit }' || true)" 10
expect_eq "tcpdump" "$(tcpdump -enr "$dir/a.pcapng" 2>/dev/null | grep -c 'length 200: 198.18.0.1.1024')" 10
if command -v tshark >/dev/null; then
	expect_eq "tshark" "$(tshark -r "$dir/a.pcapng" -T fields -e frame.len -e frame.cap_len -e frame.comment 2>/dev/null | sort -u)" \
		"200	60	drop, rule 0: drop src @bad and udp dst port 9"
fi
[ "$(stat -c %a "$dir/a.pcapng")" = 600 ] || fail "others may read the capture"

# A tag that stands beside the frame is in it again.
in_ns "$tx" ethtool -K "$txif" txvlan on tx-vlan-stag-hw-insert on >/dev/null
in_ns "$tx" tc qdisc add dev "$txif" clsact
mac=$(ip -n "$rx" -j link show "$rxif" | jq -r '.[0].address')
for protocol in ad q; do
	in_ns "$tx" tc filter del dev "$txif" egress 2>/dev/null || true
	in_ns "$tx" tc filter add dev "$txif" egress bpf da obj "$BUILD/tests/netns/push_tag.bpf.o" sec "tc/$protocol"
	out=$dir/tag
	begin_dump "$out" vlan 5 -c 1 -w "$dir/tag.pcapng"
	background "$tx" python3 "$here/tag_wire.py" "$txif" "$txif" "$mac" 10.9.0.2 10.9.0.1 >/dev/null 2>&1
	wait "$dump" || fail "dump -c 1: $(cat "$out.err")"
	kill "$started" 2>/dev/null || true
	wait "$started" 2>/dev/null || true
	case $protocol in
	ad) want='802.1Q-QinQ \(0x88a8\).*vlan 5, p 3' ;;
	q) want='802.1Q \(0x8100\).*vlan 5, p 3' ;;
	esac
	expect_match "tag $protocol" "$(tcpdump -enr "$dir/tag.pcapng" 2>/dev/null)" "$want"
done
in_ns "$tx" tc qdisc del dev "$txif" clsact

# Rules replaced meanwhile: it goes on, with the new ones; their set gone: it ends with a word.
out=$dir/swap
begin_dump "$out" udp -w -
printf 'count udp\npass udp dst port 9\n' >"$dir/other"
ctl rules replace "$dir/other"
send -n 2
kill -HUP "$daemon"
wait_for 10 live_is '.rules | length' 4 || fail "SIGHUP: the rules are not read again"
send -n 1
end_dump
expect_eq "verdicts over rules replace and SIGHUP" "$(tcpdump -nr "$out" 2>/dev/null | wc -l)" 3
if command -v tshark >/dev/null; then
	expect_eq "comments over rules replace" "$(tshark -r "$out" -T fields -e frame.comment 2>/dev/null | uniq)" \
		$'pass, rule 1: pass udp dst port 9\ndrop, rule 0: drop src @bad and udp dst port 9'
fi
out=$dir/gone
begin_dump "$out" src @bad
ctl rules replace "$dir/other"
OUT=0
wait "$dump" || OUT=$?
expect_eq "status without its set" "$OUT" 1
expect_match "its set is gone" "$(cat "$out.err")" 'ended by afxdpd: .*no such set'
ctl rules replace "$dir/rules"

# Several at once, each with its own; the ninth is refused. A killed one leaves nothing.
out=$dir/many
many=()
for ((i = 0; i < 8; i++)); do
	begin_dump "$out.$i" "udp dst port 1$i" -w -
	many+=("$dump")
done
expect_status 1 ctl dump icmp
expect_match "the ninth" "$OUT" '^afxdpctl: dump: as many are under way'
send -n 5 --dport 13
for i in "${many[@]}"; do kill_now "$i"; done
wait_for 20 live_is '.tee.dumps | length' 0 || fail "dumps of the dead stay"
expect_eq "frames of the fourth" "$(tcpdump -nr "$out.3" 2>/dev/null | wc -l)" 5
expect_eq "frames of the fifth" "$(tcpdump -nr "$out.4" 2>/dev/null | wc -l)" 0
expect_eq "the program after killed dumps" "$(tag_of)" "$old"
copies_balance "killed"

# Full load: dumps come and go, one whose reader stands still loses its own copies, and only these.
received=$(live .ledger.received)
start_gen --flows 64
out=$dir/still
begin_dump "$out" all -w /dev/null
kill -STOP "$dump"
for i in 1 2; do ctl dump -c 20 udp >"$dir/few" 2>/dev/null || fail "dump -c 20 under load"; done
expect_eq "dump -c 20" "$(wc -l <"$dir/few")" 20
wait_for 20 live_above '.tee.copy_lost' 0 || fail "nothing is lost by a reader that stands still"
end_gen
wait_for 20 live_is .ledger.unexplained 0 || fail "unexplained: $(ctl ledger)"
copies_balance "a reader that stands still"
live_above '.tee.dumps[0].pending' 0 || fail "a reader that stands still has nothing to read"
kill -CONT "$dump"
end_dump
copies_balance "at the end"
expect_match "what was lost is said" "$(cat "$out.err")" ' [1-9][0-9]* lost, because'
expect_eq "received" $(($(live .ledger.received) - received)) "$(jq .sent "$dir/sent")"

# Mistakes: one line each, and nothing changes.
expect_status 1 ctl dump 'udp and'
expect_match "a bad expression" "$OUT" "^afxdpctl: 'udp and': .*syntax error$"
expect_status 1 ctl dump src @none
expect_match "no such set" "$OUT" '^afxdpctl: .*none'
expect_status 2 ctl dump 1/0
expect_status 2 ctl dump -s 16385
expect_status 2 ctl dump -c 0
expect_status 1 ctl dump -w /nowhere/file
expect_status 3 in_ns "$rx" env PATH=/nowhere "$BUILD/afxdpctl" -i "$rxif" dump
expect_match "no tcpdump" "$OUT" 'tcpdump is not installed'
expect_eq "the program after mistakes" "$(tag_of)" "$old"

# The end of the daemon is the end of it.
out=$dir/last
begin_dump "$out" udp
end_daemon
OUT=0
wait "$dump" || OUT=$?
expect_eq "status when the daemon ends" "$OUT" 1
expect_match "the daemon ends" "$(cat "$out.err")" 'afxdpd has ended'
balanced "with dumps"
expect_eq "without the readers" "$(reported '.tee | .copied == .observed + .copy_lost and .pending == 0')" true

# A frame that was to be captured, on a queue that nobody serves, is told as what became of it.
if [ -n "$second" ]; then
	start_daemon -q 0
	out=$dir/unclaimed
	begin_dump "$out" udp
	send -n 1 --cpus 0
	send -n 2 --cpus 1
	end_dump
	expect_eq "verdicts by queue" "$(sed -E 's/.*\[(.*)\]$/\1/' "$out" | uniq -c | awk '{ $1 = $1; print }' | paste -sd';')" "1 capture, default;2 unclaimed, default"
	wait_for 10 live_is '.tee.dumps | length' 0 || fail "the dump stays"
	expect_eq "unclaimed" "$(live .ledger.unclaimed)" 2
	end_daemon
fi
