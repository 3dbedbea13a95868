#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The library as a stranger uses it: make install, pkg-config, compile a small program against it, receive frames; make uninstall leaves nothing.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
cd "$ROOT"
need_root
dir=$(mktemp -d)
cleanup rm -rf "$dir"
rx=afxdp-lib-rx-$RUN_ID tx=afxdp-lib-tx-$RUN_ID

make --no-print-directory install PREFIX="$dir/usr" >/dev/null
flags=$(PKG_CONFIG_PATH="$dir/usr/lib/pkgconfig" pkg-config --cflags --libs libafxdp)
expect_eq "names in the library that a program might have too" "$(nm -gP --defined-only "$dir/usr/lib/libafxdp.a" |
	awk 'NF > 2 && $1 !~ /^afxdp_/ { print $1 }' | head -n 3)" ""
# shellcheck disable=SC2086
gcc -std=gnu11 -Wall -Wextra -Werror tests/netns/library.c -o "$dir/library" $flags

netns_add "$rx"
netns_add "$tx"
veth_pair "$rx" rx0 "$tx" tx0 1
in_ns "$rx" "$dir/library" rx0 1000 >"$dir/out" &
program=$!
wait_for 10 grep -q ready "$dir/out" || fail "the program did not start: $(cat "$dir/out")"
in_ns "$tx" build/afxdpgen -i tx0 --count 1000 --size 100 >/dev/null
wait "$program" || fail "the program ended badly: $(cat "$dir/out")"
expect_eq "what it received" "$(tail -n 1 "$dir/out")" "1000 frames, 100000 bytes, captured 1000"

make --no-print-directory uninstall PREFIX="$dir/usr"
expect_eq "left after make uninstall" "$(find "$dir/usr" -type f)" ""
