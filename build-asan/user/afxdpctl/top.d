build-asan/user/afxdpctl/top.o: user/afxdpctl/top.c user/afxdpctl/ctl.h \
 user/common/table.h
user/afxdpctl/ctl.h:
user/common/table.h:
