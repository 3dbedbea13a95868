build-asan/user/lib/rules/graph.o: user/lib/rules/graph.c \
 user/lib/rules/graph.h user/lib/rules/value.h user/lib/rules/flow.h
user/lib/rules/graph.h:
user/lib/rules/value.h:
user/lib/rules/flow.h:
