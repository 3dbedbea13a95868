build-asan/user/afxdpd/life.o: user/afxdpd/life.c user/afxdpd/life.h \
 user/lib/post.h include/afxdp/mailbox.h include/afxdp/ring.h \
 user/afxdpd/sink.h user/lib/xsk.h include/afxdp/abi.h user/lib/uapi.h \
 user/afxdpd/words.h
user/afxdpd/life.h:
user/lib/post.h:
include/afxdp/mailbox.h:
include/afxdp/ring.h:
user/afxdpd/sink.h:
user/lib/xsk.h:
include/afxdp/abi.h:
user/lib/uapi.h:
user/afxdpd/words.h:
