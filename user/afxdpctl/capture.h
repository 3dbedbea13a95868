/* SPDX-License-Identifier: GPL-2.0-only */
/* capture.h - the frames of a capture file, for rules that are tried on them. */
#ifndef AFXDP_CTL_CAPTURE_H
#define AFXDP_CTL_CAPTURE_H

#include <pcap/pcap.h>
#include <stdint.h>

struct capture {
	const char *path;
	pcap_t *in;
	uint64_t records;
	uint64_t runts;	  /* shorter than an Ethernet header: cannot be run */
	uint64_t cut;	  /* captured in part */
	int64_t first_ns; /* time of the first record */
};

/** capture_open() - Return: 0, and pcap_close() @c->in; or an exit status after the one line that
 * says why. */
int capture_open(struct capture *c, const char *path);

/** capture_next() - the next frame that can be run. Return: 1; 0 at the end; or -1 after the line
 * that says why. */
int capture_next(struct capture *c, struct pcap_pkthdr **h, const u_char **bytes);

/** capture_time() - ns since the first record; 0 for what claims to be earlier. */
uint64_t capture_time(const struct capture *c, const struct pcap_pkthdr *h);

#endif
