build-asan/user/lib/hist.o: user/lib/hist.c user/lib/hist.h
user/lib/hist.h:
