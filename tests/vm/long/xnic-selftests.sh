#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The newest kernel's own selftests of network drivers on that kernel: on xnic each case ends as tests/vm/selftests/VERSION says; on stock e1000e, the
# control, none passes that does not pass here.
# The guest's clock counts instructions, so that the patience of their programs (two seconds) does not depend on how busy this machine is.
# SELFTESTS="ping.py queues.py" runs some; what they say goes to build/selftests/VERSION/DRIVER.log.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=scripts/vm.d/lib.sh
. "$ROOT/scripts/vm.d/lib.sh"
cd "$ROOT"
kernel=${XNIC_KERNEL:-$NEWEST_KERNEL}
scripts/vm.d/newer-kernel fetch "$kernel" >&2 || skip "no kernel $kernel to be had here"
make_here KERNEL="$kernel" kmod || fail "the driver does not build"
tests/vm/selftests/build "$kernel"
read -r -a scripts <<<"${SELFTESTS:-ping.py stats.py queues.py napi_id.py napi_threaded.py ring_reconfig.py xdp.py hw/xsk_reconfig.py}"
out=$BUILD/selftests/$kernel

# run DRIVER WHAT-TO-LOAD
run() {
	scripts/vm --kernel "$kernel" --icount --nics 2 --timeout "${SECONDS_EACH:-7200}" --log "$out/$1.kernel" -- \
		tests/vm/selftests/guest "$kernel" "$2" "${scripts[@]}" >"$out/$1" 2>"$out/$1.log" || fail "$1: see $out/$1.log"
	[ -s "$out/$1" ] || fail "$1: no case was run: see $out/$1.log"
}
run xnic "build/$kernel/kmod/xnic.ko"
run e1000e e1000e

names=$(printf '%s\n' "${scripts[@]}" | sed -E 's/.*\/|\.py$//g' | xargs | tr ' ' '|')
sed -E 's/ *#.*//; /^$/d' "tests/vm/selftests/$kernel" | awk -v names="^($names)[.]" '$1 ~ names' | sort >"$out/expected"
status=0
while read -r case verdict; do
	found=$(awk -v c="$case" '$1 == c { print $2 }' "$out/xnic")
	control=$(awk -v c="$case" '$1 == c { print $2 }' "$out/e1000e")
	printf '%-60s xnic %-8s e1000e %s\n' "$case" "${found:-not run}" "${control:--}"
	[ "$found" = "$verdict" ] || { say "$case: ${found:-not run}, expected $verdict"; status=1; }
	[ "$control" != ok ] || [ "$verdict" = ok ] || { say "$case: passes on e1000e"; status=1; }
done <"$out/expected"
for case in $(cat "$out/xnic" "$out/e1000e" | awk '{ print $1 }' | sort -u); do
	grep -q "^$case " "$out/expected" || { say "$case: not in tests/vm/selftests/$kernel"; status=1; }
done
[ $status = 0 ] || fail "xnic does not do what the table says: see $out/xnic.log"
