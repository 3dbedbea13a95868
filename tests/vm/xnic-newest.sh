#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The driver on the newest kernel that it is written for: compiled for it without a warning, then the tests of traffic and XDP there.
# NEWEST_TESTS="xnic-zc xnic-removal" runs others; `make test-long` does, and that kernel's own suites.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
# shellcheck source=scripts/vm.d/lib.sh
. "$ROOT/scripts/vm.d/lib.sh"
cd "$ROOT"
find_kernel "$NEWEST_KERNEL" || skip "no kernel $NEWEST_KERNEL here: 'scripts/deps newest' fetches it"
export XNIC_KERNEL=$NEWEST_KERNEL N=2000 FRAMES=2000
read -r -a tests <<<"${NEWEST_TESTS:-xnic-ping xnic-xdp}"
for t in "${tests[@]}"; do
	start=$SECONDS path=tests/vm/$t.sh
	[ -x "$path" ] || path=tests/vm/long/$t.sh
	# On a machine that gives its guests no time, this kernel's clock has been seen to jump by minutes while it booted: once more, then.
	"$path" || { say "$t: once more"; "$path"; } || fail "$t on $RELEASE"
	say "$t: ok ($((SECONDS - start)) s)"
done
