build-asan/user/afxdpd/sinks/pcap.o: user/afxdpd/sinks/pcap.c \
 user/afxdpd/sinks/../sink.h user/lib/xsk.h include/afxdp/abi.h \
 include/afxdp/ring.h user/lib/uapi.h user/afxdpd/sinks/frame.h \
 user/afxdpd/sinks/handover.h user/afxdpd/sinks/ports.h \
 user/afxdpd/sinks/pcap_file.h user/common/text.h
user/afxdpd/sinks/../sink.h:
user/lib/xsk.h:
include/afxdp/abi.h:
include/afxdp/ring.h:
user/lib/uapi.h:
user/afxdpd/sinks/frame.h:
user/afxdpd/sinks/handover.h:
user/afxdpd/sinks/ports.h:
user/afxdpd/sinks/pcap_file.h:
user/common/text.h:
