# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash
# For tests written in shell: `. "$(dirname "$0")/../lib.sh"`. A test is one executable file; exit 0 passed, 1 failed, 77 skipped (last line: why).

# shellcheck source=scripts/lib.sh
. "$(dirname "${BASH_SOURCE[0]}")/../scripts/lib.sh"

fail() { say "FAIL: $*"; exit 1; }
skip() { say "$*"; exit 77; }
# expect_eq WHAT GOT WANTED
expect_eq() { [ "$2" = "$3" ] || fail "$1: got '$2', expected '$3'"; }
# expect_match WHAT TEXT REGEX
expect_match() { [[ $2 =~ $3 ]] || fail "$1: '$2' does not match '$3'"; }
# expect_status STATUS CMD...: runs it, keeps stdout+stderr in $OUT
expect_status() {
	local want=$1 got=0; shift
	OUT=$("$@" 2>&1) || got=$?
	[ "$got" = "$want" ] || fail "'$*' exited with $got, expected $want; it said: $OUT"
}
# make_here ARGS...: make what a test needs; two tests at a time do not make the same thing twice.
make_here() { mkdir -p "$ROOT/build"; flock "$ROOT/build/.lock" make -s -C "$ROOT" "$@" >&2; }
