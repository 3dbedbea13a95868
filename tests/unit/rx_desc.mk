# SPDX-License-Identifier: GPL-2.0-only
# kmod/rx_desc.h over tests/unit/shim: what the module reads descriptors with.
rx_desc_SRCS := tests/fuzz/rx_desc.c
$(B)/tests/unit/rx_desc.t: ALL_CPPFLAGS += -Ikmod -Itests/unit/shim
$(B)/tests/unit/rx_desc.t: tests/fuzz/rx_desc.c tests/unit/corpus.h kmod/rx_desc.h kmod/hw.h $(wildcard tests/unit/shim/*.h tests/unit/shim/linux/*.h)
