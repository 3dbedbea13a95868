build-asan/user/afxdpctl/set.o: user/afxdpctl/set.c user/afxdpctl/ctl.h
user/afxdpctl/ctl.h:
