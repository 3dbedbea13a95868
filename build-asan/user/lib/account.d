build-asan/user/lib/account.o: user/lib/account.c user/lib/account.h \
 include/afxdp/abi.h user/lib/xsk.h include/afxdp/ring.h user/lib/uapi.h
user/lib/account.h:
include/afxdp/abi.h:
user/lib/xsk.h:
include/afxdp/ring.h:
user/lib/uapi.h:
