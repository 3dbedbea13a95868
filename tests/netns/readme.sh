#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The README's commands, each as it stands there (without sudo, with a veth for eth1), and the rules file it shows. A command that this test does not
# know fails it.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
cd "$ROOT"
two_ends 2
ip -n "$rx" address add 192.0.2.1/24 dev "$rxif"
ip -n "$tx" address add 192.0.2.2/24 dev "$txif"

# leftovers: what scripts/demo makes and must not leave.
leftovers() { ip netns list | awk '/^afxdp-[rt]x-/ { print $1 }' | sort; }
# shown COMMAND: run it where the interface is; its words in $OUT.
shown() { expect_status 0 in_ns "$rx" bash -c "$1"; }

# shellcheck disable=SC2086 # words
demo() {
	local before status=0 pid
	before=$(leftovers)
	expect_status 0 bash -c "$1"
	expect_match "the demo's sums" "$OUT" "sent ([0-9]+), received ([0-9]+), unexplained 0"
	expect_eq "the demo: received of sent" "${BASH_REMATCH[2]}" "${BASH_REMATCH[1]}"
	expect_match "the demo's ledger" "$OUT" "the ledger balances"
	expect_match "the demo's packets" "$OUT" "IP6? .* > "
	expect_eq "left by the demo" "$(leftovers)" "$before"
	# And with Ctrl-C, which a terminal sends to everybody in the foreground. (A shell's background is deaf to it unless told otherwise.)
	rm -rf build/demo
	setsid env --default-signal=INT $1 >"$dir/demo" 2>&1 &
	pid=$!
	wait_for 60 test -s build/demo/first.json || fail "the demo does not get to its frames: $(cat "$dir/demo")"
	kill -INT -- "-$pid"
	wait $pid || status=$?
	expect_eq "the demo's status after Ctrl-C ($(tail -n 5 "$dir/demo"))" $status 130
	expect_eq "left by the demo after Ctrl-C" "$(leftovers)" "$before"
}

own_nic() {
	in_ns "$rx" bash -c "$1" >"$dir/out" 2>&1 &
	local demo=$!
	wait_for 60 grep -q "ready" "$dir/out" || fail "no daemon: $(cat "$dir/out")"
	in_ns "$tx" ping -qc 5 -i 0.1 -W 5 192.0.2.1 >"$dir/ping" || fail "nobody answers pings: $(cat "$dir/ping")"
	in_ns "$rx" build/afxdpctl -i "$rxif" stop
	wait $demo || fail "the demo on an interface: $(cat "$dir/out")"
	expect_match "pings answered by the echo sink" "$(grep -m 1 ' delivered' "$dir/out")" "delivered +[5-9]"
}

to_pcap() {
	in_ns "$rx" bash -c "$1" >"$dir/out" 2>"$dir/err" &
	daemon=$!
	wait_for 20 daemon_says ': ready' || fail "no daemon: $(cat "$dir/err")"
	in_ns "$tx" build/afxdpgen -i "$txif" --count 100 --dport 4789 >/dev/null
	wait_for 10 live_is .ledger.delivered 100 || fail "$(live .ledger.delivered) of 100 frames written"
	ctl stop
	wait $daemon || fail "afxdpd: $(cat "$dir/err")"
	daemon=
	expect_eq "frames in the file" "$(tcpdump -r "$dir/vxlan.pcap" --count 2>/dev/null)" "100 packets"
}

with_rules() {
	sed -n '/^drop  /,/^default pass/p' README.md >"$dir/my.rules"
	[ "$(wc -l <"$dir/my.rules")" -ge 5 ] || fail "where are the README's rules?"
	background "$rx" bash -c "exec $1" >"$dir/out" 2>"$dir/err"
	daemon=$started
	wait_for 20 daemon_says ': ready' || fail "no daemon: $(cat "$dir/err")"
	in_ns "$tx" build/afxdpgen -i "$txif" --count 50 --dport 53 >/dev/null
	wait_for 10 live_is .ledger.received 50 || fail "$(live .ledger.received) of 50 received"
	shown "exec 3<>/dev/tcp/127.0.0.1/9190; printf 'GET /metrics HTTP/1.0\r\n\r\n' >&3; cat <&3"
	expect_match "metrics" "$OUT" 'stage="received"} 50'
	shown "build/afxdpctl -i $rxif rules replace $dir/my.rules"
}

known=0
while read -r line; do
	command=${line#sudo } command=${command%%  *#*}
	command=${command//eth1/$rxif} command=${command//pcap:vxlan/pcap:$dir/vxlan} command=${command//my.rules/$dir/my.rules}
	command=$(sed 's/[[:space:]]*$//' <<<"$command")
	say "README: $line"
	known=$((known + 1))
	case $line in
	"sudo scripts/demo") demo "$command" ;;
	"sudo scripts/test") expect_match "scripts/test" "$(scripts/test -l)" "tests/netns/readme.sh" ;; # which is running
	"sudo scripts/demo --interface "*) own_nic "$command" ;;
	"sudo scripts/demo --xnic"*) grep -q 'exec tests/vm/xnic-path.sh' scripts/demo && [ -x tests/vm/xnic-path.sh ] ;; # a test of its own
	"sudo build/afxdpctl -i eth1 doctor"*) shown "$command"; expect_match doctor "$OUT" "xdp +native" ;;
	"sudo build/afxdpctl -i eth1 ledger"*) shown "$command"; expect_match ledger "$OUT" "received +50 "; end_daemon ;;
	"sudo build/afxdpd "*pcap*) to_pcap "$command" ;;
	"sudo build/afxdpd "*-r*) with_rules "$command" ;;
	"sudo make install"*) expect_status 0 make -n install ;; # tests/netns/library.sh does it
	"sudo ip link set dev eth1 xdp o"*) shown "$command" ;;
	"sudo bpftool map dump name ledger") shown "$command"; expect_match ledger "$OUT" '"received": ' ;;
	"make "*) expect_status 0 flock build/.lock bash -c "$command" ;; # tests beside this one make the same
	"sudo scripts/vm "*) expect_status 0 bash -c "$command"; expect_match "two ports" "$OUT" "eth0 .*eth1 " ;;
	*) fail "the README has a command that this test does not know: '$line'" ;;
	esac
done < <(awk '/^```sh/ { on = 1; next } /^```/ { on = 0 } on' README.md)
[ $known -ge 14 ] || fail "the README has $known commands"
no_program || fail "a program stayed"

# And the targets that other documents name.
targets=$(grep -ohE '(^|[^a-z])make [a-z][a-z-]*[a-z]' docs/*.md tests/*/README.md tests/*/*/README.md | sed 's/.*make //' | sort -u)
[ "$(wc -w <<<"$targets")" -ge 8 ] || fail "the documents name only these targets: $targets"
for target in $targets; do
	grep -qx -- "$target" <<<"$(grep -rhE '^\.PHONY:' --include='*.mk' --include=Makefile Makefile bpf docs kmod tests user | tr ' ' '\n')" || fail "'make $target' is in a document, but not in a makefile"
done
