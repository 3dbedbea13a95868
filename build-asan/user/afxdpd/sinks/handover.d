build-asan/user/afxdpd/sinks/handover.o: user/afxdpd/sinks/handover.c \
 user/afxdpd/sinks/handover.h user/afxdpd/sinks/ports.h \
 user/afxdpd/sinks/../sink.h user/lib/xsk.h include/afxdp/abi.h \
 include/afxdp/ring.h user/lib/uapi.h user/afxdpd/sinks/frame.h
user/afxdpd/sinks/handover.h:
user/afxdpd/sinks/ports.h:
user/afxdpd/sinks/../sink.h:
user/lib/xsk.h:
include/afxdp/abi.h:
include/afxdp/ring.h:
user/lib/uapi.h:
user/afxdpd/sinks/frame.h:
