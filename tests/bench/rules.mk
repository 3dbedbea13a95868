# SPDX-License-Identifier: GPL-2.0-only
# Benchmarks of the control plane in user space: `make bench-control` writes docs/benchmarks/control.md. The domain runtime is built twice: its
# threads sleep at once (as in the kernel), or give the CPU away 20 times first.
CONTROL_BENCH := $(B)/tests/bench/control $(B)/tests/bench/control-yield
$(B)/tests/bench/control-yield: CPPFLAGS += -DOS_YIELDS=20

$(CONTROL_BENCH): tests/bench/control.c kmod/domain.c kmod/domain.h tests/unit/shim/domain_os_user.h include/afxdp/mailbox.h
	$(call say,BENCH,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) -Ikmod -Itests/unit/shim $(ALL_CFLAGS) $(filter %.c,$^) -o $@

bench-control: $(CONTROL_BENCH)
	$(Q)tests/bench/control.sh

.PHONY: bench-control
