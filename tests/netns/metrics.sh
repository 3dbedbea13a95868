#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The metrics say what the ledger says, no frame twice; promtool finds nothing to say against them; a real Prometheus scrapes them, every query of the dashboard
# returns data, and the alerting rules fire when what they are for is provoked.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=tests/daemon.sh
. "$(dirname "$0")/../daemon.sh"
# shellcheck source=scripts/vm.d/lib.sh
. "$ROOT/scripts/vm.d/lib.sh"
PATH=$CACHE/prometheus/usr/bin:$PATH
command -v promtool >/dev/null || skip "no Prometheus here: 'scripts/deps test' fetches it"
two_ends 1
scrapers=()
in_ns "$rx" sysctl -qw net.ipv4.ip_unprivileged_port_start=0
web=127.0.0.1:9191
fetch() { in_ns "$rx" curl -sf -m 10 "$@" "http://$web/metrics"; }
# sample NAME{LABELS but interface}: its value. total FAMILY: over all of its samples.
sample() { awk -v want="$1" '{ n = $0; sub(/ [^ ]*$/, "", n); gsub(/interface="[^"]*",?/, "", n); sub(/\{\}$/, "", n); sub(/,\}$/, "}", n) } n == want { print $NF; found = 1 } END { exit !found }' "$dir/page"; }
total() { awk -v f="$1" 'index($0, f "{") == 1 { s += $NF } END { printf "%d\n", s }' "$dir/page"; }

cat >"$dir/rules" <<-'EOF'
	drop udp dst port 9
	drop ip[8] = 0 and "a\b" = "a\b"
	limit 1/s burst 1 udp dst port 7
	default capture
EOF
grep -v '"' "$dir/rules" >"$dir/good"
mkdir "$dir/small"
mount -t tmpfs -o size=64k afxdp "$dir/small"
cleanup umount -l "$dir/small"
start_daemon -r "$dir/good" -s "pcap:$dir/small/frames" -s idle=drop --metrics $web
gen --count 50 --dport 53 >/dev/null
gen --count 30 --dport 9 >/dev/null
gen --count 20 --dport 7 >/dev/null
wait_for 10 live_is .ledger.received 100 || fail "received: $(live .ledger.received)"
wait_for 10 live_is .sink.frames 51 || fail "captured and written: $(live .sink)"

# The page against the ledger, which is tested elsewhere; and no frame twice in a family.
fetch >"$dir/page"
ctl ledger --json >"$dir/ledger"
expect_eq "sum over the ledger" "$(total afxdp_ledger_total)" 100
expect_eq "sum over the queues' ledgers" "$(total afxdp_queue_ledger_total)" 100
for row in passed dropped limited aborted tx unclaimed ring_full fill_empty kernel_dropped sink_dropped held delivered; do
	expect_eq "$row" "$(sample "afxdp_ledger_total{reason=\"$row\"}")" "$(jq ".ledger.$row" "$dir/ledger")"
done
for row in received captured consumed; do expect_eq "$row" "$(sample "afxdp_ledger_sum_total{stage=\"$row\"}")" "$(jq ".ledger.$row" "$dir/ledger")"; done
# Whatever the ledger has is in one family or in the other, but for what does not add up.
expect_eq "sum over the sinks" "$(total afxdp_sink_frames_total) $(total afxdp_sink_captured_frames_total)" "51 51"
expect_eq "rows of the ledger" "$(jq -r '.ledger | keys[]' "$dir/ledger" | grep -v 'unexplained\|tx_failed' | sort)" \
	"$(sed -n 's/^afxdp_ledger\(_sum\)\?_total{.*\(reason\|stage\)="\([a-z_]*\)".*/\3/p' "$dir/page" | sort)"
