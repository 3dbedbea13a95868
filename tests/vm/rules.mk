# SPDX-License-Identifier: GPL-2.0-only
# What the tests in virtual machines need beyond packages: a kernel that checks itself.
vm-debug-kernel:
	$(Q)scripts/vm.d/debug-kernel

.PHONY: vm-debug-kernel
