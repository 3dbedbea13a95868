# SPDX-License-Identifier: GPL-2.0-only
# (tests/rules/rules.mk is read later: what it defines is not there yet.)
rules_expr_FUZZ_SRCS = $(RULES_TEST_SRCS) $(RULES_FUZZ_OBJS) $(B)/user/lib/object.o
rules_expr_FUZZ_LIBS := -lxdp -lbpf -lpcap
$(B)/tests/fuzz/rules_expr: ALL_CPPFLAGS += -DAFXDP_PROBE='"$(B)/tests/rules/probe_bare.bpf.o"'
$(B)/tests/fuzz/rules_expr: $(wildcard tests/rules/*.[ch] user/lib/rules/*.[ch]) $(PROG_SRCS) \
	$(B)/user/lib/object.o $(B)/tests/rules/probe_bare.bpf.o