expect_eq "rule 0" "$(sample 'afxdp_rule_frames_total{rule="0",text="drop udp dst port 9"}')" 30
expect_eq "bytes of rule 0" "$(sample 'afxdp_rule_bytes_total{rule="0",text="drop udp dst port 9"}')" "$(jq '.rules[0].bytes' "$dir/ledger")"
expect_eq "state" "$(sample 'afxdp_port_state{state="running"}') $(total afxdp_port_state)" "1 1"
expect_eq "mode" "$(sample 'afxdp_mode{mode="adaptive"}') $(total afxdp_mode)" "1 1"
expect_eq "bytes written" "$(($(sample 'afxdp_sink_bytes_total{sink="default"}') + 24))" "$(stat -c %s "$dir/small/frames")"
expect_eq "sinks" "$(total afxdp_sink_ready)" 2
expect_eq "samples of latency" "$(sample afxdp_latency_seconds_count)" "$(sample 'afxdp_latency_seconds_bucket{le="+Inf"}')"
[ "$(sample afxdp_latency_seconds_count)" -gt 0 ] || fail "no latency"
# A family that has nothing to show is not there.
! grep -q refused "$dir/page" || fail "a pcap sink that forwards"
promtool check metrics <"$dir/page" >"$dir/lint" 2>&1 || fail "promtool: $(cat "$dir/lint")"
expect_eq "what promtool says" "$(cat "$dir/lint")" ""

# The ledger since an earlier look, again and again, and as a table for others.
gen --count 40 --dport 9 >/dev/null
wait_for 10 live_is .ledger.received 140 || fail "received: $(live .ledger.received)"
expect_eq "since the first look" "$(ctl ledger --json --since "$dir/ledger" | jq -c '.ledger | [.received, .dropped, .delivered, .unexplained]')" "[40,40,0,0]"
expect_match "the same as a table" "$(ctl ledger --since "$dir/ledger")" 'received +40 '
ctl ledger --csv >"$dir/csv"
expect_eq "names and numbers" "$(awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) name[$i] = i } END { print NR, $name["received"], $name["dropped"], $name["unexplained"] }' "$dir/csv")" "2 140 70 0"
expect_eq "the time" "$(awk -F, -v now="$(date +%s)" 'NR == 2 { d = now - $1; print (d >= -2 && d < 30) }' "$dir/csv")" 1
in_ns "$rx" timeout 20 "$BUILD/afxdpctl" -i "$rxif" ledger --csv --watch=0.05 2>/dev/null | head -n 4 >"$dir/csv" || true # who writes when nobody reads ends by SIGPIPE
expect_eq "watched" "$(wc -l <"$dir/csv") $(grep -c time "$dir/csv")" "4 1"
expect_status 2 ctl ledger --watch=fast
expect_match "no interval" "$OUT" "--watch 'fast': seconds"
expect_status 2 ctl ledger --csv --json
expect_status 2 ctl status --csv
expect_status 1 ctl ledger --since "$dir/none"
expect_match "no report" "$OUT" "--since '$dir/none': unable to open"
expect_status 1 ctl ledger --since "$ROOT/packaging/grafana.json"
expect_match "no report" "$OUT" "not a report"

# Either format, as the client likes; the names are the same.
fetch -D "$dir/head" -H 'Accept: application/openmetrics-text;version=1.0.0;q=0.9,text/plain;q=0.5' >"$dir/open"
expect_match "the format asked for" "$(cat "$dir/head")" 'application/openmetrics-text; version=1.0.0'
expect_eq "how it ends" "$(tail -n 1 "$dir/open")" "# EOF"
expect_eq "names in both" "$(grep -v '^#' "$dir/open" | sed 's/{.*//' | sort -u)" "$(grep -v '^#' "$dir/page" | sed 's/{.*//' | sort -u)"
! grep -q '^# TYPE .*_total ' "$dir/open" || fail "OpenMetrics names counters without _total"
fetch -D "$dir/head" -H 'Accept: text/plain' >/dev/null
expect_match "the other format" "$(cat "$dir/head")" 'text/plain; version=0.0.4'

