/* SPDX-License-Identifier: GPL-2.0-only */
/* pcap_header.h - what a pcap file begins with. */
#ifndef AFXDP_SINK_PCAP_HEADER_H
#define AFXDP_SINK_PCAP_HEADER_H

#include "pcap_file.h"

/** pcap_header_make() - of a nanosecond file of Ethernet frames, @snaplen bytes of each at most.
 * Return: 0 or -errno. */
int pcap_header_make(uint8_t header[PCAP_HEADER], uint32_t snaplen);

#endif
