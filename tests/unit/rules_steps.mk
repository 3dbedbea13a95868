# SPDX-License-Identifier: GPL-2.0-only
rules_steps_SRCS := user/lib/trial.c $(RULES_TEST_SRCS) $(RULES_LIB_OBJS) $(B)/user/lib/object.o
rules_steps_LIBS := -lxdp -lbpf -lpcap
$(B)/tests/unit/rules_steps.t: ALL_CPPFLAGS += -DAFXDP_PROBE='"$(PROBE_OBJ)"'
$(B)/tests/unit/rules_steps.t: $(rules_steps_SRCS) $(wildcard user/lib/*.h user/lib/rules/*.h tests/rules/*.h) $(PROBE_OBJ)
