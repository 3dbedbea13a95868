#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What cannot be written to standard output ends in one line that says so and a status that is not 0, in every program and with every kind of output.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1

# full NS PROGRAM ARGS...: with a full device as standard output.
full() {
	local ns=$1 program=$2 status=0
	shift 2
	in_ns "$ns" timeout 20 "$BUILD/$program" "$@" >/dev/full 2>"$dir/said" || status=$?
	expect_eq "$program $*: exit status ($(cat "$dir/said"))" "$status" 1
	grep -q "^$program: cannot write to standard output" "$dir/said" || fail "$program $*: said only: $(cat "$dir/said")"
}
for program in afxdpd afxdpctl afxdpgen; do
	full "$rx" "$program" --help
	full "$rx" "$program" --version
done
full "$rx" afxdpctl -i "$rxif" doctor
full "$rx" afxdpctl -i "$rxif" --json doctor
full "$rx" afxdpctl rules check -f udp
full "$tx" afxdpgen -i "$txif" --count 10
start_daemon
for command in status ledger top "rules show"; do
	# shellcheck disable=SC2086
	full "$rx" afxdpctl -i "$rxif" $command
done
full "$rx" afxdpctl -i "$rxif" --json ledger
end_daemon
# The daemon's table comes last; its exit status must not say that all went well.
full "$rx" afxdpd -i "$rxif" --duration 0.2
