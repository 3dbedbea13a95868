# SPDX-License-Identifier: GPL-2.0-only
hist_SRCS := user/lib/hist.c
$(B)/tests/unit/hist.t: user/lib/hist.c user/lib/hist.h
