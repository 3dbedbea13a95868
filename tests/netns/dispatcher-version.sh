#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# A dispatcher of a version that our libxdp does not join: said in our own line, left alone, replaced when asked. (Real ones: scripts/matrix.)
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1
ip -n "$rx" link set dev "$rxif" xdpdrv object "$BUILD/tests/netns/dispatcher9.bpf.o" section xdp
program_is xdp_dispatcher || fail "ip link did not load it"

for args in "" "-f udp"; do
	# shellcheck disable=SC2086
	expect_status 3 in_ns "$rx" "$BUILD/afxdpd" -i "$rxif" $args
	expect_match "afxdpd $args" "$OUT" "^afxdpd: $rxif: libxdp's dispatcher there has version 9, and our libxdp joins version [23] only: 'xdp-loader unload $rxif --all'"
	expect_eq "afxdpd $args: lines" "$(wc -l <<<"$OUT")" 1
	program_is xdp_dispatcher || fail "it did not leave the dispatcher alone"
done
expect_match doctor "$(ctl doctor)" "program +libxdp's dispatcher \(id [0-9]+, version 9\): of a version that afxdpd cannot join"

start_daemon --replace
program_is afxdp_rx || fail "--replace did not take its place"
end_daemon
no_program || fail "a program stayed"
