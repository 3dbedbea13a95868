/* SPDX-License-Identifier: GPL-2.0-only */
/* checksum.h - the Internet checksum (RFC 1071), and the half that senders leave to devices. */
#ifndef AFXDP_SINK_CHECKSUM_H
#define AFXDP_SINK_CHECKSUM_H

#include <stdbool.h>
#include <stdint.h>

static inline uint16_t checksum_get16(const uint8_t *p)
{
	return p[0] << 8 | p[1];
}

static inline void checksum_put16(uint8_t *p, uint16_t value)
{
	p[0] = value >> 8;
	p[1] = value;
}

/** checksum_sum() - of 16-bit words, an odd last byte being the upper half of one. */
static inline uint64_t checksum_sum(const uint8_t *p, uint32_t bytes)
{
	uint64_t total = 0;
	uint32_t i;

	for (i = 0; i + 1 < bytes; i += 2)
		total += checksum_get16(p + i);
	return i < bytes ? total + (p[i] << 8) : total;
}

static inline uint16_t checksum_fold(uint64_t total)
{
	while (total >> 16)
		total = (total & 0xffff) + (total >> 16);
	return total;
}

/**
 * checksum_is_partial() - does the checksum at @check hold what a sender leaves there for its
 * device, the sum of the pseudo-header?
 *
 * A right checksum may look like that once in 65,536 times: it comes out the same when it is
 * computed.
 */
static inline bool checksum_is_partial(const uint8_t *check, uint64_t pseudo)
{
	return checksum_get16(check) == checksum_fold(pseudo);
}

#endif
