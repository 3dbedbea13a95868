#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# afxdpctl top: its figures are the ledger's, in a file and in a terminal (tmux) of any height; what is being lost is red there, and no name says anything to it.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
command -v tmux >/dev/null || skip "no tmux here: 'scripts/deps test' installs it"
two_ends 2
cat >"$dir/rules" <<-'EOF'
	drop udp dst port 9
	drop udp dst port 7
	default capture
EOF
mkdir "$dir/small"
mount -t tmpfs -o size=64k afxdp "$dir/small"
cleanup umount -l "$dir/small"
start_daemon -r "$dir/rules" -s "pcap:$dir/small/frames"
gen --count 70 --dport 7 >/dev/null
gen --count 20 --dport 9 >/dev/null
wait_for 10 live_is .ledger.dropped 90 || fail "dropped: $(live .ledger.dropped)"

# In a file: as many pictures as wanted, rules as told.
ctl top --batch 1 >"$dir/top"
expect_match "the headline" "$(head -n 1 "$dir/top")" "^$rxif: running, native XDP, copy, mode adaptive, sink pcap, up 0:00:"
row() { awk -v name="$1" '$1 == name { print $3 }' "$dir/top"; }
for name in received dropped delivered sink_dropped; do expect_eq "$name" "$(row $name)" "$(live .ledger.$name)"; done
rules() { ctl top --batch 1 --sort "$1" | awk '/^rule / { on = 1; next } on && NF { print $1 }' | paste -sd' '; }
expect_eq "rules in their order" "$(rules order)" "0 1"
expect_eq "rules by what they have decided" "$(rules total)" "1 0"
start_gen --dport 9 --pps 2000 --duration 60
wait_for 10 live_above .ledger.dropped 200 || fail "the generator does not send"
expect_eq "rules by what they decide now" "$(rules rate)" "0 1"
expect_eq "how often" "$(ctl top --batch 2 | grep -c '^received')" 2
end_gen
expect_status 2 ctl top --sort names
expect_match "no such order" "$OUT" "--sort 'names': rate, total or order"
expect_status 2 ctl top --batch 0
expect_status 2 ctl status --batch 1

# In a terminal.
tmux=(tmux -L "afxdp-$RUN_ID" -f /dev/null)
cleanup "${tmux[@]}" kill-server
"${tmux[@]}" new-session -d -x 100 -y 50 nsenter --net="/run/netns/$rx" -- "$BUILD/afxdpctl" -i "$rxif" top
screen() { "${tmux[@]}" capture-pane -p "$@"; }
shows() { screen | grep -Eq "$1"; }
red() { screen -e | grep -q $'\033\[31m'"$1"; }
wait_for 20 shows "^$rxif: running" || fail "the terminal shows: $(screen)"
wait_for 20 shows '^1 .* 70 +drop udp dst port 7' || fail "the terminal shows no rules: $(screen)"
expect_eq "the first line" "$(screen | head -n 1 | cut -d: -f1)" "$rxif"
! red . || fail "something is red, and nothing is lost: $(screen -e)"
# A full disk.
start_gen --dport 53 --size 200 --pps 5000 --duration 60
wait_for 20 red sink_dropped || fail "frames are lost, and nothing is red: $(screen -e)"
end_gen
wait_for 20 live_is .ledger.unexplained 0
lost_no_more() { ! red sink_dropped; }
wait_for 20 lost_no_more || fail "nothing is lost any more: $(screen -e)"
# A terminal of another height shows what has room, from the top.
"${tmux[@]}" resize-window -t 0 -x 60 -y 8
fits() { [ "$(screen | head -n 1 | cut -d: -f1)" = "$rxif" ] && [ "$(screen | sed -n 3p | tr -s ' ')" = " frames/s total" ] && ! screen | grep -q '^rule'; }
wait_for 20 fits || fail "a terminal of eight lines: $(screen)"
ip -n "$rx" link set "$rxif" down
wait_for 20 red "$rxif: down" || fail "the interface is down, and the headline: $(screen -e)"
end_daemon
gone_top() { ! "${tmux[@]}" list-sessions; }
wait_for 20 gone_top || fail "top goes on without its daemon: $(screen)"
