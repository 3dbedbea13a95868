# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# shellcheck disable=SC2154,SC2034 # variables of run and lib.sh
# What rules cost: expressions and sets on the path at saturation, beside a filter in C, nftables and xdp-filter; in the XDP program alone; and how long it
# takes to load and to replace them.

MILLION=1000000
# xdp-filter takes them one by one, some ten milliseconds each.
HOSTS=200

# expressions N: rules that do not match UDP to port 4000, and one that does.
expressions() {
	awk -v n="$1" -v first="${2:-5000}" 'BEGIN {
		for (i = 1; i < n; i++) {
			a = 10 + i % 90; b = i * 37 % 256; p = first + i
			e[0] = "udp dst port " p
			e[1] = "tcp dst port " p " and src net " a "." b ".0.0/16"
			e[2] = "src host " a "." b ".1." (i % 250 + 1)
			e[3] = "net " a "." b ".0.0/16 and not udp"
			e[4] = "udp src port " p " and dst host " a "." b ".3.4"
			e[5] = "ip6 and tcp port " p
			e[6] = "tcp[tcpflags] & tcp-syn != 0 and dst portrange " p "-" (p + 10)
			e[7] = "udp portrange " p "-" (p + 3) " and greater " (100 + i)
			print "drop " e[i % 8]
		}
	}'
	echo "${3:-capture} udp dst port 4000"
}
write_rules() {
	local n
	: >"$SCRATCH/none.rules"
	for n in 1 16 256; do
		{ expressions $n; echo "default drop"; } >"$SCRATCH/$n.rules"
		{ expressions $n 5000 drop; echo "default pass"; } >"$SCRATCH/$n-drop.rules"
	done
	{ expressions 256 9000; echo "default drop"; } >"$SCRATCH/other256.rules"
	"$TOOLS/prefixes" hit $MILLION >"$SCRATCH/hit"
	"$TOOLS/prefixes" miss $MILLION >"$SCRATCH/miss"
	"$TOOLS/prefixes" hosts $HOSTS >"$SCRATCH/hosts"
	printf 'set s = "miss"\ndrop src @s\ndefault capture\n' >"$SCRATCH/missing.rules"
	printf 'set s = "hit"\ncapture src @s\ndefault drop\n' >"$SCRATCH/hitting.rules"
	printf 'set s = "hit"\ndrop src @s\ndefault capture\n' >"$SCRATCH/dropping.rules"
	printf 'set s = "hosts"\ndrop src @s\ndefault capture\n' >"$SCRATCH/hosts.rules"
	# The same 1,024 addresses as rules and as a set; the frame of `cost` is from the last one.
	{ awk 'BEGIN { for (i = 1; i < 1024; i++) print "10." int(i / 256) "." i % 256 ".1"; print "198.18.0.1" }'; } >"$SCRATCH/listed"
	{ sed 's/^/drop src host /' "$SCRATCH/listed"; echo "default drop"; } >"$SCRATCH/1024-hosts-drop.rules"
	printf 'set s = "listed"\ndrop src @s\ndefault drop\n' >"$SCRATCH/1024-set-drop.rules"
}

# ---- subjects ----
# start_rules NAME [MODE]
start_rules() {
	local file=()
	[ "$1" = empty ] || file=(-r "$SCRATCH/$1.rules")
	launch ": ready" "$BUILD/afxdpd" -i b1 -m "${2:-spin}" --report "$SCRATCH/report.json" "${file[@]}"
}
stop_rules() {
	end TERM
	# Captured and delivered, or dropped by a rule: each subject does one of the two.
	consumed=$(jq '.ledger | .delivered + .dropped' "$SCRATCH/report.json")
	lost=$(jq '.ledger | .ring_full + .fill_empty + .kernel_dropped + .sink_dropped + .passed + .unclaimed' "$SCRATCH/report.json")
	[ "$(jq .ledger.unexplained "$SCRATCH/report.json")" = 0 ] || lost=-1
}

# A process to be watched and ended, for what the kernel does by itself.
stand_in() { launch ready sh -c 'echo ready; exec sleep infinity'; }

