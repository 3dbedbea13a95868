build-asan/user/lib/xsk.o: user/lib/xsk.c user/lib/xsk.h \
 include/afxdp/abi.h include/afxdp/ring.h user/lib/uapi.h
user/lib/xsk.h:
include/afxdp/abi.h:
include/afxdp/ring.h:
user/lib/uapi.h:
