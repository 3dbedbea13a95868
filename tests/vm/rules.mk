# SPDX-License-Identifier: GPL-2.0-only
# What the tests in virtual machines need beyond packages: a kernel that checks itself.
vm-debug-kernel:
	$(Q)scripts/vm.d/debug-kernel

.PHONY: vm-debug-kernel

# The kernel's own AF_XDP suite on several devices; tests/vm/conformance/README.md. CONFORMANCE=xnic:zc runs a part of it.
conformance:
	$(Q)tests/vm/conformance/matrix $(CONFORMANCE)

.PHONY: conformance
