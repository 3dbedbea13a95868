build-asan/user/lib/dispatcher.o: user/lib/dispatcher.c \
 user/lib/dispatcher.h
user/lib/dispatcher.h:
