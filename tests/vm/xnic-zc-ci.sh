#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The worked example of docs/zero-copy-in-ci.md, as it is printed there: DPDK's testpmd on xnic, zero-copy, answers pings.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
command -v dpdk-testpmd >/dev/null || skip "no dpdk-testpmd here: 'scripts/deps test' installs it"
make_here kmod || fail "the driver does not build"
dir=$BUILD/tests/zc-ci.$RUN_ID
mkdir -p "$dir"
cleanup rm -rf "$dir"

# The fenced block, less its indentation.
# shellcheck disable=SC2016
sed -n '/^ *```bash$/,/^ *```$/ { /^ *```/d; s/^   //; p }' docs/zero-copy-in-ci.md >"$dir/zc-test"
chmod +x "$dir/zc-test"
expect_match "the example" "$(head -n 1 "$dir/zc-test")" '^#!/bin/bash$'
expect_status 0 scripts/vm --nics 2 --timeout 900 -- "$dir/zc-test"
expect_match "the socket" "$OUT" "umem\([^)]*zc:1"
expect_match "the pings" "$OUT" "200 packets transmitted, 200 received, 0% packet loss"

# A bind that must copy is found out.
sed -i 's/iface=eth0/&,force_copy=1/' "$dir/zc-test"
expect_status 1 scripts/vm --nics 2 --timeout 900 -- "$dir/zc-test"
expect_match "the socket" "$OUT" "umem\([^)]*zc:0"
