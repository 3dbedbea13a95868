#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# The kernel's AF_XDP suite finds on veth, e1000e, vmxnet3 and xnic exactly what tests/vm/conformance/6.12/expected says.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
make_here kmod || fail "the driver does not build"
exec "$ROOT/tests/vm/conformance/matrix"
