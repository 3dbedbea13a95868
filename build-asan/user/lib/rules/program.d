build-asan/user/lib/rules/program.o: user/lib/rules/program.c \
 user/lib/rules/compile.h include/afxdp/abi.h include/afxdp/classifier.h \
 user/lib/rules/facts.h user/lib/rules/graph.h user/lib/rules/value.h
user/lib/rules/compile.h:
include/afxdp/abi.h:
include/afxdp/classifier.h:
user/lib/rules/facts.h:
user/lib/rules/graph.h:
user/lib/rules/value.h:
