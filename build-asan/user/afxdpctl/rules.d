build-asan/user/afxdpctl/rules.o: user/afxdpctl/rules.c \
 include/afxdp/abi.h user/afxdpctl/ctl.h user/lib/rules.h \
 user/common/table.h
include/afxdp/abi.h:
user/afxdpctl/ctl.h:
user/lib/rules.h:
user/common/table.h:
