build-asan/user/lib/pins.o: user/lib/pins.c user/lib/prog_parts.h \
 user/lib/prog.h include/afxdp/abi.h
user/lib/prog_parts.h:
user/lib/prog.h:
include/afxdp/abi.h:
