build-asan/user/afxdpd/sinks/forward.o: user/afxdpd/sinks/forward.c \
 user/afxdpd/sinks/../sink.h user/lib/xsk.h include/afxdp/abi.h \
 include/afxdp/ring.h user/lib/uapi.h user/afxdpd/sinks/frame.h \
 user/afxdpd/sinks/ports.h user/common/text.h \
 user/afxdpd/sinks/transmit.h
user/afxdpd/sinks/../sink.h:
user/lib/xsk.h:
include/afxdp/abi.h:
include/afxdp/ring.h:
user/lib/uapi.h:
user/afxdpd/sinks/frame.h:
user/afxdpd/sinks/ports.h:
user/common/text.h:
user/afxdpd/sinks/transmit.h:
