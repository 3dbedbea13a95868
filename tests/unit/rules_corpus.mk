# SPDX-License-Identifier: GPL-2.0-only
rules_corpus_SRCS := tests/fuzz/rules_expr.c $(RULES_TEST_SRCS) $(RULES_LIB_OBJS) $(B)/user/lib/object.o
rules_corpus_LIBS := -lxdp -lbpf -lpcap
$(B)/tests/unit/rules_corpus.t: ALL_CPPFLAGS += -DAFXDP_PROBE='"$(PROBE_BARE)"' -DAFXDP_CORPUS='"tests/fuzz/corpus/rules_expr"'
$(B)/tests/unit/rules_corpus.t: $(rules_corpus_SRCS) tests/unit/corpus.h $(wildcard user/lib/rules/*.h tests/rules/*.h) $(PROBE_BARE)
