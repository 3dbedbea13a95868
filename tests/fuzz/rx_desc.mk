# SPDX-License-Identifier: GPL-2.0-only
$(B)/tests/fuzz/rx_desc: ALL_CPPFLAGS += -Ikmod -Itests/unit/shim
$(B)/tests/fuzz/rx_desc: kmod/rx_desc.h kmod/hw.h $(wildcard tests/unit/shim/*.h tests/unit/shim/linux/*.h)
