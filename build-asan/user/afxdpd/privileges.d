build-asan/user/afxdpd/privileges.o: user/afxdpd/privileges.c \
 user/afxdpd/privileges.h
user/afxdpd/privileges.h:
