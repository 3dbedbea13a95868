build-asan/user/afxdpd/change.o: user/afxdpd/change.c user/afxdpd/ask.h \
 user/lib/post.h include/afxdp/mailbox.h include/afxdp/ring.h \
 user/afxdpd/words.h user/afxdpd/daemon.h user/lib/account.h \
 include/afxdp/abi.h user/lib/xsk.h user/lib/uapi.h user/lib/knobs.h \
 user/lib/nic.h user/afxdpd/options.h user/afxdpd/mode.h user/lib/prog.h \
 user/lib/xsk.h user/afxdpd/privileges.h user/lib/rules.h \
 user/afxdpd/life.h user/afxdpd/sink.h user/afxdpd/reading.h \
 user/afxdpd/worker.h user/lib/hist.h user/common/text.h
user/afxdpd/ask.h:
user/lib/post.h:
include/afxdp/mailbox.h:
include/afxdp/ring.h:
user/afxdpd/words.h:
user/afxdpd/daemon.h:
user/lib/account.h:
include/afxdp/abi.h:
user/lib/xsk.h:
user/lib/uapi.h:
user/lib/knobs.h:
user/lib/nic.h:
user/afxdpd/options.h:
user/afxdpd/mode.h:
user/lib/prog.h:
user/lib/xsk.h:
user/afxdpd/privileges.h:
user/lib/rules.h:
user/afxdpd/life.h:
user/afxdpd/sink.h:
user/afxdpd/reading.h:
user/afxdpd/worker.h:
user/lib/hist.h:
user/common/text.h:
