# SPDX-License-Identifier: GPL-2.0-only
# Programs that the shell tests here run: tests/netns/NAME.c becomes build/tests/netns/NAME. (library.c is built by its own test, as a stranger would.)
NETNS_BIN := $(patsubst %.c,$(B)/%,$(filter-out tests/netns/library.c,$(wildcard tests/netns/*.c)))

$(NETNS_BIN): $(B)/%: %.c $(B)/libafxdp.a tests/unit/t.h
	$(call say,TEST,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -Itests/unit $< $(B)/libafxdp.a $(LIBS) -o $@

tests: $(NETNS_BIN)
