# SPDX-License-Identifier: GPL-2.0-only
# What the shell tests here run: tests/netns/NAME.c becomes build/tests/netns/NAME, NAME.bpf.c an object. (library.c is built by its own test, as a stranger
# would.)
NETNS_BPF := $(patsubst %.c,$(B)/%.o,$(wildcard tests/netns/*.bpf.c))
NETNS_BIN := $(patsubst %.c,$(B)/%,$(filter-out tests/netns/library.c %_plugin.c %_preload.c %.bpf.c,$(wildcard tests/netns/*.c)))

$(NETNS_BIN): $(B)/%: %.c $(B)/libafxdp.a tests/unit/t.h
	$(call say,TEST,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -Itests/unit $< $(B)/libafxdp.a $(LIBS) -o $@

$(NETNS_BPF): $(B)/%.o: %.c
	$(call say,BPF,$<)
	@mkdir -p $(@D)
	$(Q)$(CLANG) $(BPF_CFLAGS) -c $< -o $@

# Plugins, and what is preloaded.
NETNS_SO := $(B)/tests/netns/stuck_plugin.so $(B)/tests/netns/hostile_plugin.so $(B)/tests/netns/later_preload.so $(B)/tests/netns/refuse_preload.so $(B)/tests/netns/held_preload.so $(B)/tests/netns/unsent_preload.so
$(NETNS_SO): $(B)/%.so: %.c include/afxdp/plugin.h
	$(call say,PLUGIN,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(filter-out -MMD -MP,$(ALL_CFLAGS)) -shared -fPIC $< -o $@

# The daemon under sanitizers, for tests of its life.
$(B)/asan/afxdpd: DAEMON_SANITIZE := $(SANITIZE)
$(B)/tsan/afxdpd: DAEMON_SANITIZE := -fsanitize=thread -Wno-tsan
$(B)/asan/afxdpd $(B)/tsan/afxdpd: $(AFXDPD_SRCS) $(B)/libafxdp.a $(wildcard user/afxdpd/*.h user/afxdpd/sinks/*.h user/common/*.h)
	$(call say,TEST,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) -Iuser/afxdpd $(filter-out -MMD -MP,$(ALL_CFLAGS)) $(DAEMON_SANITIZE) $(AFXDPD_SRCS) $(B)/libafxdp.a $(LIBS) -o $@

tests: $(NETNS_BIN) $(NETNS_BPF) $(NETNS_SO) $(B)/asan/afxdpd $(B)/tsan/afxdpd
