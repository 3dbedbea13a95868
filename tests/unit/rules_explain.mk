# SPDX-License-Identifier: GPL-2.0-only
rules_explain_SRCS := $(RULES_TEST_SRCS) $(RULES_LIB_OBJS) $(B)/user/lib/object.o
rules_explain_LIBS := -lxdp -lbpf -lpcap
$(B)/tests/unit/rules_explain.t: ALL_CPPFLAGS += -DAFXDP_PROBE='"$(PROBE_OBJ)"'
$(B)/tests/unit/rules_explain.t: $(rules_explain_SRCS) $(wildcard user/lib/rules/*.h tests/rules/*.h) $(PROBE_OBJ)
