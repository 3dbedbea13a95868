/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcap_outage.h - times in which a capture cannot be written: each is said, and its end with what
 * it cost, so often at most.
 */
#ifndef AFXDP_SINK_PCAP_OUTAGE_H
#define AFXDP_SINK_PCAP_OUTAGE_H

#include <stdbool.h>
#include <stdint.h>

struct pcap_outage {
	const char *text; /* the sink, as the user wrote it */
	bool now;	  /* the last write failed */
	bool said;	  /* and that was said */
	uint64_t said_ns; /* when one was said last */
	uint64_t lost;	  /* frames of outages whose end was not said */
};

/** pcap_outage_begins() - a write has failed with @err at @now, CLOCK_MONOTONIC; again, maybe. */
void pcap_outage_begins(struct pcap_outage *o, int err, uint64_t now);

/** pcap_outage_ends() - one has not. */
void pcap_outage_ends(struct pcap_outage *o);

/** pcap_outage_last() - the capture ends: what was not said yet. */
void pcap_outage_last(const struct pcap_outage *o);

#endif
