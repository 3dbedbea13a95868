build-asan/user/afxdpctl/change.o: user/afxdpctl/change.c \
 user/afxdpctl/ctl.h
user/afxdpctl/ctl.h:
