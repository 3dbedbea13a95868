build-asan/user/afxdpd/worker.o: user/afxdpd/worker.c \
 user/afxdpd/worker.h user/lib/hist.h user/afxdpd/mode.h user/lib/post.h \
 include/afxdp/mailbox.h include/afxdp/ring.h user/afxdpd/sink.h \
 user/lib/xsk.h include/afxdp/abi.h user/lib/uapi.h user/afxdpd/words.h
user/afxdpd/worker.h:
user/lib/hist.h:
user/afxdpd/mode.h:
user/lib/post.h:
include/afxdp/mailbox.h:
include/afxdp/ring.h:
user/afxdpd/sink.h:
user/lib/xsk.h:
include/afxdp/abi.h:
user/lib/uapi.h:
user/afxdpd/words.h:
