#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What a packager does: flags of his own from the command line and the environment, another compiler, warnings that are new to him.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
dir=$(mktemp -d)
cleanup rm -rf "$dir"
cd "$ROOT"
unset CI WERROR CFLAGS CPPFLAGS LDFLAGS

built() { # built NAME ARGS...: a client of its own, by make ARGS; the commands are in $OUT
	expect_status 0 make --no-print-directory V=1 B="$dir/$1" "${@:2}" "$dir/$1/afxdpctl" "$dir/$1/plugins/protocols.so"
	expect_status 0 "$dir/$1/afxdpctl" --help
}

# Debian's own flags, as dpkg-buildflags gives them, all on the command line: what the build needs must still be there.
built flags CPPFLAGS='-Wdate-time -D_FORTIFY_SOURCE=2 -DPACKAGERS' LDFLAGS='-Wl,-z,relro -Wl,-z,now' \
	CFLAGS='-g -O2 -ffile-prefix-map=/x=. -fstack-protector-strong -Wformat -Werror=format-security'
expect_match "CPPFLAGS reach the compiler" "$(make -n V=1 B="$dir/n" CPPFLAGS=-DPACKAGERS "$dir/n/user/lib/nic.o")" -DPACKAGERS
readelf -d "$dir/flags/plugins/protocols.so" | grep -q BIND_NOW || fail "LDFLAGS do not reach the plugins"
readelf -d "$dir/flags/afxdpctl" | grep -q BIND_NOW || fail "LDFLAGS do not reach afxdpctl"

built clang CC=clang

# A warning is not an error, unless asked.
warns=$(make -n V=1 B="$dir/n" "$dir/n/user/lib/nic.o" "$dir/n/bpf/afxdp_rx.bpf.o")
[[ $warns != *-Werror* ]] || fail "-Werror without being asked: $warns"
for how in WERROR=1 CI=true; do
	warns=$(make -n V=1 B="$dir/n" "$how" "$dir/n/user/lib/nic.o" "$dir/n/bpf/afxdp_rx.bpf.o")
	expect_eq "$how: commands with -Werror" "$(grep -c -- '-Werror' <<<"$warns")" 2
done
warns=$(make -n V=1 B="$dir/n" WERROR=0 CI=true "$dir/n/user/lib/nic.o")
[[ $warns != *-Werror* ]] || fail "WERROR=0 is not heard"
