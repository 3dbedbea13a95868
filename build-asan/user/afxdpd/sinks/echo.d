build-asan/user/afxdpd/sinks/echo.o: user/afxdpd/sinks/echo.c \
 user/afxdpd/sinks/../sink.h user/lib/xsk.h include/afxdp/abi.h \
 include/afxdp/ring.h user/lib/uapi.h user/afxdpd/sinks/echo_frame.h \
 user/afxdpd/sinks/frame.h user/afxdpd/sinks/ports.h \
 user/afxdpd/sinks/transmit.h
user/afxdpd/sinks/../sink.h:
user/lib/xsk.h:
include/afxdp/abi.h:
include/afxdp/ring.h:
user/lib/uapi.h:
user/afxdpd/sinks/echo_frame.h:
user/afxdpd/sinks/frame.h:
user/afxdpd/sinks/ports.h:
user/afxdpd/sinks/transmit.h:
