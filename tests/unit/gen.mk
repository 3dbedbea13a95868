# SPDX-License-Identifier: GPL-2.0-only
gen_frame_SRCS := user/afxdpgen/frame.c -Iuser/afxdpgen
gen_options_SRCS := user/afxdpgen/options.c user/common/numbers.c -Iuser/afxdpgen
gen_options_LIBS := -lm
gen_pace_SRCS := user/afxdpgen/clock.c -Iuser/afxdpgen
gen_traffic_SRCS := user/afxdpgen/traffic.c user/afxdpgen/pcap.c user/afxdpgen/frame.c -Iuser/afxdpgen
gen_traffic_LIBS := -lpcap
$(B)/tests/unit/gen_frame.t $(B)/tests/unit/gen_options.t $(B)/tests/unit/gen_pace.t $(B)/tests/unit/gen_traffic.t: \
	$(wildcard user/afxdpgen/*.[ch])
