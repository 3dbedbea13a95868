#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# What xnic-newest.sh has no time for: who polls by himself, ethtool, removal, zero-copy sockets that come and go, suspend and the storm, on the newest kernel.
set -euo pipefail
NEWEST_TESTS=${NEWEST_TESTS:-xnic-napi xnic-ethtool xnic-removal xnic-zc xnic-suspend xnic-storm} exec "$(dirname "$0")/../xnic-newest.sh"
