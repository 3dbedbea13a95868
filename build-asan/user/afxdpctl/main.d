build-asan/user/afxdpctl/main.o: user/afxdpctl/main.c user/afxdpctl/ctl.h
user/afxdpctl/ctl.h:
