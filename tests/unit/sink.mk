# SPDX-License-Identifier: GPL-2.0-only
# Tests of sinks: all of them are linked, because the table names all.
SINK_SRCS := $(wildcard user/afxdpd/sinks/*.c) user/common/text.c user/common/numbers.c user/common/printable.c user/afxdpd/log.c user/common/wall.c user/common/pcapng.c user/lib/copies.c user/common/trust.c user/common/writable.c
SINK_LIBS := -Iuser/afxdpd -lpcap -ljansson -ldl -lbpf
SINK_TESTS := sink_table sink_pcap sink_echo sink_plugin sink_race

$(foreach t,$(SINK_TESTS),$(eval $(t)_SRCS := $(SINK_SRCS))$(eval $(t)_LIBS := $(SINK_LIBS)))
$(SINK_TESTS:%=$(B)/tests/unit/%.t): $(SINK_SRCS) $(wildcard user/afxdpd/*.h user/afxdpd/sinks/*.h) tests/unit/sink_fake.h tests/unit/sink_stubs.h tests/unit/echo_build.h

# ThreadSanitizer does not know fences, and says so. Ours orders a sleeper's flag against a ring's index and publishes no data.
TSAN += sink_race
sink_race_LIBS += -Wno-tsan

# Plugins as they should not be, and the example.
ODD_PLUGINS := $(foreach n,0 1 2 3 4 5 6,$(B)/tests/unit/plugin_odd$(n).so)
$(ODD_PLUGINS): $(B)/tests/unit/plugin_odd%.so: tests/unit/shim/plugin_odd.c include/afxdp/plugin.h
	$(call say,PLUGIN,$@)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(filter-out -MMD -MP,$(ALL_CFLAGS)) -DODD=$* -shared -fPIC $< -o $@
$(B)/tests/unit/sink_plugin.t: $(ODD_PLUGINS) $(B)/plugins/protocols.so

pcap_spec_SRCS := user/afxdpd/sinks/pcap_spec.c user/common/numbers.c
pcap_spec_LIBS := -Iuser/afxdpd/sinks
$(B)/tests/unit/pcap_spec.t: $(pcap_spec_SRCS) user/afxdpd/sinks/pcap_spec.h
