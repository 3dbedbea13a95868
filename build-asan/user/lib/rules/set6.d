build-asan/user/lib/rules/set6.o: user/lib/rules/set6.c \
 user/lib/rules/set.h include/afxdp/classifier.h
user/lib/rules/set.h:
include/afxdp/classifier.h:
