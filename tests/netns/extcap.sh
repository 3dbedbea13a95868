#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# afxdpd among Wireshark's interfaces: tshark lists it, captures with a filter and with one frame in N, by ssh (a stand-in that hands the command to a shell) too,
# and a wrong filter is refused; the daemon loses nothing.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
command -v tshark >/dev/null || skip "no tshark here: 'scripts/deps test' installs it"
two_ends 1
mkdir "$dir/extcap" "$dir/bin"
cp "$ROOT/packaging/extcap/afxdp" "$dir/extcap"
export AFXDPCTL=$BUILD/afxdpctl
# Wireshark looks in one directory, which is another one for tshark here, and stays what it is for others.
real=$(tshark -G folders 2>/dev/null | sed -n 's/^\(Global \)\?Extcap path:[[:space:]]*//p')
[ -d "$real" ] || fail "where are tshark's extcap programs? $(tshark -G folders 2>&1)"
# shellcheck disable=SC2016 # for the inner shell
wire() { in_ns "$rx" unshare -m sh -c 'mount --bind "$0" "$1" && shift && exec tshark "$@"' "$dir/extcap" "$real" "$@"; }
extcap() { in_ns "$rx" "$dir/extcap/afxdp" "$@"; }

expect_match "without a daemon" "$(extcap --extcap-interfaces)" "afxdp-ssh"
start_daemon -f "udp port 53"
name=afxdp-$netns-$(ip -n "$rx" -j link show dev "$rxif" | jq '.[0].ifindex')
expect_match "the list" "$(extcap --extcap-interfaces)" "value=${name}[}][{]display=afxdpd on ${rxif}[}]"
expect_match "tshark's list" "$(wire -D 2>/dev/null)" "$name \(afxdpd on $rxif\)"
expect_match "the kind of frames" "$(extcap --extcap-dlts --extcap-interface "$name")" "number=1"
expect_match "what can be set" "$(extcap --extcap-config --extcap-interface=afxdp-ssh)" "call=--remote-host"
expect_eq "a good filter" "$(extcap --extcap-interface "$name" --extcap-capture-filter 'tcp port 80')" ""
expect_match "a bad one" "$(extcap --extcap-interface "$name" --extcap-capture-filter 'tcp prt 80')" "prt"

# shark OUT ARGS...: FRAMES (10) frames by tshark, while the generator sends to ports 7 and 53 in turn; their ports and comments are in OUT.txt then.
dumping() { live_is '.tee.dumps | length' "$1"; }
shark() {
	local out=$dir/$1 shark
	shift
	# shellcheck disable=SC2016 # for the inner shell
	PATH=$dir/bin:$PATH background "$rx" timeout 60 unshare -m sh -c 'mount --bind "$0" "$1" && shift && exec tshark "$@"' "$dir/extcap" "$real" \
		-q -a "packets:${FRAMES:-10}" -w "$out" "$@" 2>"$out.err"
	shark=$started
	wait_for 30 dumping 1 || fail "tshark does not begin: $(cat "$out.err")"
	start_gen --dport 7 --pps 1000 --duration 60
	gen --dport 53 --pps 1000 --count 20 >/dev/null
	wait_for 40 gone "$shark" || fail "tshark does not end: $(cat "$out.err")"
	end_gen
	wait "$shark" || fail "tshark ended with $?: $(cat "$out.err")"
	wait_for 20 dumping 0 || fail "the dump stays"
	tshark -r "$out" -T fields -e udp.dstport -e frame.comment 2>/dev/null | sort | uniq -c | awk '{ $1 = $1; print }' >"$out.txt"
}

# More than the twenty to port 53, which may all come first.
FRAMES=30 shark all -i "$name"
expect_match "every frame" "$(cat "$dir/all.txt")" "7 .*pass, default"
shark some -i "$name" -f "udp port 53"
expect_match "by a filter" "$(cat "$dir/some.txt")" "53 .*capture, rule 0"
! grep -v '53 ' "$dir/some.txt" || fail "the filter lets others through"

# From another host: the words arrive there as they were meant.
cat >"$dir/bin/ssh" <<-'EOF'
	#!/bin/sh
	while [ "$1" != -- ]; do shift; done
	[ "$2" = far.example ] && exec sh -c "$3"
EOF
chmod +x "$dir/bin/ssh"
shark ssh -i afxdp-ssh -o extcap.afxdp_ssh.remotehost:far.example -o "extcap.afxdp_ssh.remoteinterface:$rxif" -o "extcap.afxdp_ssh.remotecommand:$BUILD/afxdpctl" \
	-f "udp dst port 53 and (len < 1000)"
expect_match "by ssh" "$(cat "$dir/ssh.txt")" "53 .*capture, rule 0"
expect_status 1 extcap --capture --fifo "$dir/none" --extcap-interface afxdp-ssh
expect_match "no host" "$OUT" "which host"
expect_status 1 extcap --capture --fifo "$dir/none" --extcap-interface eth0
expect_match "not ours" "$OUT" "no interface of ours: 'eth0'"
expect_status 1 extcap --capture --fifo "$dir/none" --extcap-interface "$name" --every 0
end_daemon
balanced "tshark came and went"
expect_eq "copies" "$(reported '.tee | .copied == .observed + .copy_lost + .pending')" true
