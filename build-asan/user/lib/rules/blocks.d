build-asan/user/lib/rules/blocks.o: user/lib/rules/blocks.c \
 user/lib/rules/blocks.h user/lib/rules/compile.h include/afxdp/abi.h \
 include/afxdp/classifier.h user/lib/rules/facts.h user/lib/rules/graph.h \
 user/lib/rules/value.h user/lib/rules/insn.h
user/lib/rules/blocks.h:
user/lib/rules/compile.h:
include/afxdp/abi.h:
include/afxdp/classifier.h:
user/lib/rules/facts.h:
user/lib/rules/graph.h:
user/lib/rules/value.h:
user/lib/rules/insn.h:
