build-asan/user/afxdpd/sinks/plugin.o: user/afxdpd/sinks/plugin.c \
 user/afxdpd/sinks/../sink.h user/lib/xsk.h include/afxdp/abi.h \
 include/afxdp/ring.h user/lib/uapi.h include/afxdp/plugin.h \
 user/afxdpd/sinks/frame.h user/afxdpd/sinks/ports.h user/common/text.h
user/afxdpd/sinks/../sink.h:
user/lib/xsk.h:
include/afxdp/abi.h:
include/afxdp/ring.h:
user/lib/uapi.h:
include/afxdp/plugin.h:
user/afxdpd/sinks/frame.h:
user/afxdpd/sinks/ports.h:
user/common/text.h:
