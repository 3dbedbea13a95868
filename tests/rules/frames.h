/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * frames.h - frames to try filters on: valid ones of many kinds, cut short, lengthened, or with
 * bytes changed. Addresses, ports and tags come from the few that exprs.h writes, so that much
 * matches.
 */
#ifndef AFXDP_TESTS_FRAMES_H
#define AFXDP_TESTS_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "random.h"

#define FRAME_MAX 9200

struct frame {
	uint32_t len;
	uint8_t data[FRAME_MAX];
};

/* The shortest that BPF_PROG_TEST_RUN takes is an Ethernet header. */
#define FRAME_MIN 14

/* A valid frame; sometimes of more than one buffer. */
void frame_make(struct frame *f, struct rng *r);

/* Damage it: cut, lengthen, overwrite. */
void frame_mutate(struct frame *f, struct rng *r);

/* Take the outermost tag off, as a device would. False if there is none to be taken. */
bool frame_strip(const struct frame *f, struct frame *stripped, uint16_t *tci, bool *ad);

extern const uint16_t test_ports[8];
extern const uint32_t test_addresses[8]; /* host order */
extern const char *const test_addresses6[6];
extern const uint16_t test_vlans[5];
extern const uint8_t test_macs[5][6];

#endif
