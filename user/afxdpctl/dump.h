/* SPDX-License-Identifier: GPL-2.0-only */
/* dump.h - frames as a running daemon sees them: dump.c asks for them and takes them, dump_text.c
 * has tcpdump print them. */
#ifndef AFXDP_DUMP_H
#define AFXDP_DUMP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>
#include "pcapng.h"

/* What is said beside a frame. */
#define NOTE_MAX 96

/* Frames that tcpdump has got and not printed: as many as fit in its two pipes, so that it waits
 * for us and we never wait for it. */
#define IN_FLIGHT 64

struct dump_text {
	pid_t pid;
	FILE *in; /* what tcpdump reads */
	int out;  /* what it prints; -1: it has printed all */
	uint64_t given, printed;
	char note[IN_FLIGHT][NOTE_MAX];
	char line[65536];
	size_t have;
};

/** dump_text_start() - Return: 0, or an exit status after the one line that says why. */
int dump_text_start(struct dump_text *t);

/** dump_text_full() - no frame may be given now. */
static inline bool dump_text_full(const struct dump_text *t)
{
	return t->given - t->printed == IN_FLIGHT;
}

/** dump_text_note() - where what is said beside the next frame goes, NOTE_MAX bytes. */
static inline char *dump_text_note(struct dump_text *t)
{
	return t->note[t->given++ % IN_FLIGHT];
}

/** dump_text_turn() - print what tcpdump has printed, which poll() says is there. */
void dump_text_turn(struct dump_text *t);

/** dump_text_end() - no more frames: print the rest. Return: 0, or an exit status after the line. */
int dump_text_end(struct dump_text *t);

/* All return 0, or -errno of the stream's last write; a stream with a buffer tells late. */

/** dump_file_begin() - what comes before the first packet. @snap: bytes of a frame there are at
 * most. */
int dump_file_begin(FILE *f, const char *ifname, uint32_t snap);

/** dump_file_packet() - @tag: what comes first of a frame whose tag had to be put back, or NULL;
 * @bytes: the rest. */
int dump_file_packet(FILE *f, const struct pcapng_packet *p, const uint8_t *tag,
		     const uint8_t *bytes);

/** dump_file_end() - how many frames were to be here, and how many of these are not. */
int dump_file_end(FILE *f, uint64_t ns, uint64_t copied, uint64_t lost);

#endif
