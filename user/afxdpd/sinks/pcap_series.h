/* SPDX-License-Identifier: GPL-2.0-only */
/* pcap_series.h - one file of a capture after the other. All of it is the writer's, but @files. */
#ifndef AFXDP_SINK_PCAP_SERIES_H
#define AFXDP_SINK_PCAP_SERIES_H

#include <stdbool.h>
#include <stdint.h>
#include "pcap_file.h"
#include "pcap_spec.h"

struct pcap_series {
	struct pcap_spec spec;
	char current[PATH_MAX]; /* the file's name */
	uint64_t files;		/* begun so far; read by others */
	uint64_t begun_ns;	/* when this one was */
	uint64_t retry_ns;	/* the next one could not be begun: not before; 0: it could */
	char **kept;		/* names of a dated ring, by number */
	char why[2 * PATH_MAX]; /* why the next one could not be begun */
};

/**
 * pcap_series_open() - open the first file of @s->spec, of the sink @text, as pcap_file_open() does.
 * @now: CLOCK_MONOTONIC, ns. @why: one line, quoting @text, if it fails.
 *
 * Return: 0 or -errno, with nothing left open.
 */
int pcap_series_open(struct pcap_series *s, struct pcap_file *f, const char *text, uint64_t now,
		     char *why, size_t size);

/** pcap_series_check() - whether pcap_series_open() would succeed, without making or opening a
 * file. @kind: the sink, "pcap" or "pcapng"; @arg: what follows. Return: 0, or -errno with @why. */
int pcap_series_check(const char *kind, const char *arg, char *why, size_t size);

/** pcap_series_close() - and the file that is open. */
void pcap_series_close(struct pcap_series *s, struct pcap_file *f);

/** pcap_series_full() - whether a record of @bytes is to be the next file's. Not while that cannot
 * be begun: then this one goes on. */
bool pcap_series_full(const struct pcap_series *s, const struct pcap_file *f, uint64_t bytes,
		      uint64_t now);

/** pcap_series_late() - whether the file has had its time. */
bool pcap_series_late(const struct pcap_series *s, uint64_t now);

/** pcap_series_next() - begin the next file; nothing may be collected. Failing that the last one
 * goes on, which is said once. Return: 0; or -errno, with the reason in @s->why. */
int pcap_series_next(struct pcap_series *s, struct pcap_file *f, uint64_t now);

/** pcap_series_rotate() - somebody asks for the next file; or, if the capture is one file only and
 * that has been renamed or deleted, for a new one of its name. Return: as pcap_series_next(). */
int pcap_series_rotate(struct pcap_series *s, struct pcap_file *f, uint64_t now);

#endif
