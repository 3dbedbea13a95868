# SPDX-License-Identifier: GPL-2.0-only
# The daemon: build/afxdpd.
AFXDPD_SRCS := $(wildcard user/afxdpd/*.c user/afxdpd/sinks/*.c) user/common/table.c user/common/numbers.c user/common/text.c user/common/printable.c user/common/registry.c user/common/trust.c user/common/writable.c user/common/wall.c user/common/pcapng.c
AFXDPD_OBJS := $(AFXDPD_SRCS:%.c=$(B)/%.o) $(B)/user/afxdpd/page.o
AFXDPD_SRCS += user/afxdpd/page.S
$(AFXDPD_OBJS): ALL_CPPFLAGS += -Iuser/afxdpd

$(B)/user/afxdpd/page.o: user/afxdpd/page.S user/afxdpd/page.html
	$(call say,AS,$<)
	@mkdir -p $(@D)
	$(Q)$(CC) -c $< -o $@

$(B)/afxdpd: $(AFXDPD_OBJS) $(B)/libafxdp.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

all: $(B)/afxdpd
