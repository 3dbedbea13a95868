build-asan/user/afxdpd/options.o: user/afxdpd/options.c \
 user/afxdpd/options.h user/afxdpd/mode.h user/lib/prog.h \
 include/afxdp/abi.h user/lib/xsk.h include/afxdp/ring.h user/lib/uapi.h \
 user/common/numbers.h user/afxdpd/worker.h user/lib/hist.h \
 user/lib/post.h include/afxdp/mailbox.h user/afxdpd/sink.h \
 user/afxdpd/words.h
user/afxdpd/options.h:
user/afxdpd/mode.h:
user/lib/prog.h:
include/afxdp/abi.h:
user/lib/xsk.h:
include/afxdp/ring.h:
user/lib/uapi.h:
user/common/numbers.h:
user/afxdpd/worker.h:
user/lib/hist.h:
user/lib/post.h:
include/afxdp/mailbox.h:
user/afxdpd/sink.h:
user/afxdpd/words.h:
