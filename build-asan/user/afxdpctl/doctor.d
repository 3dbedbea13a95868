build-asan/user/afxdpctl/doctor.o: user/afxdpctl/doctor.c \
 user/afxdpctl/ctl.h user/lib/nic.h user/lib/prog.h include/afxdp/abi.h
user/afxdpctl/ctl.h:
user/lib/nic.h:
user/lib/prog.h:
include/afxdp/abi.h:
