/* SPDX-License-Identifier: GPL-2.0-only */
/* frame.h - building one frame, headers and checksums right, and the template to stamp it by. */
#ifndef AFXDPGEN_FRAME_H
#define AFXDPGEN_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "options.h"
#include "stamp.h"

struct gen_spec {
	uint8_t src_mac[6];
	uint8_t dst_mac[6];
	uint16_t vlan; /* 0: untagged */
	enum gen_proto proto;
	bool ipv6;
	bool scatter;	 /* source addresses of flows all over the place, ports the same */
	uint8_t src[16]; /* IPv4 in the first four bytes */
	uint8_t dst[16];
	uint16_t sport;
	uint16_t dport;
	uint16_t length; /* without FCS */
	uint64_t seed;	 /* chooses the payload */
};

/** gen_frame_min() - the shortest frame that holds the headers of @spec and a sequence number of at
 * least 16 bits. */
uint16_t gen_frame_min(const struct gen_spec *spec);

/**
 * gen_frame_build() - write the frame of @spec to @frame (spec->length bytes) and describe it in @t.
 *
 * The frame still has to be stamped (gen_stamp()). t->arena is left to the caller.
 * Return: 0, or -EMSGSIZE if spec->length is below gen_frame_min().
 */
int gen_frame_build(const struct gen_spec *spec, uint8_t *frame, struct gen_template *t);

#endif
