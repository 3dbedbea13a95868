#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/bench/agree on two runs whose ratios are known: which are compared, round by round, which count, and what is told of one that differs.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
dir=$(mktemp -d)
cleanup rm -rf "$dir"
mkdir "$dir/1" "$dir/2"

# The machine is twice as fast in the second run, and three times in its third round: near's ratio stays 0.5. far falls from 0.8 to 0.6 (and is between 0.6
# and 0.7 within the second run); what did not add up (near, rounds 2 and 3) counts for nothing.
# wide falls from 0.7 to 0.6, but was between 0.5 and 0.9 within the first run.
cat >"$dir/1/path.csv" <<END
benchmark,round,subject,consumed_pps,sane
path,1,drop,900,yes
path,1,bare,100,yes
path,1,near,50,yes
path,1,far,80,yes
path,1,wide,50,yes
path,2,drop,200,yes
path,2,bare,110,yes
path,2,near,55,yes
path,2,far,88,yes
path,2,wide,99,yes
END
cat >"$dir/2/path.csv" <<END
benchmark,round,subject,consumed_pps,sane
path,1,bare,200,yes
path,1,near,100,yes
path,1,far,120,yes
path,1,wide,120,yes
path,2,bare,200,yes
path,2,near,180,no
path,2,far,120,yes
path,2,wide,120,yes
path,3,bare,300,yes
path,3,near,210,no
path,3,far,210,yes
END
echo a,b >"$dir/1/alone.csv"
# Times and rates beside each other: twice as fast is the same ratio.
printf '%s\n' round,wait,what,place,clients,value 1,control,trip-pipe,one,1,2000 1,control,trip-domain,one,1,500 1,control,messages,one,1,1000000 >"$dir/1/control.csv"
printf '%s\n' round,wait,what,place,clients,value 1,control,trip-pipe,one,1,1000 1,control,trip-domain,one,1,250 1,control,messages,one,1,2000000 >"$dir/2/control.csv"

"$ROOT/tests/bench/agree" "$dir/1" "$dir/2" >"$dir/out"
grep -qx '| path | consumed_pps | 3 | 1 | 1 | 14.3 % | 25.0 % |' "$dir/out" || fail "the sum is not what it should be: $(cat "$dir/out")"
grep -qx '| control | per_second | 2 | 2 | 0 | 0.0 % | 0.0 % |' "$dir/out" || fail "round trips and rates are compared wrongly: $(cat "$dir/out")"
grep -qx '| path | far path | 0.800 | 0.600 | -25.0 % | 17 % |' "$dir/out" || fail "the one that differs is not told: $(cat "$dir/out")"
! grep -q '| near path |\|alone' "$dir/out" || fail "one that agrees, or was run once, is among those that differ: $(cat "$dir/out")"
! "$ROOT/tests/bench/agree" "$dir/1" "$dir/none" 2>"$dir/err" || fail "a directory that is not there is no error"
grep -q "none" "$dir/err" || fail "the error does not name the directory: $(cat "$dir/err")"
