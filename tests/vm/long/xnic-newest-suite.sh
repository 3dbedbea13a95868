#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The newest kernel's AF_XDP suite on that kernel: exactly what tests/vm/conformance/VERSION/expected says, on every device.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
# shellcheck source=scripts/vm.d/lib.sh
. "$ROOT/scripts/vm.d/lib.sh"
cd "$ROOT"
find_kernel "$NEWEST_KERNEL" || skip "no kernel $NEWEST_KERNEL here: 'scripts/deps newest' fetches it"
make_here KERNEL="$NEWEST_KERNEL" kmod || fail "the driver does not build"
exec tests/vm/conformance/matrix --kernel "$NEWEST_KERNEL" "$@"
