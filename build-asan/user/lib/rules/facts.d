build-asan/user/lib/rules/facts.o: user/lib/rules/facts.c \
 user/lib/rules/facts.h
user/lib/rules/facts.h:
