build-asan/user/lib/prog.o: user/lib/prog.c user/lib/dispatcher.h \
 user/lib/prog_parts.h user/lib/prog.h include/afxdp/abi.h \
 user/lib/rules.h user/lib/uapi.h
user/lib/dispatcher.h:
user/lib/prog_parts.h:
user/lib/prog.h:
include/afxdp/abi.h:
user/lib/rules.h:
user/lib/uapi.h:
