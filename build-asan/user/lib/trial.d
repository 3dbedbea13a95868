build-asan/user/lib/trial.o: user/lib/trial.c user/lib/trial.h \
 include/afxdp/abi.h include/afxdp/classifier.h user/lib/prog.h \
 user/lib/rules.h
user/lib/trial.h:
include/afxdp/abi.h:
include/afxdp/classifier.h:
user/lib/prog.h:
user/lib/rules.h:
