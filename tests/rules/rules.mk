# SPDX-License-Identifier: GPL-2.0-only
# What the tests of the rules share: the probe program, frames, expressions, libpcap as the reference.
PROBE_OBJ := $(B)/tests/rules/probe.bpf.o
PROBE_BARE := $(B)/tests/rules/probe_bare.bpf.o
RULES_TEST_SRCS := $(addprefix tests/rules/,frames.c exprs.c reference.c run.c batch.c)
RULES_LIB_SRCS := $(wildcard user/lib/rules/*.c) $(PROG_SRCS)
# Built again under the sanitizers; once, not for each test.
RULES_LIB_OBJS := $(RULES_LIB_SRCS:%.c=$(B)/sanitized/%.o)

$(PROBE_OBJ): tests/rules/probe.bpf.c tests/rules/probe.h $(wildcard bpf/*.h) $(wildcard include/afxdp/*.h)
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

$(PROBE_BARE): tests/rules/probe.bpf.c tests/rules/probe.h $(wildcard bpf/*.h) $(wildcard include/afxdp/*.h)
	$(call say,BPF,$@)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -DPROBE_BARE -c $< -o $@

tests: $(PROBE_OBJ)
