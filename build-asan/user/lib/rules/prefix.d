build-asan/user/lib/rules/prefix.o: user/lib/rules/prefix.c \
 user/lib/rules/set.h include/afxdp/classifier.h
user/lib/rules/set.h:
include/afxdp/classifier.h:
