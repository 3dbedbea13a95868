# SPDX-License-Identifier: GPL-2.0-only
rules_times_SRCS := $(RULES_TEST_SRCS) $(RULES_LIB_OBJS) $(B)/user/lib/object.o
rules_times_LIBS := -lxdp -lbpf -lpcap
$(B)/tests/unit/rules_times.t: ALL_CPPFLAGS += -DAFXDP_PROBE='"$(PROBE_OBJ)"'
$(B)/tests/unit/rules_times.t: $(rules_times_SRCS) $(wildcard user/lib/rules/*.h tests/rules/*.h) $(PROBE_OBJ)
