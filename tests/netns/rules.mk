# SPDX-License-Identifier: GPL-2.0-only
# What the shell tests here run: tests/netns/NAME.c becomes build/tests/netns/NAME, NAME.bpf.c an object. (library.c is built by its own test, as a stranger
# would.)
NETNS_BPF := $(patsubst %.c,$(B)/%.o,$(wildcard tests/netns/*.bpf.c))
NETNS_BIN := $(patsubst %.c,$(B)/%,$(filter-out tests/netns/library.c %.bpf.c,$(wildcard tests/netns/*.c)))

$(NETNS_BIN): $(B)/%: %.c $(B)/libafxdp.a tests/unit/t.h
	$(call say,TEST,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -Itests/unit $< $(B)/libafxdp.a $(LIBS) -o $@

$(NETNS_BPF): $(B)/%.o: %.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

tests: $(NETNS_BIN) $(NETNS_BPF)
