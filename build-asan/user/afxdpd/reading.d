build-asan/user/afxdpd/reading.o: user/afxdpd/reading.c \
 user/afxdpd/reading.h user/lib/post.h include/afxdp/mailbox.h \
 include/afxdp/ring.h user/lib/prog.h include/afxdp/abi.h \
 user/lib/rules.h user/afxdpd/words.h
user/afxdpd/reading.h:
user/lib/post.h:
include/afxdp/mailbox.h:
include/afxdp/ring.h:
user/lib/prog.h:
include/afxdp/abi.h:
user/lib/rules.h:
user/afxdpd/words.h:
