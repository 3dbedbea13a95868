# SPDX-License-Identifier: GPL-2.0-only
rules_sets_SRCS := $(RULES_TEST_SRCS) $(RULES_LIB_OBJS) $(B)/user/lib/object.o
rules_sets_LIBS := -lxdp -lbpf -lpcap
$(B)/tests/unit/rules_sets.t: ALL_CPPFLAGS += -DAFXDP_PROBE='"$(PROBE_OBJ)"'
$(B)/tests/unit/rules_sets.t: $(rules_sets_SRCS) $(wildcard user/lib/rules/*.h tests/rules/*.h) $(PROBE_OBJ)
