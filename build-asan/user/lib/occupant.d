build-asan/user/lib/occupant.o: user/lib/occupant.c user/lib/dispatcher.h \
 user/lib/prog_parts.h user/lib/prog.h include/afxdp/abi.h \
 user/lib/uapi.h
user/lib/dispatcher.h:
user/lib/prog_parts.h:
user/lib/prog.h:
include/afxdp/abi.h:
user/lib/uapi.h:
