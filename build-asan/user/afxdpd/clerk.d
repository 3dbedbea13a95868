build-asan/user/afxdpd/clerk.o: user/afxdpd/clerk.c user/afxdpd/clerk.h \
 user/lib/post.h include/afxdp/mailbox.h include/afxdp/ring.h \
 user/afxdpd/control.h user/afxdpd/conn.h user/afxdpd/ask.h \
 user/afxdpd/words.h user/afxdpd/http.h
user/afxdpd/clerk.h:
user/lib/post.h:
include/afxdp/mailbox.h:
include/afxdp/ring.h:
user/afxdpd/control.h:
user/afxdpd/conn.h:
user/afxdpd/ask.h:
user/afxdpd/words.h:
user/afxdpd/http.h:
