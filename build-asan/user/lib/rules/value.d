build-asan/user/lib/rules/value.o: user/lib/rules/value.c \
 user/lib/rules/value.h
user/lib/rules/value.h:
