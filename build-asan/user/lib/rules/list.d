build-asan/user/lib/rules/list.o: user/lib/rules/list.c \
 user/lib/rules/set.h include/afxdp/classifier.h
user/lib/rules/set.h:
include/afxdp/classifier.h:
