/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcap_file.h - a nanosecond pcap file to which records are appended, many with one writev().
 *
 * Whoever appends chooses for each part of a record whether it is copied (pcap_file_copy()) or
 * stays where it is until it is written (pcap_file_piece()). On a seekable file there is never half
 * a record: what a full disk cut off is cut off entirely, and writing goes on when there is room
 * again.
 */
#ifndef AFXDP_SINK_PCAP_FILE_H
#define AFXDP_SINK_PCAP_FILE_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <sys/uio.h>
#include "pcap_spec.h"

/*
 * writev() takes no more pieces (UIO_MAXIOV). Copied bytes: 64 KiB stay in a core's second-level
 * cache, and 16 times as much was not measurably faster; much less would be more system calls than
 * bytes deserve.
 */
#define PCAP_PIECES  IOV_MAX
#define PCAP_SCRATCH 65536
#define PCAP_RECORDS 1024

/* Bytes of a pcap file's header; a pcapng section's is longer. */
#define PCAP_HEADER 24

/* A record's header in a file of magic 0xa1b23c4d: host byte order, as libpcap writes it. */
struct pcap_record {
	uint32_t sec;
	uint32_t nsec;
	uint32_t captured; /* bytes that follow */
	uint32_t length;   /* bytes on the wire */
};

struct pcap_file {
	int fd;
	int given_up; /* eventfd: readable when nobody waits for a full pipe any more */
	off_t end;    /* of the last whole record; -1: not seekable */
	off_t keep;   /* bytes of an older capture that goes on; 0: none does */
	bool begun;   /* the header is written */
	bool broken;  /* half a record went where it cannot be taken back */
	bool fresh;   /* no record has followed the header */
	const struct pcap_spec *spec;
	bool late;	       /* nothing is written before pcap_file_begin() */
	const uint8_t *header; /* whoever appends may exchange it: it is the next file's then */
	uint32_t header_len;
	uint32_t pieces, records, copied;
	struct iovec piece[PCAP_PIECES];
	uint64_t record_end[PCAP_RECORDS]; /* bytes up to the end of each record collected */
	uint8_t scratch[PCAP_SCRATCH];
};

/**
 * pcap_file_open() - create or open the file @name ("-" is stdout). An existing file keeps what it
 * has until pcap_file_begin(), or the first record; and for good, if @f->spec says to append.
 * @f->spec, @f->late, @f->header, @f->header_len: set by the caller, who keeps them; the rest is
 * not.
 * @why: one line, quoting @name, if it fails.
 *
 * Return: 0; -EBUSY if a capture is being written there; -ELOOP for a link that others may have
 * placed; -EEXIST; -EBADMSG if it is no capture that could go on; or another -errno.
 */
int pcap_file_open(struct pcap_file *f, const char *name, char *why, size_t size);

/** pcap_file_is() - whether @name is the file that is open. */
bool pcap_file_is(const struct pcap_file *f, const char *name);

/** pcap_file_check() - whether pcap_file_open() would succeed, without opening or making anything;
 * who else writes there is not looked at. @header: as f->header. Return: as pcap_file_open(). */
int pcap_file_check(const struct pcap_spec *spec, const uint8_t *header, const char *name,
		    char *why, size_t size);

/**
 * pcap_file_next() - go on in the regular file @name, whose old content goes, unless @f->spec says
 * otherwise. Nothing may be collected.
 *
 * Return: as pcap_file_open(); if it fails the file before stays open.
 */
int pcap_file_next(struct pcap_file *f, const char *name, char *why, size_t size);

/** pcap_file_room() - bytes that can be collected until the file has @size; everything if it cannot
 * be told, and at least one record is always taken: see pcap_file_empty(). */
static inline uint64_t pcap_file_room(const struct pcap_file *f, uint64_t size)
{
	uint64_t has = f->records ? f->record_end[f->records - 1] : 0;

	if (f->end < 0)
		return UINT64_MAX;
	has += f->end;
	return has < size ? size - has : 0;
}

/** pcap_file_empty() - whether the file holds no record, nor is one collected. */
static inline bool pcap_file_empty(const struct pcap_file *f)
{
	return !f->records && f->fresh;
}

/** pcap_file_begin() - what was in the file goes, a header comes; nothing if that has happened.
 * Return: 0 or -errno; may be tried again. */
int pcap_file_begin(struct pcap_file *f);

/** pcap_file_fits() - whether one more record of @pieces parts, @copied bytes of which are copied,
 * has room. */
static inline bool pcap_file_fits(const struct pcap_file *f, uint32_t pieces, uint32_t copied)
{
	return pieces <= PCAP_PIECES - f->pieces && copied <= PCAP_SCRATCH - f->copied &&
	       f->records < PCAP_RECORDS;
}

/** pcap_file_piece() - continue the current record with @len bytes at @data, which must stay as
 * they are until pcap_file_write(). */
static inline void pcap_file_piece(struct pcap_file *f, const void *data, uint32_t len)
{
	f->piece[f->pieces++] = (struct iovec){ .iov_base = (void *)data, .iov_len = len };
}

/** pcap_file_copy() - the same with a copy of them. What is copied in a row is one piece. */
static inline void pcap_file_copy(struct pcap_file *f, const void *data, uint32_t len)
{
	uint8_t *to = f->scratch + f->copied;
	struct iovec *last = f->pieces ? &f->piece[f->pieces - 1] : NULL;

	memcpy(to, data, len);
	f->copied += len;
	if (last && (uint8_t *)last->iov_base + last->iov_len == to)
		last->iov_len += len;
	else
		pcap_file_piece(f, to, len);
}

/** pcap_file_end() - the current record is complete. @bytes: of all its pieces. */
static inline void pcap_file_end(struct pcap_file *f, uint32_t bytes)
{
	uint64_t before = f->records ? f->record_end[f->records - 1] : 0;

	f->record_end[f->records++] = before + bytes;
}

/**
 * pcap_file_write() - write the records collected, and start collecting anew.
 * @written: set to how many are in the file. @bytes: to how many bytes these have.
 *
 * Return: 0, or -errno if some could not be written.
 */
int pcap_file_write(struct pcap_file *f, uint32_t *written, uint64_t *bytes);

/** pcap_file_put() - write @len bytes that are no record (a pcapng block); nothing may be
 * collected. Return: 0 or -errno, and none of them is there. */
int pcap_file_put(struct pcap_file *f, const void *data, uint32_t len);

/** pcap_file_give_up() - from now on a pipe that is full is an error (ECANCELED), also for a
 * pcap_file_write() that waits for room. Any thread. */
void pcap_file_give_up(struct pcap_file *f);

void pcap_file_close(struct pcap_file *f);

#endif
