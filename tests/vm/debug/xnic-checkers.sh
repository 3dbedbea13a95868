#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-only
# xnic under what the stock kernel can check by itself: every XDP verdict with poisoned pages, a checked slab and KFENCE, and once more behind a
# strict IOMMU, where a DMA to memory that was given back faults. Any warning is a panic.
set -euo pipefail
: "${N:=4000}"
export N
dir=$(dirname "$0")/..
XNIC_VM="--append page_poison=1 --append init_on_free=1 --append slub_debug=FZPU --append kfence.sample_interval=20 --append panic_on_warn=1 ${XNIC_VM:-}" \
	"$dir/xnic-xdp.sh"
XNIC_VM="--iommu --append panic_on_warn=1 ${XNIC_VM:-}" "$dir/xnic-xdp.sh"
