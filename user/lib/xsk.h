/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
/*
 * xsk.h - one AF_XDP socket with a UMEM of its own: its four rings, its frames, and the calls that
 * move them in batches.
 *
 * Frames are named by their offset in the UMEM. A frame is at any time in exactly one place: the
 * fill ring, the kernel, the RX ring, a sink, the TX ring, the completion ring, or the spare pool.
 * Everything here belongs to one thread.
 */
#ifndef AFXDP_XSK_H
#define AFXDP_XSK_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <afxdp/abi.h>
#include <afxdp/ring.h>
#include "uapi.h"

enum afxdp_zerocopy {
	AFXDP_ZC_AUTO,
	AFXDP_ZC_ON,
	AFXDP_ZC_OFF
};

struct afxdp_xsk_config {
	unsigned int ifindex;
	uint32_t queue;
	uint32_t frames;     /* in the UMEM, a power of two */
	uint32_t frame_size; /* bytes of a chunk: 2048 or 4096 */
	uint32_t ring;	     /* slots of each of the four rings, a power of two */
	bool hugepages;	     /* UMEM on 2 MiB pages */
	enum afxdp_zerocopy zerocopy;
};

struct afxdp_xsk {
	/* Hot: read or written every batch. */
	struct afxdp_cons rx;
	const struct xdp_desc *rx_desc;
	struct afxdp_prod fill;
	uint64_t *fill_addr;
	struct afxdp_prod tx;
	struct xdp_desc *tx_desc;
	struct afxdp_cons comp;
	const uint64_t *comp_addr;
	const uint32_t *fill_flags; /* XDP_RING_NEED_WAKEUP */
	const uint32_t *tx_flags;
	uint8_t *umem;
	uint64_t chunk_mask; /* address & chunk_mask: start of its frame */
	uint32_t depth;	     /* frames in the fill ring, the kernel and the RX ring at most */
	uint32_t elsewhere;  /* frames that came through RX rings of others: afxdp_xsk_open_rx() */
	uint32_t spares;     /* frames beyond, in spare[]; the last one put there is taken first */
	uint64_t *spare;
	uint32_t tx_pending; /* submitted and not yet completed */
	uint64_t wakeups_rx; /* system calls made because the kernel asked */
	uint64_t wakeups_tx;
	/* Cold. */
	int fd;
	bool zerocopy;
	bool sg; /* frames may span several descriptors */
	struct afxdp_xsk_config config;
	size_t umem_bytes;
	struct {
		void *addr;
		size_t bytes;
	} map[4];
};

/* XDP_STATISTICS; fields that an older kernel does not give stay 0 and @complete is false. */
struct afxdp_xsk_stats {
	uint64_t rx_dropped;
	uint64_t rx_invalid_descs;
	uint64_t tx_invalid_descs;
	uint64_t rx_ring_full;
	uint64_t rx_fill_ring_empty_descs;
	uint64_t tx_ring_empty_descs;
	bool complete;
};

/**
 * afxdp_xsk_check() - whether the sizes of @config fit each other.
 * @why: set to a phrase that says what does not, if the result is -EINVAL.
 */
int afxdp_xsk_check(const struct afxdp_xsk_config *config, const char **why);

/**
 * afxdp_xsk_open() - make the socket, its UMEM and rings, bind it, and hand the kernel its frames.
 * @xsk: filled in; to be closed by afxdp_xsk_close().
 * @why: set to the step that failed.
 *
 * Zero-copy is tried first unless it is switched off; multi-buffer likewise. A queue that is still
 * being torn down by a process that just died (EBUSY) is tried again for a second.
 *
 * Return: 0, or -errno with nothing left open.
 */
int afxdp_xsk_open(struct afxdp_xsk *xsk, const struct afxdp_xsk_config *config, const char **why);
void afxdp_xsk_close(struct afxdp_xsk *xsk);

/**
 * afxdp_xsk_open_shared() - one more socket on the UMEM of @owner, bound to another device or
 * queue, for frames that are to leave there.
 * @xsk: filled in; to be closed by afxdp_xsk_close().
 * @why: set to the step that failed.
 *
 * Nothing is in its fill ring, and what its completion ring brings back is the caller's to return
 * to @owner: of this struct only the tx and comp halves and the wake-up calls are for use. Modes
 * are those of @owner, which must be bound already.
 *
 * Return: 0, or -errno with nothing left open; -EBUSY after two seconds if that queue has a socket.
 */
int afxdp_xsk_open_shared(struct afxdp_xsk *xsk, const struct afxdp_xsk *owner,
			  unsigned int ifindex, uint32_t queue, const char **why);

/**
 * afxdp_xsk_open_rx() - one more RX ring of @ring slots for the queue of @owner, which must be
 * bound: frames that the program sends there come out of the same fill ring, and what a full one
 * loses is its own.
 * @xsk: filled in; to be closed by afxdp_xsk_close(), before @owner.
 * @why: set to the step that failed.
 *
 * Of this struct only rx, rx_desc, fd and the statistics are for use; frames go back to @owner, by
 * afxdp_xsk_refill(), and those that have arrived here are counted in owner->elsewhere.
 *
 * Return: 0, or -errno with nothing left open.
 */
int afxdp_xsk_open_rx(struct afxdp_xsk *xsk, const struct afxdp_xsk *owner, uint32_t ring,
		      const char **why);

/** afxdp_xsk_stats_add() - @more to @sum. */
void afxdp_xsk_stats_add(struct afxdp_xsk_stats *sum, const struct afxdp_xsk_stats *more);

int afxdp_xsk_stats(const struct afxdp_xsk *xsk, struct afxdp_xsk_stats *stats);

/**
 * afxdp_xsk_busy_poll() - let this socket drive its NAPI context: SO_PREFER_BUSY_POLL, SO_BUSY_POLL
 * (@usecs), SO_BUSY_POLL_BUDGET.
 * @on: false returns to interrupts.
 *
 * Return: 0, or -errno (EOPNOTSUPP before Linux 5.11).
 */
int afxdp_xsk_busy_poll(struct afxdp_xsk *xsk, bool on, int usecs, int budget);

/**
 * afxdp_xsk_can_busy_poll() - has the kernel told this socket which NAPI context is its queue's?
 *
 * Only then do its system calls poll. Up to Linux 6.12 it learns that with its first frame; since
 * 6.13 at bind, and only of drivers that say which context serves which queue
 * (netif_queue_set_napi()), which veth is not.
 */
bool afxdp_xsk_can_busy_poll(const struct afxdp_xsk *xsk);

/** afxdp_xsk_wake_rx() - system call that makes the driver look at the fill ring (or polls NAPI, in
 * busy mode). */
void afxdp_xsk_wake_rx(struct afxdp_xsk *xsk);

/** afxdp_xsk_wake_tx() - system call that makes the kernel send what the TX ring holds. Return: 0
 * or -errno that is not "again". */
int afxdp_xsk_wake_tx(struct afxdp_xsk *xsk);

/** afxdp_xsk_data() - the frame's first byte. @addr: of a descriptor. */
static inline void *afxdp_xsk_data(const struct afxdp_xsk *xsk, uint64_t addr)
{
	return xsk->umem + addr;
}

/** afxdp_xsk_meta() - the metadata in front of the frame; only valid if its flags carry
 * AFXDP_META_MAGIC. */
static inline struct afxdp_meta *afxdp_xsk_meta(const struct afxdp_xsk *xsk, uint64_t addr)
{
	return (struct afxdp_meta *)(xsk->umem + addr) - 1;
}

static inline bool afxdp_xsk_rx_wants_wakeup(const struct afxdp_xsk *xsk)
{
	return __atomic_load_n(xsk->fill_flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP;
}

static inline bool afxdp_xsk_tx_wants_wakeup(const struct afxdp_xsk *xsk)
{
	return __atomic_load_n(xsk->tx_flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP;
}

/**
 * afxdp_xsk_refill() - give @n frames back to the kernel.
 * @addr: any address inside each frame. Those that came out of the RX ring are released there
 * first (afxdp_cons_release()).
 *
 * With xsk->depth frames at the kernel what is left goes to the spare ones, and follows with a
 * later refill (@n may be 0 for that). xsk->depth may be changed at any time, up to the ring's
 * size, which it is at first.
 */
void afxdp_xsk_refill(struct afxdp_xsk *xsk, const uint64_t *addr, uint32_t n);

/** afxdp_xsk_complete() - collect frames whose transmission is over and refill with them. Return:
 * how many. */
uint32_t afxdp_xsk_complete(struct afxdp_xsk *xsk);

#endif
