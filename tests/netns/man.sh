#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The manual pages say what the programs take: every option, sink, command, exit reason of the ledger and metric, and none that is not there.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
two_ends 1

# section PAGE NAME: the text of one section. terms TEXT: what is set bold at the beginning of its lines, where things are defined.
section() { awk -v name="# $2" '$0 == name { on = 1; next } /^# / { on = 0 } on' "$ROOT/docs/$1.scd"; }
defined() { grep -E '^\*' || true; }
options_in() { grep -oE -- '(^|[ *,[])--?[A-Za-z0-9][A-Za-z0-9-]*' | sed -E 's/^[^-]*//' | sort -u; }
# same WHAT PAGE PROGRAM: two lists of one name a line.
same() { diff <(sort -u <<<"$2") <(sort -u <<<"$3") >"$dir/diff" || fail "$1: the page (<) and the program (>) differ: $(cat "$dir/diff")"; }

for program in afxdpd.8 afxdpgen.1; do
	same "options of $program" "$(section "$program" OPTIONS | defined | options_in)" \
		"$("$BUILD/${program%.*}" --help | grep -E '^  +-' | sed -E 's/^( +[^ ]+( [^ -][^ ]*)*( -[^ ]+( [^ ]+)?)*).*/\1/' | cut -c1-31 | options_in)"
done
same "sinks" "$(section afxdpd.8 SINKS | defined | grep -oE '\*[a-z]+' | tr -d '*')" \
	"$("$BUILD/afxdpd" --help | sed '1,/^sinks:/d' | awk '{ sub(/[:[].*/, "", $1); print $1 }')"
same "commands of afxdpctl" "$(section afxdpctl.8 DESCRIPTION | defined | awk '{ sub(/^\*/, ""); sub(/\*.*/, ""); print $1 }')" \
	"$("$BUILD/afxdpctl" --help | awk '/^  [a-z]/ { print $1 }')"

# The driver's counters, as its sources name them, queues as N; and its devices.
names() { sed -n "/^const char \*const xnic_$1_counter_names/,/^};/s/.*= \"\(.*\)\",/$2\1/p" "$ROOT/kmod/stats.c"; }
same "counters of xnic" "$(section xnic.4 STATISTICS | defined | tr -d '*')" "$(names rx rxN_; names tx txN_; names hw ''; printf '%s\n' tx_timeouts resets)"
same "devices of xnic" "$(section xnic.4 DESCRIPTION | grep -oE '8086:[0-9a-f]{4}' | cut -d: -f2)" "$(sed -n 's/^#define XNIC_DEVICE_.* 0x\([0-9a-f]*\).*/\1/p' "$ROOT/kmod/hw.h")"

start_daemon --metrics 127.0.0.1:9190
# shellcheck disable=SC2016 # for the inner shell. It may end before the server has closed the connection: what matters is the page.
in_ns "$rx" timeout 20 bash -c 'exec 3<>/dev/tcp/127.0.0.1/9190; printf "GET /metrics HTTP/1.0\r\n\r\n" >&3
	while read -r line <&3; do echo "$line"; [[ $line != afxdp_latency_seconds_count* ]] || break; done' >"$dir/metrics"
expect_match "metrics" "$(head -n 1 "$dir/metrics")" 200
grep -oE 'afxdp_[a-z0-9_]+' "$BUILD/man/afxdp-metrics.5" | sort -u >"$dir/families"
awk '$2 == "TYPE" { print $3 }' "$dir/metrics" | sort >"$dir/shown"
[ "$(wc -l <"$dir/shown")" -gt 30 ] || fail "few metrics: $(cat "$dir/shown")"
[ -z "$(comm -13 "$dir/families" "$dir/shown")" ] || fail "afxdp-metrics(5) does not name $(comm -13 "$dir/families" "$dir/shown")"
for row in $(sed -n 's/^afxdp_ledger_total{.*reason="\([a-z_]*\)".*/\1/p' "$dir/metrics"); do
	section afxdpd.8 "THE LEDGER" | grep -qw "$row" || fail "the page does not name the ledger's row $row"
done
end_daemon
