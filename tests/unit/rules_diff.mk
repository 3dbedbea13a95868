# SPDX-License-Identifier: GPL-2.0-only
rules_diff_SRCS := $(RULES_TEST_SRCS) $(RULES_LIB_OBJS) $(B)/user/lib/object.o
rules_diff_LIBS := -lxdp -lbpf -lpcap
$(B)/tests/unit/rules_diff.t: ALL_CPPFLAGS += -DAFXDP_PROBE='"$(PROBE_OBJ)"'
$(B)/tests/unit/rules_diff.t: $(rules_diff_SRCS) $(wildcard user/lib/rules/*.h tests/rules/*.h) $(PROBE_OBJ)
