# SPDX-License-Identifier: GPL-2.0-only
echo_frame_FUZZ_SRCS := user/afxdpd/sinks/echo_frame.c
echo_frame_FUZZ_LIBS := -Iuser/afxdpd
$(B)/tests/fuzz/echo_frame: user/afxdpd/sinks/echo_frame.c user/afxdpd/sinks/echo_frame.h
