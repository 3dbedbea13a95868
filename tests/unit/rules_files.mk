# SPDX-License-Identifier: GPL-2.0-only
rules_files_SRCS := tests/fuzz/rules_file.c $(RULES_LIB_OBJS) $(B)/user/lib/object.o
rules_files_LIBS := -lxdp -lbpf -lpcap
$(B)/tests/unit/rules_files.t: CPPFLAGS += -DAFXDP_CORPUS='"tests/fuzz/corpus/rules_file"'
$(B)/tests/unit/rules_files.t: $(rules_files_SRCS) tests/unit/rules_corpus.c $(wildcard user/lib/rules/*.h)
