# SPDX-License-Identifier: GPL-2.0-only
# Tests of afxdpd's own parts that need neither root nor an interface.
options_SRCS := user/afxdpd/options.c
options_LIBS := -Iuser/afxdpd
$(B)/tests/unit/options.t: user/afxdpd/options.c user/afxdpd/options.h user/afxdpd/mode.h
