build-asan/user/afxdpd/sinks/count.o: user/afxdpd/sinks/count.c \
 user/afxdpd/sinks/ports.h user/afxdpd/sinks/../sink.h user/lib/xsk.h \
 include/afxdp/abi.h include/afxdp/ring.h user/lib/uapi.h
user/afxdpd/sinks/ports.h:
user/afxdpd/sinks/../sink.h:
user/lib/xsk.h:
include/afxdp/abi.h:
include/afxdp/ring.h:
user/lib/uapi.h:
