# SPDX-License-Identifier: GPL-2.0-only
# The driver: build/kmod/xnic.ko, for the newest installed headers of KERNEL; for another KERNEL than 6.12 build/KERNEL/kmod/xnic.ko, with
# headers that scripts/vm.d/newer-kernel has unpacked if none are installed. kbuild writes beside its sources, so it gets links.
KERNEL ?= 6.12
KMOD := $(B)$(patsubst /6.12,,/$(KERNEL))/kmod
KDIR ?= $(lastword $(sort $(wildcard /lib/modules/$(KERNEL)*/build)))
ifeq ($(KDIR),)
NEWER_RELEASE := $(shell scripts/vm.d/newer-kernel release $(KERNEL))
KDIR := $(NEWER_RELEASE:%=/lib/modules/%/build)
KRUN := $(NEWER_RELEASE:%=scripts/vm.d/newer-kernel run)
endif
KMOD_SRC := $(wildcard kmod/*.[ch]) kmod/Makefile
KMOD_LINKS := $(KMOD_SRC:kmod/%=$(KMOD)/%)
KBUILD = $(KRUN) $(MAKE) -C $(KDIR) M=$(abspath $(KMOD)) W=1

# XNIC_FAULTS=1 compiles the fault knobs in. With what and for which headers is a file's name, so that changing it, or another kernel of the same name
# in their place, builds anew.
export XNIC_FAULTS
KMOD_FOR := $(KMOD)/.for-$(XNIC_FAULTS)$(subst /,-,$(or $(realpath $(KDIR)),$(KDIR)))

$(KMOD)/%: kmod/%
	@mkdir -p $(@D)
	$(Q)ln -sf $(abspath $<) $@

kmod: $(KMOD)/xnic.ko
$(KMOD)/xnic.ko: $(KMOD_LINKS) include/afxdp/ring.h include/afxdp/mailbox.h $(KMOD_FOR)
	@[ -n "$(KDIR)" ] || { echo "make kmod: no headers of a $(KERNEL) kernel in /lib/modules; scripts/deps vm installs those of 6.12, scripts/vm.d/newer-kernel fetch $(KERNEL) others" >&2; exit 1; }
	$(call say,KBUILD,$@)
	$(Q)$(KBUILD) $(if $(filter 1,$(V)),,-s) modules
	@touch $@

$(KMOD_FOR):
	@mkdir -p $(@D)
	@rm -f $(KMOD)/.faults-* $(KMOD)/.for-* $(KMOD)/*.o
	@touch $@

# build/debug/kmod/xnic.ko: for the kernel of scripts/vm --debug, with fault knobs.
kmod-debug:
	$(Q)kdir=$$(scripts/vm.d/debug-kernel --kdir) && $(MAKE) --no-print-directory B=build/debug KDIR=$$kdir XNIC_FAULTS=1 kmod

# sparse, with the types of descriptor fields; checkpatch; clang's analyser. They print what they find, which must be nothing.
kmod-check: $(KMOD_LINKS)
	$(call say,SPARSE,kmod)
	$(Q)rm -f $(KMOD)/*.o
	$(Q)$(KBUILD) -s C=2 CF=-D__CHECK_ENDIAN__ modules 2>&1 | { ! grep -E 'kmod/.*(warning|error)|(warning|error):'; }
	$(call say,CHECK,kmod)
	$(Q)scripts/check-kmod $(KMOD) $(KDIR)

.PHONY: kmod kmod-debug kmod-check
