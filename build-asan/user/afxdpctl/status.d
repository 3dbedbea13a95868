build-asan/user/afxdpctl/status.o: user/afxdpctl/status.c \
 user/afxdpctl/ctl.h user/common/table.h
user/afxdpctl/ctl.h:
user/common/table.h:
