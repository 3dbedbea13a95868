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

# Before a release: what the stock kernel can check by itself, two minutes of storm, a thousand times load and unload; ten minutes of a hostile process on
# the debug kernel; an hour.
test-long: kmod kmod-debug tests
	$(Q)STORM=120 CYCLES=1000 tests/vm/each $(B)/test-long xnic-checkers xnic-storm xnic-recovery xnic-removal xnic-zc-iommu
	$(Q)LIFE=600 tests/netns/long/storm.sh
	$(Q)$(MAKE) --no-print-directory fuzz
	$(Q)tests/vm/each $(B)/test-long xnic-siblings xnic-kernels xnic-newest-more xnic-newest-suite xnic-selftests xnic-foreign
	$(Q)XNIC_KERNEL=7.3 FUZZ=30 tests/vm/each $(B)/test-long/7.3 xnic-siblings xnic-suspend xnic-ethtool
	$(Q)FUZZ=600 XNIC_KO=$(abspath $(B))/debug/kmod/xnic.ko XNIC_VM=--debug tests/vm/each $(B)/test-long xnic-fuzz

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

# Modules for measuring inside a kernel: the control plane's runtime (tests/vm/control-cost.sh), a source of frames (tests/bench/notify.sh).
# kbuild gets links, as for the driver.
VM_MODULES := $(B)/tests/vm/modules
VM_MODULES_SRC := $(wildcard kmod/domain*.[ch]) kmod/trace.c kmod/trace.h $(wildcard tests/vm/modules/*.c) tests/vm/modules/Kbuild

$(VM_MODULES)/offer.ko: $(VM_MODULES)/ctl_cost.ko
$(VM_MODULES)/ctl_cost.ko: $(VM_MODULES_SRC) include/afxdp/mailbox.h
	@[ -n "$(KDIR)" ] || { echo "make $@: no headers of a $(KERNEL) kernel in /lib/modules; scripts/deps vm installs them" >&2; exit 1; }
	@mkdir -p $(@D)
	@ln -sf $(abspath $(VM_MODULES_SRC)) $(VM_MODULES)/
	$(call say,KBUILD,$(VM_MODULES))
	$(Q)$(MAKE) -C $(KDIR) M=$(abspath $(VM_MODULES)) W=1 $(if $(filter 1,$(V)),,-s) modules

# xnic-zc.sh at the length that a release asks for.
test-zc-storm: all kmod tests
	$(Q)STORM=300 CYCLES=50 tests/vm/each $(B)/test-long xnic-zc

.PHONY: test-zc-storm
