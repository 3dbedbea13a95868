/* SPDX-License-Identifier: GPL-2.0-only */
/* reference.h - what libpcap says, not optimised, by an interpreter of ours. */
#ifndef AFXDP_TESTS_REFERENCE_H
#define AFXDP_TESTS_REFERENCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct reference;

/* NULL if libpcap refuses @text; @err says why. */
struct reference *reference_make(const char *text, char *err, size_t errlen);
void reference_free(struct reference *r);

/* Instructions of the classic program. */
unsigned int reference_size(const struct reference *r);

/*
 * 1 if @frame matches, 0 if not; -1 if libpcap has no answer: its code for `protochain` may turn for
 * ever at an AH header, and its code for `geneve` may read scratch memory that was never written.
 */
int reference_match(const struct reference *r, const uint8_t *frame, uint32_t len);

#endif
