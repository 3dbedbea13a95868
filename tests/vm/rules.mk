# SPDX-License-Identifier: GPL-2.0-only
# What the tests in virtual machines need beyond packages: a kernel that checks itself.
vm-debug-kernel:
	$(Q)scripts/vm.d/debug-kernel

.PHONY: vm-debug-kernel

# The kernel's own AF_XDP suite on several devices; tests/vm/conformance/README.md. CONFORMANCE=xnic:zc runs a part of it.
conformance:
	$(Q)tests/vm/conformance/matrix $(CONFORMANCE)

.PHONY: conformance

# The driver's tests on the kernel that checks itself, and with the stock kernel's checkers; an hour or two. TEST_DEBUG="xnic-ping xnic-xdp" runs some.
test-debug: kmod-debug tests
	$(Q)tests/vm/debug-all $(TEST_DEBUG)

# Before a release: what the stock kernel can check by itself, two minutes of storm, a thousand times load and unload; an hour.
test-long: kmod tests
	$(Q)tests/vm/debug/xnic-checkers.sh
	$(Q)STORM=120 tests/vm/xnic-storm.sh
	$(Q)CYCLES=1000 tests/vm/xnic-removal.sh

.PHONY: test-debug test-long

# Makes allocations fail inside a program: tests/vm/lib-faults.sh.
$(B)/tests/vm/failnth.so: tests/vm/failnth.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MF $(B)/tests/vm/failnth.d -shared -fPIC $< -o $@

# Whether the emulated processor can be trusted; vm.sh runs it in a guest.
$(B)/tests/vm/cmpxchg16b: tests/vm/cmpxchg16b.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) $< -o $@

tests: $(B)/tests/vm/failnth.so $(B)/tests/vm/cmpxchg16b

# A module that measures the control plane's runtime inside a kernel: tests/vm/control-cost.sh. kbuild gets links, as for the driver.
CTL_COST := $(B)/tests/vm/modules
CTL_COST_SRC := $(wildcard kmod/domain*.[ch]) kmod/trace.c kmod/trace.h tests/vm/modules/ctlcost.c tests/vm/modules/Kbuild

$(CTL_COST)/ctl_cost.ko: $(CTL_COST_SRC) include/afxdp/mailbox.h
	@[ -n "$(KDIR)" ] || { echo "make $@: no headers of a $(KERNEL) kernel in /lib/modules; scripts/deps vm installs them" >&2; exit 1; }
	@mkdir -p $(@D)
	@ln -sf $(abspath $(CTL_COST_SRC)) $(CTL_COST)/
	$(call say,KBUILD,$@)
	$(Q)$(MAKE) -C $(KDIR) M=$(abspath $(CTL_COST)) W=1 $(if $(filter 1,$(V)),,-s) modules

# xnic-zc.sh at the length that a release asks for.
test-zc-storm: all kmod tests
	$(Q)STORM=300 CYCLES=50 tests/vm/xnic-zc.sh

.PHONY: test-zc-storm
