#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# `copy to NAME`: frames go on to their verdict, and their beginnings into the sink's file, dropped ones too; shares, sizes and accounts are what was asked for,
# over rules replace as well.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
cd "$ROOT"
two_ends 1

send() { gen --pps 20k "$@" >/dev/null 2>&1 || fail "cannot send"; }
frames() { tcpdump -nr "$1" "${@:2}" 2>/dev/null | wc -l; }
seen() { live_is '.tee | .copied == .observed + .copy_lost and .pending == 0' true; }

cat >"$dir/rules" <<-'END'
	copy to few 1/10 udp dst port 9
	copy to all snap 60 udp
	drop udp dst port 9
	default pass
END
start_daemon -s "few=pcap:$dir/few.pcap" -s "all=pcap:$dir/all.pcap" -s mute=count -r "$dir/rules"
send -n 100 -s 200
send -n 7 -s 100 --dport 11
wait_for 10 seen || fail "copies are not written: $(ctl ledger)"
expect_eq "verdicts" "$(live '.ledger | [.dropped, .passed] | tojson')" "[100,7]"
expect_eq "copied, by sink" "$(live '.tee.sinks | [.few.copied, .all.copied, .few.observed, .all.observed] | tojson')" "[10,107,10,107]"
expect_eq "hits" "$(live '[.rules[].frames] | tojson')" "[100,107,100]"

# Other rules: from here on nothing of port 9.
printf 'drop udp dst port 9\ncopy to all udp\n' >"$dir/other"
ctl rules replace "$dir/other"
send -n 5
send -n 3 --dport 11
wait_for 10 live_is '.tee.sinks.all.observed' 110 || fail "copies of the new rules: $(ctl ledger)"
# With a dump beside them.
expect_status 0 timeout 60 nsenter --net="/run/netns/$rx" sh -c "'$BUILD/afxdpctl' -i $rxif dump -c 1 -w '$dir/dump' udp & until [ -s '$dir/dump' ]; do sleep 0.1; done; nsenter --net=/run/netns/$tx '$BUILD/afxdpgen' -i $txif -n 1 --dport 12 >/dev/null; wait \$!"
wait_for 10 live_is '.tee.sinks.all.observed' 111 || fail "copies beside a dump: $(ctl ledger)"

# Mistakes change nothing.
for text in 'copy udp' 'copy to none udp' 'copy to mute udp' 'copy to all snap 0 udp' 'copy to all 1/0 udp' 'copy to default udp'; do
	echo "$text" >"$dir/bad"
	expect_status 1 ctl rules replace "$dir/bad"
done
expect_match "no copies" "$(echo 'copy to mute udp' >"$dir/bad" && ctl rules replace "$dir/bad" 2>&1 || true)" "sink 'mute' takes no copies"

end_daemon
balanced "copies beside the sum"
expect_eq "the account" "$(reported '.tee | .copied == .observed + .copy_lost + .pending')" true
expect_eq "a tenth" "$(frames "$dir/few.pcap" dst port 9)" 10
expect_eq "whole up to 256" "$(tcpdump -enr "$dir/few.pcap" 2>/dev/null | grep -c 'length 200:')" 10
expect_eq "all" "$(frames "$dir/all.pcap")" 111
expect_eq "sizes, cut" "$(capinfos -Mu "$dir/all.pcap" >/dev/null 2>&1; tcpdump -enr "$dir/all.pcap" 2>/dev/null | grep -c 'length 200:')" 100
expect_status 0 "$BUILD/afxdpctl" rules check "$dir/rules"
