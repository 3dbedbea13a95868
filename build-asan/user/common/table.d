build-asan/user/common/table.o: user/common/table.c user/common/table.h \
 user/lib/account.h include/afxdp/abi.h user/lib/xsk.h \
 include/afxdp/ring.h user/lib/uapi.h user/common/complain.h
user/common/table.h:
user/lib/account.h:
include/afxdp/abi.h:
user/lib/xsk.h:
include/afxdp/ring.h:
user/lib/uapi.h:
user/common/complain.h:
