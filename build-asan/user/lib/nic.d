build-asan/user/lib/nic.o: user/lib/nic.c user/lib/nic.h
user/lib/nic.h:
