# SPDX-License-Identifier: GPL-2.0-only
rules_file_FUZZ_SRCS = $(RULES_FUZZ_OBJS) $(B)/user/lib/object.o
rules_file_FUZZ_LIBS := -lxdp -lbpf -lpcap
$(B)/tests/fuzz/rules_file: $(wildcard user/lib/rules/*.[ch]) $(PROG_SRCS) $(B)/user/lib/object.o
