build-asan/user/afxdpd/http.o: user/afxdpd/http.c user/afxdpd/http.h \
 user/afxdpd/conn.h user/afxdpd/ask.h user/lib/post.h \
 include/afxdp/mailbox.h include/afxdp/ring.h user/afxdpd/words.h
user/afxdpd/http.h:
user/afxdpd/conn.h:
user/afxdpd/ask.h:
user/lib/post.h:
include/afxdp/mailbox.h:
include/afxdp/ring.h:
user/afxdpd/words.h:
