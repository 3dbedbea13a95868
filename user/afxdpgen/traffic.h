/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * traffic.h - what is sent: a list of frames, taken in turn, each stamped with its flow and
 * sequence number. One frame, a mix, or the records of a capture.
 */
#ifndef AFXDPGEN_TRAFFIC_H
#define AFXDPGEN_TRAFFIC_H

#include "frame.h"
#include "options.h"

/* Bytes of all frames together: the verifier's limit for an offset into one map value
 * (BPF_MAX_VAR_OFF is 2^29). */
#define GEN_ARENA_MAX (500U << 20)

struct gen_traffic {
	struct gen_template *templates;
	uint8_t *arena;
	uint32_t count;
	uint32_t arena_bytes;
	uint32_t flows;
	uint32_t shortest;
	uint32_t longest;
	uint32_t too_short; /* records of a capture that were left out */
	uint32_t too_long;
	uint64_t seed;
	bool replay;
	/* Private: how much has been allocated. */
	uint32_t templates_room;
	uint32_t arena_room;
};

/**
 * gen_traffic_make() - the frames that @o describes.
 * @src_mac: source of every frame. @limit: bytes of the longest frame that can be sent; longer
 * records of a capture, such as a sender's super-frames before segmentation, are left out and
 * counted in t->too_long, shorter ones than an Ethernet header in t->too_short. @why: one line that
 * says what is wrong.
 *
 * Return: 0; -EINVAL (with @why): the options or the capture cannot be made into frames; -ENOMEM.
 * The caller releases @t with gen_traffic_free(), also after an error.
 */
int gen_traffic_make(struct gen_traffic *t, const struct gen_options *o, const uint8_t *src_mac,
		     uint32_t limit, char *why, size_t why_size);

/** gen_traffic_pcap() - the same from the capture o->pcap; called by gen_traffic_make(). */
int gen_traffic_pcap(struct gen_traffic *t, const struct gen_options *o, uint32_t limit, char *why,
		     size_t why_size);

/**
 * gen_traffic_add() - append a frame of @length bytes.
 * Return: where its bytes are to be written, valid until the next one is added, or NULL: no memory,
 * or more than GEN_ARENA_MAX.
 */
uint8_t *gen_traffic_add(struct gen_traffic *t, uint32_t length);

/**
 * gen_traffic_frame() - write frame number @seq to @frame (t->longest bytes of room).
 * Return: its length.
 */
uint32_t gen_traffic_frame(const struct gen_traffic *t, uint64_t seq, uint8_t *frame);

void gen_traffic_free(struct gen_traffic *t);

#endif
