/* SPDX-License-Identifier: GPL-2.0-only */
/* batch.h - expressions side by side with what libpcap, unoptimised, says of theirs. */
#ifndef AFXDP_TESTS_BATCH_H
#define AFXDP_TESTS_BATCH_H

#include <stdbool.h>
#include <stdint.h>
#include "frames.h"
#include "reference.h"
#include "run.h"

#define BATCH_MAX  64
#define BATCH_EXPR 65536

struct batch {
	struct reference *reference[BATCH_MAX];
	char ours[BATCH_MAX][BATCH_EXPR];
	uint32_t n;
	struct probe_run run;
};

/* @ours, which is to mean what @theirs does; then load them all, with @head in front. */
void batch_add(struct batch *b, const char *ours, const char *theirs);
void batch_load(struct batch *b, const char *head);
void batch_unload(struct batch *b);

/* Ask of @sent; libpcap is asked of @seen. Return: how many matched. */
uint64_t batch_ask(struct batch *b, const struct frame *sent, const struct frame *seen);

/* The same with its outermost tag beside it. */
uint64_t batch_ask_stripped(struct batch *b, const struct frame *f, const struct frame *seen);

/* @template with @what in the place of each `%`. */
void batch_fill_in(char *to, size_t size, const char *template, const char *what);

/* A frame that ends inside of an IPv6 address: `net` with a mask compares what there is, a set
 * needs it all (afxdp-rules(5)). @before: how long it was before it was cut. */
bool frame_may_be_cut(const struct frame *f, uint32_t before);

#endif