# Alerting rules, without their patience. What cannot be provoked here is proved on series made up: tests/netns/metrics_alerts.yml.
cp "$ROOT/packaging/prometheus.rules.yml" "$dir/rules.yml"
promtool check rules "$dir/rules.yml" >"$dir/lint" 2>&1 || fail "promtool: $(cat "$dir/lint")"
cp "$ROOT/tests/netns/metrics_alerts.yml" "$dir"
(cd "$dir" && promtool test rules metrics_alerts.yml) >"$dir/lint" 2>&1 || fail "promtool: $(cat "$dir/lint")"
sed -i 's/for: 1m/for: 0s/' "$dir/rules.yml"
cat >"$dir/prometheus.yml" <<-EOF
	global: {scrape_interval: 500ms, evaluation_interval: 500ms}
	rule_files: [rules.yml]
	scrape_configs: [{job_name: afxdp, static_configs: [{targets: ["$web"]}]}]
EOF
background "$rx" prometheus --config.file="$dir/prometheus.yml" --storage.tsdb.path="$dir/tsdb" --web.listen-address=127.0.0.1:9192 --log.level=warn >"$dir/prometheus.log" 2>&1
cleanup end_process "$started"
ask() { in_ns "$rx" curl -sf -m 10 -G "http://127.0.0.1:9192/api/v1/query" --data-urlencode "query=$1"; }
has_data() { [ "$(ask "$1" | jq '.data.result | length')" -gt 0 ]; }
firing() { has_data "ALERTS{alertname=\"Afxdp$1\",alertstate=\"firing\"}"; }
fires() { wait_for 30 firing "$1" || fail "no alert $1: $(ask ALERTS) $(cat "$dir/prometheus.log")"; }
wait_for 60 has_data 'afxdp_ledger_total offset 1s' || fail "Prometheus has nothing: $(cat "$dir/prometheus.log"; ask up)"
expect_eq "how much of it Prometheus takes" "$(ask 'scrape_samples_scraped' | jq -r '.data.result[0].value[1]')" "$(grep -vc '^#' "$dir/open")"
for quiet in Unreachable NotServed Unexplained Losing DeviceLosing RingFull Stuck WriteErrors ChangeFailed; do
	! firing $quiet || fail "the alert $quiet fires, and nothing is wrong: $(ask ALERTS)"
done
# Every query of the dashboard.
mapfile -t queries < <(jq -r '.panels[].targets[].expr' "$ROOT/packaging/grafana.json")
[ ${#queries[@]} -ge 18 ] || fail "the dashboard has ${#queries[@]} queries"
for query in "${queries[@]}"; do
	query=${query//\$__rate_interval/1m} query=${query//\$interface/.*}
	wait_for 10 has_data "$query" || fail "no data for the dashboard's '$query': $(ask "$query")"
done

# A disk that is full; a change that fails; an interface that goes; a daemon that ends.
gen --count 2000 --dport 53 --size 200 >/dev/null
fires Losing
fires WriteErrors
expect_status 1 ctl rules replace "$dir/rules"
fires ChangeFailed
ip -n "$rx" link set "$rxif" down
fires NotServed
ip -n "$rx" link set "$rxif" up
wait_for 10 live_is .state running || fail "not served again"
end_daemon
fires Unreachable

# Who scrapes while it ends gets a page, or is told that it ends; and it ends well.
with_sanitizers
for _ in 1 2 3; do
	start_daemon --metrics $web -s idle=drop
	for _ in 1 2 3 4; do
		background "$rx" bash -c "while curl -sf -m 10 http://$web/metrics >/dev/null || [ \$? = 22 ]; do :; done"
		scrapers+=("$started")
	done
	wait_for 20 live_is .state running
	expect_status 1 ctl ledger --since "$dir/ledger"
	expect_match "an earlier run's" "$OUT" "of another run"
	end_daemon
	for pid in "${scrapers[@]}"; do wait "$pid" || true; done
	scrapers=()
done
