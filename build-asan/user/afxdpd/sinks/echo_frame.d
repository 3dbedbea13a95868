build-asan/user/afxdpd/sinks/echo_frame.o: user/afxdpd/sinks/echo_frame.c \
 user/afxdpd/sinks/echo_frame.h
user/afxdpd/sinks/echo_frame.h:
