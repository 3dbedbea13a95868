build-asan/user/afxdpd/sinks/sinks.o: user/afxdpd/sinks/sinks.c \
 user/afxdpd/sinks/../sink.h user/lib/xsk.h include/afxdp/abi.h \
 include/afxdp/ring.h user/lib/uapi.h
user/afxdpd/sinks/../sink.h:
user/lib/xsk.h:
include/afxdp/abi.h:
include/afxdp/ring.h:
user/lib/uapi.h:
