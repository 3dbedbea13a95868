#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# One source for every kernel from 6.12 on: the driver compiles without a word for Debian 13's 6.12 and for those of its backports, by their compiler.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
cd "$ROOT"
for version in ${KERNELS:-6.12 7.2 7.3}; do
	release=$(scripts/vm.d/newer-kernel fetch "$version") || skip "no kernel $version to be had here"
	rm -f "$BUILD/${release%-amd64}/kmod/xnic.ko"
	expect_status 0 make_here KERNEL="${release%-amd64}" kmod
	[[ ! ${OUT,,} =~ warning ]] || fail "$release: $OUT"
	[ -s "$BUILD/${release%-amd64}/kmod/xnic.ko" ] || fail "$release: nothing was built: $OUT"
	say "$release: ok"
done
