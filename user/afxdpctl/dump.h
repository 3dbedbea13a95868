/* SPDX-License-Identifier: GPL-2.0-only */
/* dump.h - frames as a running daemon sees them: dump.c asks for them and takes them, dump_text.c
 * has tcpdump print them. */
#ifndef AFXDP_DUMP_H
#define AFXDP_DUMP_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

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

#endif
