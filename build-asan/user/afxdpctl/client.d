build-asan/user/afxdpctl/client.o: user/afxdpctl/client.c \
 user/common/address.h user/common/complain.h user/afxdpctl/ctl.h
user/common/address.h:
user/common/complain.h:
user/afxdpctl/ctl.h:
