build-asan/user/afxdpd/sinks/pcap_file.o: user/afxdpd/sinks/pcap_file.c \
 user/afxdpd/sinks/pcap_file.h
user/afxdpd/sinks/pcap_file.h:
