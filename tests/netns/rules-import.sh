#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# afxdpctl rules import: what nft prints of its own rules becomes rules that count the same frames as nft's counters do; what ipset prints becomes sets; what has no
# counterpart is named by its line.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
need_root
command -v nft >/dev/null || skip "no nft"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1

# Every rule goes on, so that each counts all that it matches. No tags: nft's ingress has them off already.
cat >"$dir/nft" <<END
table netdev t {
	set a {
		type ipv4_addr
		flags interval
		elements = { 198.18.0.0/30, 198.18.0.9, 198.18.0.16-198.18.0.31 }
	}
	set six { type ipv6_addr; elements = { 2001:db8::1, 2001:2:0:0::1 }
	}
	set p {
		type inet_service
		flags interval
		elements = { 9, 1030-1039 }
	}
	set v {
		type ipv4_addr . inet_service
		elements = { 198.19.0.1 . 9, 198.18.0.2 . 1024 }
	}
	chain c {
		type filter hook ingress device "$rxif" priority 0; policy accept;
		ip saddr @a counter comment "a; b"
		ip saddr != @a counter
		ip daddr 198.19.0.0/16 udp dport 9 counter
		ip saddr { 198.18.0.1, 198.18.0.4/31 } counter
		udp sport @p counter
		udp sport { 1024, 1030-1033 } counter
		udp sport != 1024 counter
		tcp dport != { 10, 11 } counter
		ip daddr . udp dport @v counter
		ip saddr . udp sport @v counter
		ip6 saddr @six counter
		ip6 daddr != 2001:db8::/32 counter
		meta l4proto { tcp, icmp } counter
		meta protocol arp counter
		meta protocol != { ip, arp } counter
		ip protocol udp counter
		tcp flags ack counter
		ether saddr 02:00:00:00:00:77 counter
		counter
	}
}
END
in_ns "$rx" nft -f "$dir/nft"
in_ns "$rx" nft list ruleset >"$dir/listed"
build/afxdpctl rules import nft "$dir/listed" "$dir/out" >"$dir/said" 2>&1 || fail "$(cat "$dir/said")"
expect_match "taken" "$(tail -n 1 "$dir/said")" "19 rules, 4 sets; 0 not taken"
# As where /etc/protocols is missing.
in_ns "$rx" nft --numeric-protocol list ruleset >"$dir/numbers"
grep -q 'ip protocol 17' "$dir/numbers" || fail "nft writes names: $(cat "$dir/numbers")"
build/afxdpctl rules import nft "$dir/numbers" "$dir/of-numbers" >"$dir/said" 2>&1 || fail "$(cat "$dir/said")"
same_rules() { diff <(grep -v '^#' "$dir/out/rules") <(grep -v '^#' "$dir/of-numbers/rules"); }
expect_eq "the same by numbers" "$(same_rules)" ""
frames=0
for kind in "udp" "tcp" "icmp" "arp" "udp --ipv6" "tcp --ipv6" "udp --dport 10" "udp --sport 1031" "tcp --src-mac 02:00:00:00:00:77"; do
	# shellcheck disable=SC2086
	in_ns "$tx" build/afxdpgen -i "$txif" --proto $kind --size 100 --flows 40 --count 200 --write "$dir/part" >/dev/null
	build/afxdpctl rules test "$dir/out/rules" --pcap "$dir/part" --json >>"$dir/ours"
	in_ns "$tx" build/afxdpgen -i "$txif" --pcap "$dir/part" --count 200 >/dev/null 2>&1
	frames=$((frames + 200))
done
counted() { in_ns "$rx" nft -j list chain netdev t c | jq -c '[.nftables[].rule | select(.) | .expr[].counter | select(.) | .packets]'; }
all_there() { [ "$(counted | jq .[-1])" -ge "$frames" ]; }
wait_for 20 all_there || fail "$(counted)"
expect_eq "what each rule counts" "$(jq -sc '[.[].rules | map(.frames)] | transpose | map(add)' "$dir/ours")" "$(counted)"
[ "$(counted | jq 'map(select(. > 0 and . < '"$frames"')) | length')" -ge 18 ] || fail "rules that match nothing, or everything, prove nothing: $(counted)"

# imports FORMAT LINES STATUS: the rules file's, without comments and sets.
imports() {
	rm -rf "$dir/out"
	expect_status "$2" build/afxdpctl rules import "$1" "$dir/text" "$dir/out"
	grep -v '^#\|^set\|^$' "$dir/out/rules" | paste -sd ';'
}
cat >"$dir/text" <<-'END'
	table ip filter {
		chain input {
			type filter hook input priority filter; policy drop;
			ct state established accept
			tcp dport 22 accept
			udp dport 123 limit rate over 10/second burst 20 packets drop
			jump other
		}
		chain other { tcp dport 1 drop; }
	}
	table inet nat { chain pre { type nat hook prerouting priority -100; } }
END
expect_eq "a policy" "$(imports nft 1)" "pass ip and tcp dst port 22;limit 10/s burst 20 ip and udp dst port 123;drop ip;default pass"
expect_status 1 build/afxdpctl rules import nft "$dir/text" "$dir/out2"
for line in "4: 'ct state established accept' is not taken: nothing here is like 'ct'" "7: 'jump other' is not taken" "9: 'chain other' is not taken" "11: 'chain pre' is not taken: it is no filter"; do
	expect_match "what is said" "$OUT" "$dir/text:$line"
done
cat >"$dir/text" <<-'END'
	create bad hash:net family inet hashsize 1024 maxelem 65536 timeout 0
	add bad 198.51.100.0/24 timeout 1000 comment "nomatch"
	add bad 10.1.0.0/16 nomatch
	create svc hash:ip,port family inet
	add svc 10.0.0.1,tcp:80
	add svc 10.0.0.1,udp:53
	add svc 10.0.0.9,icmp:echo-request
	create m hash:mac
	add m 02:00:00:00:00:01
	create all list:set size 8
	add all bad
	create p bitmap:port range 0-100
	add p 53
END
expect_eq "sets alone" "$(imports ipset 1)" "default pass"
expect_eq "their elements" "$(cut -d' ' -f1 "$dir/out/bad.set" "$dir/out/svc-tcp.set" "$dir/out/svc-udp.set" "$dir/out/m.set" "$dir/out/p.set" | paste -sd ' ')" \
	"198.51.100.0/24 10.0.0.1:80 10.0.0.1:53 02:00:00:00:00:01 53"
expect_status 1 build/afxdpctl rules import ipset "$dir/text" "$dir/out3"
for line in "3: 'add bad 10.1.0.0/16 nomatch' is not taken" "7: 'add svc 10.0.0.9,icmp:echo-request' is not taken" "10: 'create all list:set size 8' is not taken: there are no sets of type list:set"; do
	expect_match "what is said" "$OUT" "$dir/text:$line"
done
sed -i 's/^# \(drop .*@\)/\1/' "$dir/out/rules"
expect_status 0 build/afxdpctl rules check "$dir/out/rules"
# Nothing is written over, and mistakes are one line.
wrong() { expect_status 2 build/afxdpctl rules import "${@:2}"; expect_match "${*:2}" "$OUT" "$1"; expect_eq "lines" "$(wc -l <<<"$OUT")" 1; }
echo "create x hash:ip" >"$dir/text"
echo mine >"$dir/out/rules"
rm "$dir"/out/*.set
wrong "cannot create '$dir/out/rules': File exists" ipset "$dir/text" "$dir/out"
expect_eq "what was there" "$(cat "$dir/out/rules")" mine
wrong "say nft or ipset" iptables "$dir/text" "$dir/out"
wrong "$dir/nosuch: No such file" nft "$dir/nosuch" "$dir/out"
