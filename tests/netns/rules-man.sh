#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# Each example of afxdp-rules(5) is taken by the parser alone, and all together by the kernel's verifier; mistakes are refused by file and line.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
need_root
dir=$(mktemp -d)
cleanup rm -rf "$dir"
sed -n '/^```$/,/^```$/p' docs/afxdp-rules.5.scd | grep -v '^```' >"$dir/examples"
[ "$(wc -l <"$dir/examples")" -ge 20 ] || fail "fewer than 20 examples found"
while read -r line; do
	printf '%s\n' "$line" >"$dir/one"
	build/afxdpd --check -r "$dir/one" >/dev/null || fail "example refused: $line"
done <"$dir/examples"
ns=afxdp-man-$RUN_ID
netns_add "$ns"
veth_pair "$ns" rx0 "$ns" tx0
in_ns "$ns" build/afxdpd -i rx0 -r "$dir/examples" --duration 0.2 --report "$dir/report" >/dev/null 2>"$dir/err" || fail "all together: $(cat "$dir/err")"
expect_eq "rules in the report" "$(jq '.rules | length' "$dir/report")" $(($(wc -l <"$dir/examples") - 1))

for wrong in 'frobnicate udp' 'capture udp port' 'limit 5 udp' 'sample 2/3 ip' 'default maybe' 'drop src @nowhere' 'set x = "missing.txt"'; do
	printf '# first line\n%s\n' "$wrong" >"$dir/wrong"
	expect_status 2 build/afxdpd --check -r "$dir/wrong"
	expect_match "$wrong" "$OUT" "$dir/wrong:2: "
	expect_eq "lines said about '$wrong'" "$(wc -l <<<"$OUT")" 1
done
