build-asan/user/lib/knobs.o: user/lib/knobs.c user/lib/knobs.h
user/lib/knobs.h:
