/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcapng.h - a capture of one Ethernet interface in the format that keeps, beside each frame, what
 * became of it (draft-ietf-opsawg-pcapng). libpcap reads it and does not write it.
 */
#ifndef AFXDP_PCAPNG_H
#define AFXDP_PCAPNG_H

#include <stdint.h>
#include <stdio.h>

/* Bytes of a frame lie in two places at most: a tag may have to be put back among them. */
struct pcapng_packet {
	uint64_t ns;	 /* since 1970 */
	uint32_t length; /* on the wire */
	const uint8_t *head, *bytes;
	uint32_t head_len, bytes_len;
	uint32_t queue;
	uint64_t xdp_action;
	const char *comment;
};

/* All return 0, or -errno of the stream's last write; a stream with a buffer tells late. */

/** pcapng_begin() - what comes before the first packet. @snap: bytes of a frame there are at most. */
int pcapng_begin(FILE *f, const char *application, const char *ifname, uint32_t snap);
int pcapng_packet(FILE *f, const struct pcapng_packet *p);

/** pcapng_end() - how many frames were to be here, and how many of these are not. @ns: now. */
int pcapng_end(FILE *f, uint64_t ns, uint64_t frames, uint64_t lost);

#endif
