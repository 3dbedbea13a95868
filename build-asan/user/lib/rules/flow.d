build-asan/user/lib/rules/flow.o: user/lib/rules/flow.c \
 user/lib/rules/flow.h user/lib/rules/graph.h user/lib/rules/value.h
user/lib/rules/flow.h:
user/lib/rules/graph.h:
user/lib/rules/value.h:
