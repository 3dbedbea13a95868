# SPDX-License-Identifier: GPL-2.0-only
# Tests that run the XDP program in the kernel. The rule compiler comes from the archive: its own tests have it under sanitizers.
BPF_TESTS := $(patsubst tests/unit/%.c,%,$(wildcard tests/unit/bpf_*.c))
BPF_TEST_SRCS := $(PROG_SRCS)

$(foreach t,$(BPF_TESTS),$(eval $(t)_SRCS := $(BPF_TEST_SRCS) $(B)/libafxdp.a)$(eval $(t)_LIBS := -lxdp -lbpf -lpcap))
$(BPF_TESTS:%=$(B)/tests/unit/%.t): $(BPF_TEST_SRCS) $(B)/libafxdp.a $(wildcard tests/unit/bpf_*.h)
