#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The page in a real browser: its numbers are the ledger's, a loss is red within two seconds of being counted, and neither console nor policy complains.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
command -v chromium >/dev/null || skip "no chromium here (scripts/deps test)"
two_ends 1
web=127.0.0.1:9192
cat >"$dir/rules" <<EOF
drop udp port 9 and ip[8] = 0
pass udp port 7
capture ip
EOF
start_daemon -r "$dir/rules" --ring 64 --frames 128 --metrics $web
gen --count 40 >/dev/null
wait_for 20 live_is .ledger.received 40

# What it may do, and that its word is another one each time.
head=$(in_ns "$rx" curl -sfi -m 10 "http://$web/")
expect_match "policy" "$head" "Content-Security-Policy: default-src 'none'; script-src 'nonce-([0-9a-f]+)'"
nonce=${BASH_REMATCH[1]}
expect_eq "its word in the page" "$(grep -c "nonce=\"$nonce\"" <<<"$head")" 2
! in_ns "$rx" curl -sfi -m 10 "http://$web/" | grep -q "$nonce" || fail "the same word twice"
! grep -q NONCENONCE <<<"$head" || fail "a page without its word"
! grep -qE '(src|href)="?(https?:)?//' <<<"$head" || fail "the page loads from elsewhere"
expect_eq "the report over HTTP" "$(in_ns "$rx" curl -sf -m 10 "http://$web/report" | jq .ledger.received)" 40
expect_match "elsewhere" "$(in_ns "$rx" curl -si -m 10 "http://$web/other")" "404 Not Found"

coproc LOOK { in_ns "$rx" python3 "$(dirname "$0")/page_look.py" "http://$web/"; }
# bash forgets it when the browser has ended.
browser=$LOOK_PID
look() { local line; echo "$1" >&"${LOOK[1]}"; read -r -t 60 line <&"${LOOK[0]}" || fail "the browser does not answer '$1'"; jq -r . <<<"$line"; }
read -r -t 120 ready <&"${LOOK[0]}" || fail "no browser"
[ "$ready" = ready ] || fail "the browser says '$ready'"
cell() { look "document.querySelector('#ledger-$1 td:last-child')?.textContent.replaceAll(',', '') ?? ''"; }
cell_is() { [ "$(cell "$1")" = "$2" ]; }
wait_for 60 cell_is received 40 || fail "the page says '$(cell received)', '$(look 'document.body.innerText')'"
while IFS=$'\t' read -r name value; do
	expect_eq "$name on the page" "$(cell "$name")" "$value"
done < <(live '.ledger | to_entries[] | select(.value != null) | [.key, .value] | @tsv')
expect_eq "rules on the page" "$(look "document.querySelector('#rules').rows[1].cells[0].textContent")" "1: pass udp port 7"
expect_eq "queues on the page" "$(look "document.querySelector('#queues').rows.length")" 1
expect_eq "nothing is lost yet" "$(look "document.querySelectorAll('.lost:not(.trace)').length")" 0
[ "$(look "document.querySelectorAll('#flow path').length")" -ge 3 ] || fail "no flow is drawn"
expect_eq "everything that is drawn has a name for who cannot see it" "$(look "[...document.querySelectorAll('svg[role=img]')].every(e => e.getAttribute('aria-label'))")" true
expect_eq "nothing wider than the window" "$(look "document.documentElement.scrollWidth <= innerWidth")" true

# A loss: the browser's own clock says when it became red, from its first report that has it.
stop_daemon
before=$(arrivals)
gen --count 3000 >/dev/null
wait_for 20 arrived $((before + 3000))
look "(() => { const seen = { report: 0, red: 0 }; window.seen = seen; const was = window.show; window.show = r => { if (!seen.report && r.ledger.ring_full + r.ledger.fill_empty + r.ledger.kernel_dropped > 0) seen.report = performance.now(); was(r); if (!seen.red && document.querySelector('#alarm.lost')) seen.red = performance.now(); }; return 'watching'; })()" >/dev/null
kill -CONT "$daemon"
red() { [ "$(look 'window.seen.red > 0')" = true ]; }
wait_for 60 red || fail "a loss does not turn red: $(look 'document.body.innerText')"
expect_eq "red within two seconds" "$(look 'window.seen.red - window.seen.report < 2000')" true
expect_eq "complaints" "$(look ERRORS)" "[]"
eval "exec ${LOOK[1]}>&-"
wait "$browser" || fail "the browser did not end well"
end_daemon
balanced page
