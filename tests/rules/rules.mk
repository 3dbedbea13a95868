# SPDX-License-Identifier: GPL-2.0-only
# What the tests of the rules share: the probe program, frames, expressions, libpcap as the reference.
PROBE_OBJ := $(B)/tests/rules/probe.bpf.o
PROBE_BARE := $(B)/tests/rules/probe_bare.bpf.o
RULES_TEST_SRCS := $(addprefix tests/rules/,frames.c exprs.c reference.c run.c batch.c)
# The compiler is built again with the tests, under the sanitizers.
RULES_LIB_SRCS := $(wildcard user/lib/rules/*.c) $(PROG_SRCS)

$(PROBE_OBJ): tests/rules/probe.bpf.c tests/rules/probe.h $(wildcard bpf/*.h) $(wildcard include/afxdp/*.h)
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(PROBE_BARE): tests/rules/probe.bpf.c tests/rules/probe.h $(wildcard bpf/*.h) $(wildcard include/afxdp/*.h)
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -DPROBE_BARE -c $< -o $@

tests: $(PROBE_OBJ)
