/* SPDX-License-Identifier: GPL-2.0-only */
/* pcap_records.h - frames, and copies of frames, as records of a capture. All of it is the writer's
 * (pcap.c). */
#ifndef AFXDP_SINK_PCAP_RECORDS_H
#define AFXDP_SINK_PCAP_RECORDS_H

#include "copies.h"
#include "handover.h"
#include "pcap_file.h"
#include "pcap_series.h"
#include "wall.h"

struct pcap_records {
	struct pcap_file file;
	struct pcap_series series;
	struct wall wall;
	uint64_t now; /* CLOCK_MONOTONIC when this round began */
	bool full;    /* the next record is the next file's */
	bool ng;      /* pcapng */
	/* Of it: */
	uint32_t interface; /* number of the present rules' block in this file */
	uint32_t reserve;   /* bytes that what ends a file needs */
	uint32_t rule;	    /* the last frame's, as a comment */
	char comment[16];
};

/** pcap_records_collect() - of the @n descriptors from @pos on, until there is no room, or
 * @r->full. Return: descriptors of the records that had room. */
uint32_t pcap_records_collect(struct pcap_records *r, struct handover_port *p, uint32_t pos,
			      uint32_t n);

/** pcap_records_copy() - one copy; for afxdp_ring_read(), with @arg the struct pcap_records.
 * Return: whether there may be no room for another. */
int pcap_records_copy(void *arg, const struct afxdp_copied *c, const uint8_t *bytes);

#endif
