# SPDX-License-Identifier: GPL-2.0-only
echo_frame_SRCS := user/afxdpd/sinks/echo_frame.c
echo_frame_LIBS := -Iuser/afxdpd
$(B)/tests/unit/echo_frame.t: user/afxdpd/sinks/echo_frame.c user/afxdpd/sinks/echo_frame.h tests/unit/echo_build.h
