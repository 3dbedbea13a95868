# SPDX-License-Identifier: GPL-2.0-only
# What the tests in virtual machines need beyond packages: a kernel that checks itself.
vm-debug-kernel:
	$(Q)scripts/vm.d/debug-kernel

.PHONY: vm-debug-kernel

# The kernel's own AF_XDP suite on several devices; tests/vm/conformance/README.md. CONFORMANCE=xnic:zc runs a part of it.
conformance:
	$(Q)tests/vm/conformance/matrix $(CONFORMANCE)

.PHONY: conformance

# Makes allocations fail inside a program: tests/vm/lib-faults.sh.
$(B)/tests/vm/failnth.so: tests/vm/failnth.c
	$(call say,CC,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CFLAGS) -MF $(B)/tests/vm/failnth.d -shared -fPIC $< -o $@

tests: $(B)/tests/vm/failnth.so
