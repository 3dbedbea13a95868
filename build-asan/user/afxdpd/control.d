build-asan/user/afxdpd/control.o: user/afxdpd/control.c \
 user/afxdpd/control.h user/afxdpd/conn.h user/afxdpd/ask.h \
 user/lib/post.h include/afxdp/mailbox.h include/afxdp/ring.h \
 user/afxdpd/words.h user/common/address.h user/common/text.h
user/afxdpd/control.h:
user/afxdpd/conn.h:
user/afxdpd/ask.h:
user/lib/post.h:
include/afxdp/mailbox.h:
include/afxdp/ring.h:
user/afxdpd/words.h:
user/common/address.h:
user/common/text.h:
