#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# afxdpctl rules check, rules test and rules explain: rules on the frames of a file, without daemon and interface; the same frames as tcpdump picks; one line for each mistake.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
need_root
dir=$(mktemp -d)
cleanup rm -rf "$dir"
ns=afxdp-try-$RUN_ID
ip netns add "$ns" # where not even lo is up
cleanup ip netns delete "$ns"
ctl() { in_ns "$ns" build/afxdpctl "$@"; }

# capture NAME LINKTYPE: the frames on stdin, "SECONDS HEX" or "SECONDS HEX LENGTH-ON-THE-WIRE" each.
capture() {
	python3 -c '
import struct, sys
out = open(sys.argv[1], "wb")
out.write(struct.pack("<IHHiIII", 0xa1b2c3d4, 2, 4, 0, 0, 262144, int(sys.argv[2])))
for line in sys.stdin:
    at, data, *wire = line.split()
    data = bytes.fromhex(data)
    out.write(struct.pack("<IIII", int(float(at)), int(float(at) % 1 * 1000000), len(data), int(wire[0]) if wire else len(data)) + data)
' "$dir/$1" "$2"
}

# What tcpdump picks, with frames of every kind and of several buffers.
build/afxdpgen -i lo --mix --flows 50 --count 5000 --write "$dir/mix" >/dev/null
build/afxdpgen -i lo --size 9014 --flows 3 --count 100 --write "$dir/jumbo" >/dev/null
for expression in udp 'tcp and not vlan' 'vlan and ip6' 'ip[2:2] > 600' arp 'greater 9000' 'ether[9000] != 0' 'net 198.18.0.16/28' 'icmp or icmp6'; do
	for file in mix jumbo; do
		want=$(tcpdump -nr "$dir/$file" "$expression" 2>/dev/null | wc -l)
		got=$(ctl rules test -f "$expression" --pcap "$dir/$file" --json)
		expect_eq "'$expression' on $file" "$(jq -c '[.frames, .verdicts.capture, .verdicts.pass, .rules[0].frames]' <<<"$got")" \
			"[$([ $file = mix ] && echo 5000 || echo 100),$want,$(($([ $file = mix ] && echo 5000 || echo 100) - want)),$want]"
	done
done
[ "$(tcpdump -nr "$dir/jumbo" 'ether[9000] != 0' 2>/dev/null | wc -l)" -gt 0 ] || fail "no jumbo frame with that byte: the test asks nothing"

# Long lists of addresses, which become sets, and sets, with every qualifier and what inherits it. Of the mix these are every second source, and all destinations.
odd=$(printf '198.18.0.%d\n' {1..253..2})
# same: each rule of $dir/lists, whose sets are in $dir/sets, counts what tcpdump takes by the line of $dir/asked.
same() {
	local want got
	want=$(while read -r expression; do tcpdump -O -nr "$dir/mix" "$expression" 2>/dev/null | wc -l; done <"$dir/asked")
	got=$(sed 's/^/count /' "$dir/lists" | cat "$dir/sets" - >"$dir/counts" && ctl rules test "$dir/counts" --pcap "$dir/mix" --json 2>/dev/null | jq '.rules[].frames')
	expect_eq "$1" "$(paste -sd, <<<"$got")" "$(paste -sd, <<<"$want")"
}
: >"$dir/sets"
for qualifiers in '' 'src ' 'src or dst ' 'src and dst ' 'ip ' 'ip dst or src ' 'arp src and dst ' 'arp src or dst '; do
	for list in "${odd//$'\n'/ or }" "${odd//$'\n'/ or } or 198.19.0.1"; do
		printf '%s\n' "$qualifiers""host $list" "not $qualifiers""host $list" "udp or $qualifiers""host $list or 198.18.0.2" \
			"not (${qualifiers}host $list) and not host 198.18.0.4" "${qualifiers}host $list and ip host 198.18.0.3" "vlan and ${qualifiers}host $list" >"$dir/lists"
		cp "$dir/lists" "$dir/asked"
		same "lists behind '$qualifiers'"
	done
done
echo "198.18.0.0/29" >"$dir/eight"
echo 'set s = "eight"' >"$dir/sets"
cat >"$dir/lists" <<-'END'
	src @s or 198.18.0.40
	dst host 198.18.0.1 or src @s or 198.18.0.40
	src net @s or 198.18.0.32/27
	not @s and 198.18.0.9
	ip src @s or 198.18.0.9
	src or dst @s and not 198.18.0.1
END
sed 's,net @s,@s,; s,\(src\|dst\|not\) @s,\1 net 198.18.0.0/29,' "$dir/lists" >"$dir/asked"
same "addresses that have their qualifiers from a set"

# Every verdict; per frame, in the totals, and as JSON. UDP ports 1 to 6; a frame a millisecond, and a second later the last.
udp() { printf '%s 020000000002020000000001080045000024000000004011%s0a0000010a000002%04x%04x00100000%032x\n' "$1" 0000 9 "$2" 0; }
{ for i in 1 2 3 3 3 4 5 6 6; do udp 100 $i; done; udp 103 3; } | capture all 1
cat >"$dir/rules" <<-END
	# every action
	count udp
	pass   udp dst port 1
	drop udp dst port 2
	limit 1/s burst 2 udp dst port 3
	tx udp dst port 4
	capture udp dst port 5
	sample 1/2 udp dst port 6
	default drop
END
expect_eq "JSON" "$(ctl rules test "$dir/rules" --pcap "$dir/all" --json | jq -c .)" '{"frames":10,'\
'"verdicts":{"pass":1,"drop":5,"capture":2,"limit":1,"tx":1,"abort":0},"rules":['\
'{"index":0,"text":"count udp","frames":10,"bytes":580},{"index":1,"text":"pass udp dst port 1","frames":1,"bytes":58},'\
'{"index":2,"text":"drop udp dst port 2","frames":1,"bytes":58},{"index":3,"text":"limit 1/s burst 2 udp dst port 3","frames":4,"bytes":232},'\
'{"index":4,"text":"tx udp dst port 4","frames":1,"bytes":58},{"index":5,"text":"capture udp dst port 5","frames":1,"bytes":58},'\
'{"index":6,"text":"sample 1/2 udp dst port 6","frames":2,"bytes":116}]}'
ctl rules test "$dir/rules" --pcap "$dir/all" >"$dir/text"
expect_eq "verdict by verdict" "$(awk 'NR > 1 && !NF { exit } NR > 1 { print $2, $3 }' "$dir/text" | paste -sd,)" \
	"pass 1,drop 2,drop -,drop -,limit 3,tx 4,capture 5,drop -,capture 6,drop -"
expect_match "totals" "$(tail -n 1 "$dir/text")" "10 frames: 1 pass 5 drop 2 capture 1 limit 1 tx"
# From standard input, as tcpdump -r - does.
expect_eq "frames from standard input" "$(ctl rules test -f udp --pcap - --json <"$dir/all" | jq .verdicts.capture)" 10

# Why: for each of these frames the graphs, the instructions and the kernel say what `rules test` does; and in words, for one.
for n in {1..10}; do
	got=$(ctl rules explain "$dir/rules" -r "$dir/all" -n "$n" --json) || fail "frame $n: $got"
	expect_eq "why frame $n" "$(jq -r '"\(.answer.verdict) \(.answer.rule // "-") \(.kernel == .answer)"' <<<"$got")" \
		"$(awk -v n="$n" '!NF { exit } $1 == n { print $2, $3, "true" }' "$dir/text")"
done
ctl rules explain "$dir/rules" -r "$dir/all" -n 2 >"$dir/why"
expect_match "a comparison that fails" "$(cat "$dir/why")" 'rule 1, line 3: pass udp dst port 1.*\+ 16:2\] == 1 +no: 0x2[^a-z]*no match'
expect_match "the answer" "$(tail -n 1 "$dir/why")" "frame 2, 58 bytes: drop, by rule 2; the kernel says the same"
expect_match "all questions" "$(ctl rules explain -f 'udp dst port 53')" 'ether\[23\] == 0x11 +yes: [0-9]+, no: no match'

# What cannot be judged, or only in part, is said.
{ udp 1 1; echo 1 0200; echo "1 0200000000020200000000010800 2000"; } | capture odd 1
expect_status 0 ctl rules test -f all --pcap "$dir/odd"
expect_match "runts" "$OUT" "1 records below 14 bytes left out"
expect_match "cut frames" "$OUT" "1 records hold only the beginning of a frame"

# Mistakes: one line, which quotes what is wrong.
wrong() { # STATUS REGEX ARGUMENT...
	expect_status "$1" ctl "${@:3}"
	expect_match "${*:3}" "$OUT" "$2"
	expect_eq "lines said about ${*:3}" "$(wc -l <<<"$OUT")" 1
}
head -c 1000 "$dir/mix" >"$dir/cut"
udp 1 1 | capture raw 101
capture empty 1 </dev/null
wrong 2 "$dir/rules: unknown file format" rules test -f udp --pcap "$dir/rules" --json
wrong 2 "$dir/nosuch: No such file" rules test -f udp --pcap "$dir/nosuch" --json
wrong 2 "$dir/cut: record [0-9]+: truncated" rules test -f udp --pcap "$dir/cut" --json
wrong 2 "$dir/raw: holds .* frames" rules test -f udp --pcap "$dir/raw" --json
wrong 2 "$dir/nosuch: No such file" rules test "$dir/nosuch" --pcap "$dir/all"
wrong 2 "'udp port': " rules test -f 'udp port' --pcap "$dir/all"
wrong 2 "--pcap CAPTURE" rules test -f udp
wrong 2 "FILE, or -f EXPR" rules test --pcap "$dir/all"
wrong 2 "FILE, or -f EXPR" rules test -f udp "$dir/rules" --pcap "$dir/all"
wrong 2 "FILE, or -f EXPR" rules check
wrong 2 "FILE, or -f EXPR" rules explain
wrong 2 "say of which: -r CAPTURE" rules explain -f udp -n 1
wrong 2 "'x': wants the number of a frame" rules explain -f udp -r "$dir/all" -n x
wrong 2 "has 10 frames, and no frame 11" rules explain -f udp -r "$dir/all" -n 11
wrong 2 "takes no -n" rules test -f udp -r "$dir/all" -n 1
wrong 2 "neither -f nor --pcap" rules show -f udp
wrong 2 "ledger does not take --pcap" ledger --pcap "$dir/all"
wrong 2 "-i IFACE" rules show
printf 'pass udp\npass upd\n' >"$dir/wrong"
wrong 2 "$dir/wrong:2: 'upd'" rules check "$dir/wrong"
wrong 2 "$dir/wrong:2: 'upd'" rules test "$dir/wrong" --pcap "$dir/all"
expect_eq "an empty capture" "$(ctl rules test -f udp --pcap "$dir/empty" --json | jq .frames)" 0

# The listing, with what the kernel says of it, or for those who may not ask, without.
printf '10.0.0.0/8\n2001:db8::/32\n' >"$dir/set"
printf 'set s = "set"\ndrop src @s\npass tcp port 80\n' >"$dir/with-set"
listing=$(ctl rules check "$dir/with-set" --json)
expect_eq "listing" "$(jq -c '[.default, (.rules[] | .index, .line, .text), (.sets[] | .name, .ipv4, .ipv6)]' <<<"$listing")" \
	'["capture",0,2,"drop src @s",1,3,"pass tcp port 80","s",1,1]'
expect_eq "sizes add up" "$(jq '(.rules | all(.instructions > 0)) and ([.rules[].instructions] | add) <= .instructions and .instructions < .loaded.instructions' <<<"$listing")" true
expect_match "as text" "$(ctl rules check "$dir/with-set")" "whole program: [0-9,]+ instructions"
chmod 755 "$dir"
cp build/afxdpctl "$dir/ctl"
nobody() { setpriv --reuid 65534 --regid 65534 --clear-groups "$dir/ctl" "$@"; }
expect_status 0 nobody rules check "$dir/with-set"
expect_match "check without root" "$OUT" "needs root"
expect_status 0 nobody rules explain -f udp -r "$dir/all"
expect_match "explained without root" "$OUT" "not compared with the kernel.*capture, by rule 0"
expect_status 1 nobody rules test -f udp --pcap "$dir/all"
expect_match "test without root" "$OUT" "needs root"
expect_eq "lines said without root" "$(wc -l <<<"$OUT")" 1
