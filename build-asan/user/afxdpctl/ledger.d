build-asan/user/afxdpctl/ledger.o: user/afxdpctl/ledger.c \
 user/afxdpctl/ctl.h user/common/table.h
user/afxdpctl/ctl.h:
user/common/table.h:
