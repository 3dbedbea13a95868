# SPDX-License-Identifier: GPL-2.0-only
# Examples of sinks in shared objects: user/plugins/NAME.c becomes build/plugins/NAME.so.
PLUGINS := $(patsubst user/plugins/%.c,$(B)/plugins/%.so,$(wildcard user/plugins/*.c))

$(B)/plugins/%.so: user/plugins/%.c include/afxdp/plugin.h include/afxdp/abi.h
	$(call say,PLUGIN,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) $(ALL_CPPFLAGS) $(filter-out -MMD -MP,$(ALL_CFLAGS)) $(LDFLAGS) -shared -fPIC $< -o $@

all: $(PLUGINS)
