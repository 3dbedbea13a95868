build-asan/user/lib/rules/expr.o: user/lib/rules/expr.c \
 user/lib/rules/expr.h user/lib/rules/graph.h user/lib/rules/value.h \
 include/afxdp/classifier.h
user/lib/rules/expr.h:
user/lib/rules/graph.h:
user/lib/rules/value.h:
include/afxdp/classifier.h:
