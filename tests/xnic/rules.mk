# SPDX-License-Identifier: GPL-2.0-only
# Programs for the driver's tests in the VM: tests/xnic/NAME.bpf.c for the kernel, tests/xnic/NAME.c for user space.
XNIC_BPF := $(patsubst tests/xnic/%.c,$(B)/tests/xnic/%.o,$(wildcard tests/xnic/*.bpf.c))
XNIC_BIN := $(patsubst tests/xnic/%.c,$(B)/tests/xnic/%,$(filter-out %.bpf.c,$(wildcard tests/xnic/*.c)))

$(B)/tests/xnic/%.bpf.o: tests/xnic/%.bpf.c tests/xnic/verdict.h tests/xnic/xsks.h
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) -target bpf -D__TARGET_ARCH_x86 -O2 -g $(filter-out -Wextra,$(WARN)) -Iinclude $(ASM_INCLUDE) -c $< -o $@

$(B)/tests/xnic/%: tests/xnic/%.c
	$(call say,TEST,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $< -o $@ -lxdp -lbpf -lmnl

$(B)/tests/xnic.stamp: $(XNIC_BPF) $(XNIC_BIN)
	@mkdir -p $(@D)
	@touch $@

tests: $(B)/tests/xnic.stamp
