build-asan/user/lib/rules/set4.o: user/lib/rules/set4.c \
 user/lib/rules/set.h include/afxdp/classifier.h
user/lib/rules/set.h:
include/afxdp/classifier.h:
