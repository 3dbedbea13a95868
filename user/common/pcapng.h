/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * pcapng.h - captures of one Ethernet interface in the format that keeps, beside each frame, what
 * became of it (draft-ietf-opsawg-pcapng). libpcap reads it and does not write it.
 *
 * Blocks are made in memory; whoever makes them writes them where it likes. A packet is its head,
 * its bytes (from wherever they are), and its tail.
 */
#ifndef AFXDP_PCAPNG_H
#define AFXDP_PCAPNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A number that nobody has counted. */
#define PCAPNG_UNKNOWN UINT64_MAX

struct pcapng_interface {
	const char *name;
	uint32_t snap;	    /* bytes of a frame there are at most */
	uint64_t speed;	    /* bits per second; 0: unknown */
	const char *filter; /* or NULL, as the following */
	const char *comment;
};

struct pcapng_packet {
	uint32_t interface; /* number of its block in the section */
	uint64_t ns;	    /* since 1970 */
	uint32_t captured;  /* bytes that follow the head */
	uint32_t length;    /* on the wire */
	uint32_t queue;
	uint64_t xdp_action;
	bool hashed;
	uint32_t hash;	     /* the device's, for RSS */
	const char *comment; /* or NULL */
};

/* Frames, from the interface's point of view. */
struct pcapng_statistics {
	uint32_t interface;
	uint64_t ns, began_ns; /* since 1970: when they were counted, and from when on */
	uint64_t received;
	uint64_t dropped;    /* by the device, for want of resources */
	uint64_t accepted;   /* by the filter */
	uint64_t os_dropped; /* of these, before they were handed over */
	uint64_t delivered;  /* to whoever writes this */
	const char *comment;
};

/* Comments and filters are cut to what a block has room for. */
#define PCAPNG_TEXT_MAX	   60000
#define PCAPNG_COMMENT_MAX 1024
#define PCAPNG_HEAD	   28
#define PCAPNG_TAIL_MAX	   (PCAPNG_COMMENT_MAX + 64)

/** pcapng_section() - the block that comes first. Return: its bytes, at @to; at most those of
 * @application and 64. The same of the others. */
size_t pcapng_section(uint8_t *to, const char *application);

/** pcapng_section_start() - the first 12 bytes of one, of whatever length: type, length, order. */
void pcapng_section_start(uint8_t *to);

/** pcapng_interface() - at most those of its texts, and 128. */
size_t pcapng_interface(uint8_t *to, const struct pcapng_interface *i);

/** pcapng_head() - PCAPNG_HEAD bytes at @to, when the tail is @tail bytes long. */
void pcapng_head(uint8_t *to, const struct pcapng_packet *p, size_t tail);

/** pcapng_tail() - at most PCAPNG_TAIL_MAX bytes at @to. */
size_t pcapng_tail(uint8_t *to, const struct pcapng_packet *p);

/** pcapng_statistics() - at most PCAPNG_TAIL_MAX + 128 bytes at @to. */
size_t pcapng_statistics(uint8_t *to, const struct pcapng_statistics *s);

/** pcapng_xdp_action() - what an XDP program would have answered, had it decided @verdict (enum
 * afxdp_verdict). */
uint64_t pcapng_xdp_action(uint32_t verdict);

#endif
