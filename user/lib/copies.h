/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * copies.h - readers of copies: what the program's slots say of them, and their rings.
 *
 * A slot is one expression's: how many bytes of a frame, one in how many, its own counters. It is
 * a ring's, which its reader empties, and whose first page says how far that is (afxdp/copy.h).
 */
#ifndef AFXDP_COPIES_H
#define AFXDP_COPIES_H

#include <stddef.h>
#include <stdint.h>
#include <afxdp/copy.h>

/* Maps that programs share, whichever generation of rules they run. */
struct afxdp_tee {
	int rings_fd, slots_fd;
};

#define AFXDP_TEE_NONE ((struct afxdp_tee){ -1, -1 })

/** afxdp_tee_open() - make the maps. Return: 0 or -errno. */
int afxdp_tee_open(struct afxdp_tee *t);
void afxdp_tee_close(struct afxdp_tee *t);

/** afxdp_tee_set() - @slot, which no program uses now, is for the ring @ring_fd, @snap bytes of a
 * frame; its counters are 0. Return: 0 or -errno. */
int afxdp_tee_set(const struct afxdp_tee *t, uint32_t slot, int ring_fd, uint32_t snap);

/** afxdp_tee_clear() - no program uses @slot any more: let go of its ring. */
void afxdp_tee_clear(const struct afxdp_tee *t, uint32_t slot);

/** afxdp_tee_count() - @slot's copied and lost, of all CPUs. Return: 0 or -errno. */
int afxdp_tee_count(const struct afxdp_tee *t, uint32_t slot, struct afxdp_copy_slot *sum);

/* A ring, mapped: by its reader, or by who looks how far that is. */
struct afxdp_ring {
	int fd;
	size_t size;
	struct afxdp_copy_page *page; /* a reader may write it */
	const uint8_t *producer;      /* a page: bytes written; then the records, twice */
};

#define AFXDP_RING_NONE ((struct afxdp_ring){ .fd = -1 })

/** afxdp_ring_new() - of @size bytes, a power of two and of pages. Return: 0 or -errno. */
int afxdp_ring_new(struct afxdp_ring *r, size_t size);

/** afxdp_ring_map() - that of @fd, which is @r's from now on, also if this fails. Return: 0 or
 * -errno. */
int afxdp_ring_map(struct afxdp_ring *r, int fd);
void afxdp_ring_free(struct afxdp_ring *r);

/** afxdp_ring_observed() - records that the reader says it has taken. */
uint64_t afxdp_ring_observed(const struct afxdp_ring *r);

/** afxdp_ring_pending() - records in it; exact when nobody writes or reads. */
uint64_t afxdp_ring_pending(const struct afxdp_ring *r);

/* What a reader does with one record. @bytes: @c->captured of the frame. Return: 0 to go on. */
typedef int afxdp_ring_each(void *arg, const struct afxdp_copied *c, const uint8_t *bytes);

/**
 * afxdp_ring_read() - the reader: take what is there, as long as @each returns 0.
 *
 * poll() says POLLIN on r->fd when there may be more. Return: what @each returned last.
 */
int afxdp_ring_read(struct afxdp_ring *r, afxdp_ring_each *each, void *arg);

#endif