# The set is loaded once, which takes it many seconds; a dormant table has no hooks.
nft_load() {
	{
		echo 'table netdev f { counter dropped { }; set s { type ipv4_addr; flags interval; elements = {'
		paste -sd, "$SCRATCH/hit"
		echo '} }'
		echo 'chain c { type filter hook ingress device "b1" priority 0; policy accept; ip saddr @s counter name dropped drop; }'
		echo '}'
	} >"$SCRATCH/nft"
	in_ns "$RX" nft -f "$SCRATCH/nft"
	nft_sleeps
}
nft_sleeps() { in_ns "$RX" nft 'add table netdev f { flags dormant; }'; }
start_nft() { stand_in; nft_dropped >/dev/null; in_ns "$RX" nft 'add table netdev f'; }
# Since it was last asked: reading it without a reset, nft reads the whole set first, for a minute and a half.
nft_dropped() { in_ns "$RX" nft reset counter netdev f dropped | awk '$1 == "packets" { print $2 }'; }
stop_nft() {
	consumed=$(nft_dropped)
	lost=0
	nft_sleeps
	end TERM
}

start_xdp-filter() {
	in_ns "$RX" xdp-filter load b1 -m native -f ipv4 -p allow >"$SCRATCH/xdp-filter" 2>&1 || die "xdp-filter: $(cat "$SCRATCH/xdp-filter")"
	sed 's,/32,,' "$SCRATCH/hosts" | while read -r address; do in_ns "$RX" xdp-filter ip "$address" -m src; done >/dev/null
	xdp_filter_before=$(xdp_filter_dropped)
	stand_in
}
stop_xdp-filter() {
	consumed=$(($(xdp_filter_dropped) - xdp_filter_before))
	lost=0
	xdp_filter_unload
	end TERM
}
# Its maps are pinned for all interfaces, and go with the last one.
xdp_filter_dropped() { in_ns "$RX" xdp-filter status 2>/dev/null | awk '$1 == "XDP_DROP" && !seen++ { print $2 }'; }
xdp_filter_unload() { in_ns "$RX" xdp-filter unload b1 >/dev/null 2>&1; }
xdp_filter_loads() { in_ns "$RX" xdp-filter load b1 -m native -f ipv4 -p allow >/dev/null 2>&1 && xdp_filter_unload; }

# ---- trials ----
run_rules() {
	local s rounds=$((quick ? 3 : 7)) seconds=$((quick ? 1 : 2)) with_filter=
	write_rules
	link 1
	! xdp_filter_loads || with_filter=1
	cleanup xdp_filter_unload
	progress "nftables takes its million"
	nft_started=$EPOCHREALTIME
	nft_load
	nft_took=$(awk -v a="$nft_started" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }')
	for ((round = 1; round <= rounds; round++)); do
		GEN_EXTRA=(--dport 4000)
		for s in "afxdpd -m spin" bare "bare filter" rules:1 rules:16 rules:256; do trial "$s" $seconds max 64 1; done
		GEN_EXTRA=(--dport 4000 --scatter --seed 3)
		for s in rules:empty rules:missing rules:hitting rules:dropping; do trial "$s" $seconds max 64 $MILLION; done
		trial nft:million $seconds max 64 $MILLION
		trial rules:hosts $seconds max 64 $HOSTS
		[ -z "$with_filter" ] || trial xdp-filter:hosts $seconds max 64 $HOSTS
	done
	run_costs
	run_times
}

# The XDP program alone.
run_costs() {
	"$TOOLS/cost" $((quick ? 5 : 11)) none "c=$TOOLS/filter_c.bpf.o" "$SCRATCH/1-drop.rules" "$SCRATCH/16-drop.rules" "$SCRATCH/256-drop.rules" "$SCRATCH/1024-hosts-drop.rules" \
		"$SCRATCH/1024-set-drop.rules" |
		awk 'BEGIN { print "benchmark,round,subject,ns,sane" } { sub(".*/", "", $1); sub("-drop.rules", "", $1); print "cost," $2 "," $1 "," $3 ",yes" }' \
		>"$out/rules-cost.csv"
}

