# SPDX-License-Identifier: GPL-2.0-only
rules_keys_SRCS := $(RULES_TEST_SRCS) $(RULES_LIB_OBJS) user/lib/trial.c $(B)/user/lib/object.o
rules_keys_LIBS := -lxdp -lbpf -lpcap
$(B)/tests/unit/rules_keys.t: ALL_CPPFLAGS += -DAFXDP_PROBE='"$(PROBE_OBJ)"'
$(B)/tests/unit/rules_keys.t: $(rules_keys_SRCS) $(wildcard user/lib/rules/*.h tests/rules/*.h) $(PROBE_OBJ)
