#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The newest kernel's own selftests of network drivers on that kernel, on stock e1000e and on xnic: what passes there passes here.
# SELFTESTS="ping.py queues.py" runs some; what they say goes to build/selftests/VERSION/DRIVER.log.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=scripts/vm.d/lib.sh
. "$ROOT/scripts/vm.d/lib.sh"
cd "$ROOT"
kernel=${XNIC_KERNEL:-$NEWEST_KERNEL}
scripts/vm.d/newer-kernel fetch "$kernel" >&2 || skip "no kernel $kernel to be had here"
make -s KERNEL="$kernel" kmod >&2 || fail "the driver does not build"
tests/vm/selftests/build "$kernel"
read -r -a scripts <<<"${SELFTESTS:-ping.py stats.py queues.py napi_id.py napi_threaded.py ring_reconfig.py xdp.py hw/xsk_reconfig.py}"
out=$BUILD/selftests/$kernel

# run DRIVER WHAT-TO-LOAD
run() {
	scripts/vm --kernel "$kernel" --nics 2 --timeout "${SECONDS_EACH:-3600}" --log "$out/$1.kernel" -- \
		tests/vm/selftests/guest "$kernel" "$2" "${scripts[@]}" >"$out/$1" 2>"$out/$1.log" || fail "$1: see $out/$1.log"
	[ -s "$out/$1" ] || fail "$1: no case was run: see $out/$1.log"
}
run xnic "build/$kernel/kmod/xnic.ko"
run e1000e e1000e

# Zero-copy, several rings: what e1000e skips or cannot do xnic must do all the same, unless it cannot be done on any machine here.
status=0
while read -r case verdict; do
	other=$(awk -v c="$case" '$1 == c { print $2 }' "$out/e1000e")
	printf '%-60s xnic %-8s e1000e %s\n' "$case" "$verdict" "${other:--}"
	[ "$verdict" != failed ] || [ "$other" = failed ] || status=1
	[ "$verdict" != skipped ] || [ "$other" != ok ] || status=1
done <"$out/xnic"
[ $status = 0 ] || fail "a selftest passes on e1000e and not on xnic (above): see $out/xnic.log"
for case in $(awk '{ print $1 }' "$out/e1000e"); do grep -q "^$case " "$out/xnic" || fail "$case was not run on xnic: see $out/xnic.log"; done
