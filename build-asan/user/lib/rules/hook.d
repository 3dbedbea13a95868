build-asan/user/lib/rules/hook.o: user/lib/rules/hook.c \
 user/lib/rules/hook.h user/lib/rules/internal.h \
 user/lib/rules/../rules.h include/afxdp/abi.h user/lib/rules/compile.h \
 include/afxdp/classifier.h user/lib/rules/facts.h user/lib/rules/graph.h \
 user/lib/rules/value.h user/lib/rules/expr.h user/lib/rules/set.h
user/lib/rules/hook.h:
user/lib/rules/internal.h:
user/lib/rules/../rules.h:
include/afxdp/abi.h:
user/lib/rules/compile.h:
include/afxdp/classifier.h:
user/lib/rules/facts.h:
user/lib/rules/graph.h:
user/lib/rules/value.h:
user/lib/rules/expr.h:
user/lib/rules/set.h:
