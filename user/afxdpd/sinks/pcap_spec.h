/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcap_spec.h - what stands behind "pcap:" or "pcapng:", and the names of the files it asks for.
 *
 *	FILE[,size=BYTES][,seconds=N][,files=N][,snaplen=BYTES][,mode=OCTAL][,append|,excl]
 *
 * BYTES may end in k, M or G (powers of 1024). What has no such word at its end belongs to the
 * file's name, commas and all.
 */
#ifndef AFXDP_SINK_PCAP_SPEC_H
#define AFXDP_SINK_PCAP_SPEC_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <time.h>

/* Of an Ethernet frame nothing is cut off: libpcap's own upper limit (MAXIMUM_SNAPLEN). */
#define PCAP_SNAPLEN 262144

/* A ring's names are remembered, to delete the oldest. */
#define PCAP_FILES_MAX 10000

struct pcap_spec {
	char path[PATH_MAX]; /* with % conversions of strftime(3) */
	uint64_t size;	     /* bytes after which the next file begins; 0: never */
	uint32_t seconds;    /* the same */
	uint32_t files;	     /* as many are kept; 0: all */
	uint32_t snaplen;    /* bytes of a frame that are kept */
	mode_t mode;	     /* of files that are made, less the umask */
	bool append;	     /* a capture that is there already goes on */
	bool excl;	     /* there must not be one */
};

/**
 * pcap_spec_parse() - read @text.
 * @kind: the sink it is for, "pcap" or "pcapng".
 * @why: one line, quoting @text, if it cannot be.
 *
 * Return: 0, -EINVAL or -ENAMETOOLONG.
 */
int pcap_spec_parse(struct pcap_spec *spec, const char *kind, const char *text, char *why,
		    size_t size);

/** pcap_spec_rotates() - whether there may be more than one file. */
static inline bool pcap_spec_rotates(const struct pcap_spec *spec)
{
	return spec->size || spec->seconds;
}

/** pcap_spec_dated() - whether names tell the time. A lone file's name is taken as it is. */
static inline bool pcap_spec_dated(const struct pcap_spec *spec)
{
	return pcap_spec_rotates(spec) && strchr(spec->path, '%');
}

/**
 * pcap_spec_name() - the name of file number @n, from 0, that begins at @now.
 *
 * As tcpdump(8) has it: with % conversions those of the local time, and where that is the name of
 * the file before (@before, or NULL) a number behind it; else no number, 1, 2, ...; of a ring of
 * files 00, 01, ..., 00.
 *
 * Return: 0 or -ENAMETOOLONG.
 */
int pcap_spec_name(const struct pcap_spec *spec, uint64_t n, time_t now, const char *before,
		   char *name, size_t size);

#endif
