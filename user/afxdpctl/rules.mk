# SPDX-License-Identifier: GPL-2.0-only
# The client: build/afxdpctl.
AFXDPCTL_SRCS := $(wildcard user/afxdpctl/*.c) user/common/table.c user/common/text.c user/common/printable.c user/common/registry.c user/common/find.c user/common/numbers.c user/common/pcapng.c user/common/wall.c
AFXDPCTL_OBJS := $(AFXDPCTL_SRCS:%.c=$(B)/%.o)

$(B)/afxdpctl: $(AFXDPCTL_OBJS) $(B)/libafxdp.a
	$(call say,LD,$@)
	$(Q)$(CC) $(ALL_CFLAGS) $(LDFLAGS) $^ $(LIBS) -o $@

all: $(B)/afxdpctl
