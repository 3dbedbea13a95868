#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# tests/netns/ports.sh with fifty events in a row, to a daemon as it is, under AddressSanitizer and under ThreadSanitizer.
set -euo pipefail
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../../lib.sh"
export EVENTS=${EVENTS:-50} ASAN_OPTIONS=detect_leaks=1:exitcode=99:quarantine_size_mb=4 TSAN_OPTIONS=exitcode=99:halt_on_error=1
for daemon in "$BUILD/afxdpd" "$BUILD/asan/afxdpd" "$BUILD/tsan/afxdpd"; do
	AFXDPD=$daemon "$ROOT/tests/netns/ports.sh"
done
