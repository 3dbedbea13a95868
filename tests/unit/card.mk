# SPDX-License-Identifier: GPL-2.0-only
# The driver's control plane over tests/unit/shim/kernel and a model of the card.
card_SRCS := $(addprefix kmod/,hw.c port.c ring.c irq.c phy.c stats.c xsk_pool.c) tests/unit/shim/card_model.c
$(B)/tests/unit/card.t: ALL_CPPFLAGS += -Itests/unit/shim/kernel -Itests/unit/shim -Ikmod
# What the kernel's own headers do not bear either, and what only a stub leaves unused.
$(B)/tests/unit/card.t: ALL_CFLAGS += -Wno-unused-parameter -Wno-unused-variable
$(B)/tests/unit/card.t: $(card_SRCS) $(wildcard kmod/*.h tests/unit/shim/*.h tests/unit/shim/kernel/*.h)
