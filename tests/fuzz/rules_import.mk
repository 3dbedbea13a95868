# SPDX-License-Identifier: GPL-2.0-only
RULES_IMPORT_SRCS := $(addprefix user/afxdpctl/,import.c import_ipset.c import_nft.c nft_rule.c nft_text.c)
rules_import_FUZZ_SRCS = $(RULES_IMPORT_SRCS) $(RULES_FUZZ_OBJS) $(B)/user/lib/object.o
rules_import_FUZZ_LIBS := -lxdp -lbpf -lpcap
$(B)/tests/fuzz/rules_import: ALL_CPPFLAGS += -Iuser/afxdpctl
$(B)/tests/fuzz/rules_import: $(RULES_IMPORT_SRCS) $(wildcard user/afxdpctl/*.h)
