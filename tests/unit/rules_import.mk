# SPDX-License-Identifier: GPL-2.0-only
rules_import_SRCS := $(RULES_TEST_SRCS) $(RULES_LIB_OBJS) $(B)/user/lib/object.o
rules_import_LIBS := -lxdp -lbpf -lpcap
$(B)/tests/unit/rules_import.t: CPPFLAGS += -DAFXDP_PROBE='"$(PROBE_OBJ)"'
$(B)/tests/unit/rules_import.t: $(rules_import_SRCS) $(wildcard user/lib/rules/*.h tests/rules/*.h) $(PROBE_OBJ)