# stopwatch SUBJECT CMD...: a row in rules-times.csv.
stopwatch() {
	local start=$EPOCHREALTIME
	"${@:2}" >/dev/null
	awk -v r="$round" -v s="$1" -v a="$start" -v b="$EPOCHREALTIME" 'BEGIN { printf "times,%s,%s,%.4f,yes\n", r, s, b - a }' >>"$out/rules-times.csv"
}
told() { in_ns "$RX" "$BUILD/afxdpctl" -i b1 "$@"; }
run_times() {
	echo benchmark,round,subject,seconds,sane >"$out/rules-times.csv"
	SUBJECT=rules:256
	# A worker that spins would have half of the core that the daemon is given here.
	start_rules 256 adaptive
	for ((round = 1; round <= (quick ? 3 : 7); round++)); do
		stopwatch "256 other expression rules" told rules replace "$SCRATCH/other256.rules"
		told rules replace "$SCRATCH/256.rules"
	done
	stop_rules
	start_rules hitting adaptive
	for ((round = 1; round <= (quick ? 3 : 7); round++)); do
		stopwatch "a set of another million prefixes" told set s replace "$SCRATCH/miss"
		stopwatch "rules with a set of a million prefixes" told rules replace "$SCRATCH/hitting.rules"
	done
	stop_rules
	bytes_per_entry=$("$BUILD/afxdpctl" rules check "$SCRATCH/hitting.rules" --json | jq '.sets[0] | .bytes / (.ipv4 + .ipv6)')
}

# only NAME...: of a table's lines, these subjects'.
only() { awk -F'\t' -v names="$(printf '%s\t' "$@")" 'BEGIN { n = split(names, a, "\t"); for (i in a) want[a[i]] } $1 in want'; }
table_head() { printf '\n## %s\n\n%s\n\n| subject | %s | min to max |\n|---|---|---|\n' "$1" "$2" "$3"; }

table_rules() {
	table_head "Expressions: frames consumed, million a second" "64-byte UDP frames of one flow; the last rule captures them, those in front (of hosts, networks, ports, \
flags, lengths) do not match. \`afxdpd\` has no rules. \`bare\` is the smallest AF_XDP receiver behind a program that redirects all, \`bare filter\` behind one in C \
that redirects UDP to port 4000." median
	summary consumed_pps 1e6 | only "afxdpd -m spin" bare "bare filter" rules:1 rules:16 rules:256 | rows %.2f
	table_head "Against no rules, in the same round" "" "median ratio"
	ratios "afxdpd -m spin" consumed_pps | only rules:1 rules:16 rules:256 | rows %.3f
	table_head "Against the filter in C, in the same round" "" "median ratio"
	ratios "bare filter" consumed_pps | only bare rules:1 | rows %.3f
	table_head "Sets: frames consumed or dropped, million a second" "A million IPv4 prefixes from /22 to /32, none inside another; frames from a million source addresses all over the \
address space, in random order. \`empty\`: no rules. \`missing\`: none of them in the set, all are captured; \`hitting\`: all in the set, and captured; \`dropping\`: all in \
the set, and dropped, as by \`nft\`: a set of the same prefixes, in the netdev ingress hook, loaded in $nft_took s." median
	summary consumed_pps 1e6 | only rules:empty rules:missing rules:hitting rules:dropping nft:million | rows %.2f
	table_head "Against the empty rule list, in the same round" "" "median ratio"
	ratios rules:empty consumed_pps | only rules:missing rules:hitting | rows %.3f
	table_head "Against nftables, in the same round" "" "median ratio"
	ratios nft:million consumed_pps | only rules:dropping | rows %.2f
	table_head "$HOSTS addresses, dropped: million a second" "\`xdp-filter\` has room for ten thousand addresses, and none for prefixes." median
	summary consumed_pps 1e6 | only rules:hosts xdp-filter:hosts | rows %.2f
	table_head "The XDP program alone, ns a frame" "Run by the kernel on a frame in memory that the last rule drops; \`none\` has no rules and drops; \`c\` has the filter in C in \
the place of compiled rules; \`1024-hosts\` are as many rules about one address each, the last one the frame's, \`1024-set\` one rule with a set of them." median
	csv=$out/rules-cost.csv summary ns | rows %.0f
	table_head "Loading, seconds" "By \`afxdpctl\` to a running daemon until it answers: read, compiled or built, verified, swapped in. No traffic meanwhile." median
	csv=$out/rules-times.csv summary seconds | rows %.2f
	printf '\nA set of a million takes %.1f bytes an entry.\n' "$bytes_per_entry"
}
