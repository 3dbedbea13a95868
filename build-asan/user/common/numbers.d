build-asan/user/common/numbers.o: user/common/numbers.c \
 user/common/numbers.h
user/common/numbers.h:
