build-asan/user/common/text.o: user/common/text.c user/common/text.h
user/common/text.h:
