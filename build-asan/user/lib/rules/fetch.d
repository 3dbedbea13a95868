build-asan/user/lib/rules/fetch.o: user/lib/rules/fetch.c \
 user/lib/rules/emit.h user/lib/rules/blocks.h user/lib/rules/compile.h \
 include/afxdp/abi.h include/afxdp/classifier.h user/lib/rules/facts.h \
 user/lib/rules/graph.h user/lib/rules/value.h user/lib/rules/insn.h
user/lib/rules/emit.h:
user/lib/rules/blocks.h:
user/lib/rules/compile.h:
include/afxdp/abi.h:
include/afxdp/classifier.h:
user/lib/rules/facts.h:
user/lib/rules/graph.h:
user/lib/rules/value.h:
user/lib/rules/insn.h:
