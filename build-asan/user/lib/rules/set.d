build-asan/user/lib/rules/set.o: user/lib/rules/set.c \
 user/lib/rules/../prog.h include/afxdp/abi.h user/lib/rules/set.h \
 include/afxdp/classifier.h
user/lib/rules/../prog.h:
include/afxdp/abi.h:
user/lib/rules/set.h:
include/afxdp/classifier.h:
