#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Beside somebody else's program under libxdp's dispatcher: afxdpd joins, takes its frames, and leaves everything as it was; also after it was killed there.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../../daemon.sh"
two_ends 2
# XDP_LOADER, XDP_OBJECT: the loader of another libxdp, as scripts/matrix sets them, and the program where that one finds it.
read -ra loader <<<"${XDP_LOADER:-xdp-loader}"
object=${XDP_OBJECT:-$BUILD/tests/netns/foreign.bpf.o}
command -v "${loader[0]}" >/dev/null || fail "no xdp-loader here: scripts/deps test"
loader() { in_ns "$rx" "${loader[@]}" "$@"; }
# members: names of the programs in the dispatcher, in their order.
members() { loader status "$rxif" | awk '$1 == "=>" { print $3 }' | paste -sd ' '; }

loader load -m native "$rxif" "$object" 2>"$dir/loader" || fail "xdp-loader: $(cat "$dir/loader")"
program_is xdp_dispatcher || fail "libxdp made no dispatcher"
expect_eq "members before" "$(members)" somebody_else

# Another libxdp's dispatcher may be of a version that ours does not join: said in one line, left alone, replaced when asked.
launch_daemon -f udp
wait_for 30 daemon_says ': ready\|dispatcher there has version' || fail "neither ready nor a word on versions: $(cat "$dir/err")"
if daemon_says 'dispatcher there has version'; then
	ended_daemon 3
	expect_eq "members after it could not join" "$(members)" somebody_else
	start_daemon --replace
	program_is afxdp_rx || fail "--replace did not take its place"
	end_daemon
	no_program || fail "--replace: a program stayed"
	say "versions do not mix: $(cat "$dir/err")"
	exit 0
fi
end_daemon

for args in "" "-f udp"; do
	# shellcheck disable=SC2086
	start_daemon $args
	expect_match "members while it runs" "$(members)" "^somebody_else afxdp_rx_(joined|bare)$"
	gen --count 10000 --cpus "$cpus" >/dev/null
	wait_for 120 live_is .ledger.received 10000 || fail "in the dispatcher: $(live .ledger.received) received"
	expect_eq "in the dispatcher: captured" "$(live .ledger.captured)" 10000
	end_daemon
	balanced "in the dispatcher"
	expect_eq "members after" "$(members)" somebody_else
done

# A dispatcher belongs to nobody: what is killed in it stays, and passes everything.
start_daemon
kill_daemon
expect_match "members after a kill" "$(members)" "^somebody_else afxdp_rx_(joined|bare)$"
start_daemon
expect_match "members after the next start" "$(members)" "^somebody_else afxdp_rx_(joined|bare)$"
gen --count 1000 >/dev/null
wait_for 120 live_is .ledger.consumed 1000 || fail "after a kill: $(live .ledger.consumed) consumed"
end_daemon
expect_eq "members in the end" "$(members)" somebody_else

start_daemon --replace
program_is afxdp_rx || fail "--replace: $(members)"
end_daemon
no_program || fail "--replace: a program stayed"

# Who loads the dispatcher chooses its mode; the driver is not to be blamed.
loader load -m skb "$rxif" "$object" 2>"$dir/loader" || fail "xdp-loader -m skb: $(cat "$dir/loader")"
start_daemon
daemon_says "loaded libxdp's dispatcher chose generic mode" || fail "generic mode: $(cat "$dir/err")"
! daemon_says "has no native XDP" || fail "it blames the driver: $(cat "$dir/err")"
end_daemon
expect_eq "members after generic mode" "$(members)" somebody_else
loader unload "$rxif" --all
