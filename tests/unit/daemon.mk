# SPDX-License-Identifier: GPL-2.0-only
# Tests of afxdpd's own parts that need neither root nor an interface.
options_SRCS := user/afxdpd/options.c user/afxdpd/options_rows.c user/afxdpd/mode.c user/common/numbers.c
options_LIBS := -Iuser/afxdpd
$(B)/tests/unit/options.t: user/afxdpd/options.c user/afxdpd/options_rows.c user/afxdpd/options.h user/afxdpd/mode.h

text_SRCS := user/common/text.c user/common/printable.c
text_LIBS := -ljansson
$(B)/tests/unit/text.t: user/common/text.c user/common/text.h user/common/printable.c user/common/printable.h

account_SRCS := user/lib/account.c
$(B)/tests/unit/account.t: user/lib/account.c user/lib/account.h

conn_memory_LIBS := -Iuser/afxdpd -ljansson
$(B)/tests/unit/conn_memory.t: user/afxdpd/conn.c user/afxdpd/conn.h user/afxdpd/ask.h

registry_SRCS := user/common/registry.c user/common/trust.c
$(B)/tests/unit/registry.t: $(registry_SRCS) user/common/registry.h user/common/trust.h

mode_LIBS := -Iuser/afxdpd
$(B)/tests/unit/mode.t: user/afxdpd/mode.h

depth_LIBS := -Iuser/afxdpd
$(B)/tests/unit/depth.t: user/afxdpd/depth.h

pace_LIBS := -Iuser/afxdpd
$(B)/tests/unit/pace.t: user/afxdpd/pace.h

xsk_refill_SRCS := user/lib/xsk.c
$(B)/tests/unit/xsk_refill.t: user/lib/xsk.c user/lib/xsk.h include/afxdp/ring.h

TSAN += post
$(B)/tests/unit/post.t: user/lib/post.h include/afxdp/mailbox.h

metrics_SRCS := user/afxdpd/metrics.c user/afxdpd/metrics_table.c
metrics_LIBS := -Iuser/afxdpd -ljansson
$(B)/tests/unit/metrics.t: $(metrics_SRCS) user/afxdpd/metrics.h
