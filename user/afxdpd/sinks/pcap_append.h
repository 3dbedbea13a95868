/* SPDX-License-Identifier: GPL-2.0-only */
/* pcap_append.h - where a capture that is there already ends, so that it can go on. */
#ifndef AFXDP_SINK_PCAP_APPEND_H
#define AFXDP_SINK_PCAP_APPEND_H

#include <stdint.h>
#include <sys/types.h>

/**
 * pcap_append_find() - the end of the last whole record of the capture @fd. What a crash has cut
 * off lies behind it.
 * @header: of the capture that is to go on there: a pcap file's 24 bytes, or a pcapng section's
 *	first 12.
 *
 * Return: 0; -EBADMSG: it is no such capture; -EMSGSIZE: it has a smaller snaplen; or -errno.
 */
int pcap_append_find(int fd, const uint8_t *header, off_t *end);

#endif
