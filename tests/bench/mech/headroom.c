/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * headroom.c - putting 32 bytes of metadata in front of a frame: into the room that is there, or by
 * copying the frame behind them; and removing an Ethernet header with a VLAN tag by moving a
 * pointer, or by moving the frame. Frames are taken in turn from as many buffers as a UMEM has, so
 * that both ways find them where a receiver finds them: not in the first-level cache.
 */
#include <stdlib.h>
#include <string.h>

#include "afxdp/abi.h"
#include "mech.h"

enum {
	BUFFERS = 4096,
	HEADROOM = 256,
	LARGE = 10240
};

static uint8_t *buffers, *copies;

static void prepare(void)
{
	if (buffers)
		return;
	buffers = aligned_alloc(4096, (size_t)BUFFERS * LARGE);
	copies = aligned_alloc(4096, (size_t)BUFFERS * LARGE);
	mech_must(buffers && copies, "no memory");
	memset(buffers, 1, (size_t)BUFFERS * LARGE);
	memset(copies, 2, (size_t)BUFFERS * LARGE);
}

static inline struct afxdp_meta meta_of(uint64_t i)
{
	return (struct afxdp_meta){ .rx_ns = i, .flags = AFXDP_META_MAGIC };
}

static size_t stride(unsigned int bytes)
{
	return bytes <= MECH_FRAME - HEADROOM ? MECH_FRAME : LARGE;
}

typedef void per_frame(uint8_t *frame, uint8_t *copy, unsigned int bytes, uint64_t i);

/* @work is a constant where this is called, and so becomes part of the loop. */
static inline __attribute__((always_inline)) double run(uint64_t items, unsigned int bytes,
							per_frame *work)
{
	size_t step = stride(bytes);
	double start;
	uint64_t i;

	prepare();
	start = mech_now();
	for (i = 0; i < items; i++) {
		size_t at = i % BUFFERS * step;

		work(buffers + at + HEADROOM, copies + at, bytes, i);
	}
	return mech_now() - start;
}

static inline void into_headroom(uint8_t *frame, uint8_t *copy, unsigned int bytes, uint64_t i)
{
	struct afxdp_meta *m = (struct afxdp_meta *)frame - 1;

	(void)copy;
	(void)bytes;
	*m = meta_of(i);
	mech_use(m);
}

static inline void into_copy(uint8_t *frame, uint8_t *copy, unsigned int bytes, uint64_t i)
{
	*(struct afxdp_meta *)copy = meta_of(i);
	memcpy(copy + sizeof(struct afxdp_meta), frame, bytes);
	mech_use(copy);
}

/* Removing a header: no byte of the frame is touched. */
static inline void move_pointer(uint8_t *frame, uint8_t *copy, unsigned int bytes, uint64_t i)
{
	(void)copy;
	(void)bytes;
	(void)i;
	mech_use(frame + 18);
}

/* The same by moving the rest of the frame to the front of its buffer. */
static inline void move_frame(uint8_t *frame, uint8_t *copy, unsigned int bytes, uint64_t i)
{
	(void)copy;
	(void)i;
	memmove(frame, frame + 18, bytes - 18);
	mech_use(frame);
}

static double run_headroom(uint64_t items, unsigned int bytes)
{
	return run(items, bytes, into_headroom);
}

static double run_memcpy(uint64_t items, unsigned int bytes)
{
	return run(items, bytes, into_copy);
}

static double run_pointer(uint64_t items, unsigned int bytes)
{
	return run(items, bytes, move_pointer);
}

static double run_memmove(uint64_t items, unsigned int bytes)
{
	return run(items, bytes, move_frame);
}

static const unsigned int sizes[] = { 60, 512, 1514, 9014, 0 };

const struct mech mech_headroom[] = {
	{ "headroom", "memcpy", run_memcpy, sizes, 300000 },
	{ "headroom", "headroom", run_headroom, sizes, 3000000 },
	{ "strip", "memmove", run_memmove, sizes, 300000 },
	{ "strip", "pointer", run_pointer, sizes, 20000000 },
	{},
};
