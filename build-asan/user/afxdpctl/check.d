build-asan/user/afxdpctl/check.o: user/afxdpctl/check.c \
 user/afxdpctl/ctl.h user/lib/rules.h include/afxdp/abi.h \
 user/common/table.h user/lib/trial.h
user/afxdpctl/ctl.h:
user/lib/rules.h:
include/afxdp/abi.h:
user/common/table.h:
user/lib/trial.h:
