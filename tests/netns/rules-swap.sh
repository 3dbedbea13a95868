#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# 200 times other rules under full traffic, between two files that have no rule in common: each frame is counted by the rules of one generation, all of
# them, and none is lost or unexplained.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
cd "$ROOT"
two_ends 1
swaps=${SWAPS:-200}

# A frame that met the rules of one file and the default of the other would be passed or sent back; one that met a set of the other, too.
echo 198.18.0.0/15 >"$dir/all"
echo 10.0.0.0/8 >"$dir/none"
cat >"$dir/a" <<-'END'
	set s = "all"
	set t = "none"
	count udp
	tx src @t
	drop src @s and udp dst port 9
	default tx
END
cat >"$dir/b" <<-'END'
	set t = "all"
	set s = "none"
	count ip
	count ip and udp
	pass src @s
	capture src @t and udp dst port 9
	default pass
END
start_daemon -r "$dir/a"
program=$(in_ns "$rx" bpftool -j net show dev "$rxif" | jq '.[0].xdp[0].id')
start_gen --flows 64
for ((i = 0; i < swaps; i++)); do
	if ((i % 2)); then file=a; else file=b; fi
	ctl rules replace "$dir/$file" --json | jq -c .replaced
done >"$dir/generations"
[ "$(in_ns "$rx" bpftool -j net show dev "$rxif" | jq '.[0].xdp[0].id')" != "$program" ] || fail "the program is the first one still"
end_gen
ctl rules show --json | jq -c .rules >>"$dir/generations"
end_daemon
sent=$(jq .sent "$dir/sent")

balanced "rules were swapped"
expect_eq "generations" "$(wc -l <"$dir/generations")" $((swaps + 1))
expect_eq "received" "$(reported .ledger.received)" "$sent"
expect_eq "passed, sent back, limited, aborted: met two generations" "$(reported '.ledger | [.passed, .tx, .limited, .aborted, .unclaimed] | add')" 0
# What the last rule of each generation decided is what the ledger has; and the rules in front saw the same frames.
decided() { jq -s "map(select(length == $1) | .[-1].frames) | add" "$dir/generations"; }
expect_eq "dropped, by the first file's generations" "$(reported .ledger.dropped)" "$(decided 3)"
expect_eq "captured, by the second file's generations" "$(reported .ledger.captured)" "$(decided 4)"
expect_eq "generations whose rules disagree over how many frames there were" "$(jq -c 'select(.[0].frames != .[-1].frames)' "$dir/generations" | wc -l)" 0
expect_eq "frames over all generations" $(($(decided 3) + $(decided 4))) "$sent"
busy=$(jq -s 'map(select(.[-1].frames > 0)) | length' "$dir/generations")
[ "$busy" -gt $((swaps / 2)) ] || fail "only $busy of $swaps generations saw a frame: there was no traffic to speak of"
echo "$sent frames, $busy of $((swaps + 1)) generations saw some, $(jq .pps "$dir/sent" | cut -d. -f1) a second"
