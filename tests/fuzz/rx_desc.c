/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * kmod/rx_desc.h on descriptors as no device should write them. Four bytes a descriptor: what of
 * DD, EOP and errors is set, and a length. The ring is received the way rx.c and xsk.c do it, from
 * buffers that end where they end. No byte outside of them may be touched, nobody may hang, no frame
 * may be longer than the sum of what can be in its buffers, and each descriptor is passed once.
 *
 * Byte 0: the ring's size; byte 1: where it begins; byte 2: the buffers' size.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rx_desc.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MUST(x)                                                                  \
	do {                                                                     \
		if (!(x)) {                                                      \
			fprintf(stderr, "rx_desc: line %d: %s\n", __LINE__, #x); \
			abort();                                                 \
		}                                                                \
	} while (0)

struct bench {
	union xnic_rx_desc *ring;
	uint8_t *buffer; /* all slots' */
	uint32_t count;
	uint32_t room;
	uint32_t next;
	uint32_t filled;
	bool skip;
	uint32_t ends; /* of frames, as it takes them */
	uint64_t sum;  /* so that reading is not optimised away */
};

static bool bad(const struct bench *b, uint32_t pos)
{
	return le32toh(b->ring[pos & (b->count - 1)].wb.status) & XNIC_RXD_FRAME_ERRORS;
}

/* As memcpy() out of a buffer. */
static void read_part(struct bench *b, uint32_t length)
{
	for (uint32_t i = 0; i < length; i++)
		b->sum += b->buffer[i];
}

static bool skip(struct bench *b)
{
	bool ended;

	b->next += xnic_rx_rest(b->ring, b->count - 1, b->next, b->filled, &ended);
	MUST(b->filled - b->next < b->count);
	b->skip = !ended;
	b->ends += ended;
	return ended;
}

static void take(struct bench *b, const struct xnic_rx_chain *c)
{
	uint32_t total = 0;

	MUST(c->n <= XNIC_RX_PARTS && c->part[0] >= ETH_HLEN && !bad(b, b->next + c->n - 1));
	for (uint32_t i = 0; i < c->n; i++) {
		read_part(b, c->part[i]);
		total += c->part[i];
	}
	MUST(total == c->length);
	if (c->length <= b->room) {
		uint8_t *join = malloc(b->room);
		uint32_t at = 0;

		MUST(join);
		for (uint32_t i = 0; i < c->n; at += c->part[i++])
			memcpy(join + at, b->buffer, c->part[i]);
		free(join);
	}
}

/* Return: false: the frame has not come to its end. */
static bool chain(struct bench *b)
{
	struct xnic_rx_chain c;

	xnic_rx_read_chain(&c, b->ring, b->count - 1, b->next, b->filled, b->room);
	if (!c.n)
		return false;
	if (c.ended && !c.error)
		take(b, &c);
	b->next += c.n;
	b->ends += c.ended;
	MUST(b->filled - b->next < b->count);
	return c.ended || skip(b);
}

/* Return: how many frames there were. */
static uint32_t receive(struct bench *b)
{
	uint32_t done = 0, length;

	if (b->skip && !skip(b))
		return 0;
	while (b->next != b->filled) {
		enum xnic_rx_look look = xnic_rx_look(&b->ring[b->next & (b->count - 1)], b->room,
						      &length);

		if (look == XNIC_RX_USUAL) {
			MUST(length >= ETH_HLEN && !bad(b, b->next));
			read_part(b, length);
			b->next++;
			b->ends++;
		} else if (look == XNIC_RX_NOT_YET || !chain(b)) {
			break;
		}
		done++;
	}
	return done;
}

/* The same; a frame ends where the device says so, and nowhere else. */
static uint32_t poll_ring(struct bench *b)
{
	uint32_t from = b->next, done, ends = 0;

	b->ends = 0;
	done = receive(b);
	for (; from != b->next; from++)
		ends += !!(le32toh(b->ring[from & (b->count - 1)].wb.status) & XNIC_RXD_EOP);
	MUST(ends == b->ends);
	return done;
}

/* The device writes @n descriptors from @pos on. */
static void device_writes(struct bench *b, uint32_t pos, const uint8_t *data, uint32_t n)
{
	static const uint32_t errors[4] = { 0, XNIC_RXD_CE, XNIC_RXD_RXE, XNIC_RXD_TCPE };

	while (n--) {
		union xnic_rx_desc *d = &b->ring[pos++ & (b->count - 1)];

		d->wb.status = htole32((data[0] & 3 ? XNIC_RXD_DD : 0) |
				       (data[0] & 4 ? XNIC_RXD_EOP : 0) | errors[data[0] >> 3 & 3] |
				       (uint32_t)(data[0] >> 5) << 3);
		d->wb.length = htole16(data[2] << 8 | data[3]);
		/* The largest that may be, a few bytes to either side. */
		if (data[1] & 1)
			d->wb.length = htole16(b->room + (int8_t)data[3] / 16);
		data += 4;
	}
}

static void whole_frames(struct bench *b, uint32_t from)
{
	for (; from != b->filled; from++) {
		union xnic_rx_desc *d = &b->ring[from & (b->count - 1)];

		d->wb.status = htole32(XNIC_RXD_DD | XNIC_RXD_EOP);
		d->wb.length = htole16(60);
	}
}

/* Whole frames of one buffer come through whatever was before: all but the one that ends it. */
static void settle(struct bench *b)
{
	bool ending;
	uint32_t done;

	whole_frames(b, b->next);
	poll_ring(b);
	MUST(b->next == b->filled);
	ending = b->skip;
	b->filled += b->count - 1;
	whole_frames(b, b->next);
	done = poll_ring(b);
	MUST(done == b->count - 1 - ending && b->next == b->filled && !b->skip);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const uint16_t rooms[4] = { 1024, 1472, 1792, 3520 };
	struct bench b = {};
	uint32_t i;

	if (size < 3)
		return 0;
	b.count = 32u << (data[0] & 3);
	b.next = b.filled = data[1] & 128 ? -(uint32_t)(data[1] & 127) : data[1];
	b.room = rooms[data[2] & 3];
	b.ring = calloc(b.count, sizeof(*b.ring));
	b.buffer = calloc(1, b.room);
	MUST(b.ring && b.buffer);
	data += 3;
	size -= 3;
	while (size >= 4) {
		uint32_t n = b.count - 1 - (b.filled - b.next), pos = b.filled;

		/* Refill: whatever is free; the device then writes some of it. */
		for (i = 0; i < n; i++)
			memset(&b.ring[b.filled++ & (b.count - 1)], 0, sizeof(*b.ring));
		if (!n) /* stuck on a frame that goes on: with what it had been given */
			n = 1, pos = b.filled - 1;
		n = size / 4 < n ? size / 4 : n;
		device_writes(&b, pos, data, n);
		data += 4 * n;
		size -= 4 * n;
		poll_ring(&b);
	}
	settle(&b);
	free(b.buffer);
	free(b.ring);
	return b.sum == UINT64_MAX;
}
