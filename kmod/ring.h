/* SPDX-License-Identifier: GPL-2.0-only */
/* ring.h - the rings of a queue pair: their memory, their state, their counters. */
#ifndef XNIC_RING_H
#define XNIC_RING_H

#include <linux/dim.h>
#include <linux/netdevice.h>
#include <linux/u64_stats_sync.h>
#include <net/page_pool/types.h>
#include <net/xdp.h>

#include <afxdp/ring.h>

#include "hw.h"

struct xnic_adapter;
struct xsk_buff_pool;

/* Ring sizes in descriptors: powers of two, so that free-running positions are masked. The lengths
 * given to the device are multiples of 128 bytes; 4096 is the largest that the part takes. */
#define XNIC_RING_MIN	  64
#define XNIC_RING_MAX	  4096
#define XNIC_RING_DEFAULT 512

/* Descriptors that one doorbell hands over at least, ring permitting: the write is uncached on
 * hardware (about a microsecond) and an exit under QEMU; above 64 its cost is lost in the noise. */
#define XNIC_RX_BATCH 32
#define XNIC_TX_BATCH 32

/* A transmit descriptor may carry up to the transmit FIFO's size (8 KiB less a few words at the
 * smallest); a page each keeps well below and costs a full-size TSO frame 17 descriptors. */
#define XNIC_TXD_MAX	4096
#define XNIC_TX_GAP	1 /* TDT never catches TDH up */
#define XNIC_TX_WORST	(1 + 65536 / XNIC_TXD_MAX + 1 + MAX_SKB_FRAGS)
#define XNIC_XDP_WORST	(1 + MAX_SKB_FRAGS)
#define XNIC_TX_MINIMUM 17 /* bytes: the shortest frame the transmitter takes before it pads */

/* The stack's queue stops before a worst frame of its own might not fit. Frames of XDP and AF_XDP,
 * whose senders cannot stop it, leave as much free. */
#define XNIC_TX_STOP_AT	 (XNIC_TX_WORST + XNIC_TX_GAP)
/* The smallest transmit ring has room for a worst frame of either kind beside that: with a context
 * descriptor and padding. */
#define XNIC_TX_RING_MIN (XNIC_TX_STOP_AT + XNIC_XDP_WORST + 2 <= 64 ? 64 : 128)

static_assert(XNIC_TX_STOP_AT + XNIC_XDP_WORST + 2 <= XNIC_TX_RING_MIN);

/* ---- counters ---- */

enum xnic_rx_counter {
	XNIC_RX_PACKETS,
	XNIC_RX_BYTES,
	XNIC_RX_XDP_PASS,
	XNIC_RX_XDP_DROP,
	XNIC_RX_XDP_TX,
	XNIC_RX_XDP_TX_FULL, /* no room in the transmit ring */
	XNIC_RX_XDP_REDIRECT,
	XNIC_RX_XDP_REDIRECT_FAILED,
	XNIC_RX_XDP_ABORTED,
	XNIC_RX_XSK_FULL,    /* the socket's RX ring was full: lost, and those behind it wait */
	XNIC_RX_XSK_INVALID, /* several buffers, of which the user gave one twice */
	XNIC_RX_XSK_EMPTY,   /* refills that found the fill ring empty */
	XNIC_RX_ALLOC_FAILED,
	XNIC_RX_DROPPED,   /* no memory for an skb */
	XNIC_RX_ERRORS,	   /* CRC and the like; descriptors that cannot be */
	XNIC_RX_LENGTH,	   /* too many buffers, or several for a program that takes one */
	XNIC_RX_DISCARDED, /* received, and the ring was stopped before a poll came to them */
	XNIC_RX_CSUM_GOOD,
	XNIC_RX_CSUM_NONE,
	XNIC_RX_CSUM_BAD,
	XNIC_RX_POLLS,
	XNIC_RX_DOORBELLS,
	XNIC_RX_INTERRUPTS,
	XNIC_RX_RESCUES, /* polls started by the control thread's tick */
	XNIC_RX_COUNTERS
};

/* Written by the cleaning side (NAPI) up to XNIC_TX_SENDER, by the sender (transmit lock) from
 * there on. */
enum xnic_tx_counter {
	XNIC_TX_PACKETS,
	XNIC_TX_BYTES,
	XNIC_TX_XDP,
	XNIC_TX_XSK,
	XNIC_TX_WAKE,
	XNIC_TX_DISCARDED, /* frames not sent yet when the ring was stopped */
	XNIC_TX_SENDER,
	XNIC_TX_STOP = XNIC_TX_SENDER,
	XNIC_TX_BUSY, /* frames of the stack that found the ring full: never, with one sender */
	XNIC_TX_DROPPED,
	XNIC_TX_XDP_FULL,
	XNIC_TX_XSK_INVALID, /* AF_XDP frames completed unsent: too long, metadata that cannot be */
	XNIC_TX_PADDED,	     /* XDP and AF_XDP frames below XNIC_TX_MINIMUM */
	XNIC_TX_CSUM,
	XNIC_TX_TSO,
	XNIC_TX_TSO_SEGMENTS, /* what the device made of them */
	XNIC_TX_DOORBELLS,
	XNIC_TX_COUNTERS
};

/* A poll's own counts, added to the ring's at its end. */
struct xnic_rx_tally {
	u32 n[XNIC_RX_COUNTERS];
};

/* ---- rings ---- */

/* What a port's rings are made from. */
struct xnic_shape {
	unsigned int pairs;
	u32 rx_count;
	u32 tx_count;
};

/* The memory of a receive ring: replaced as a whole, so that a change of shape either has all it
 * needs before anything stops, or leaves the port as it is. */
struct xnic_rx_mem {
	union xnic_rx_desc *desc;
	dma_addr_t dma;
	u32 count;
	struct page **page; /* NULL: to be refilled. Kept while an AF_XDP pool is in use: going back
			     * needs no memory */
	struct xdp_buff **xdp; /* an AF_XDP pool's buffers */
	struct page_pool *pages;
	struct xdp_rxq_info rxq_pages;
};

struct xnic_rx {
	struct xnic_adapter *ad;
	struct xnic_rx_mem *mem;
	void __iomem *tail;
	struct xsk_buff_pool *pool; /* the control thread's, while the pair is stopped */
	u32 next;		    /* position of the next descriptor to look at */
	u32 filled;		    /* position behind the last descriptor given to the device */
	u32 rung;		    /* the same at the last doorbell */
	u8 index;
	u8 xdp_tx_n;
	bool skip;		    /* the next descriptors belong to a frame that was too long */
	bool xsk_frags;		    /* the pool's frames may have several buffers */
	bool xsk_asked;		    /* need_wakeup is set */
	bool xsk_woken;		    /* written by who wakes */
	bool xsk_stuck;		    /* a socket's RX ring was full, twice */
	u16 xsk_room;		    /* bytes that one of the pool's buffers holds */
	unsigned long xsk_stuck_at; /* jiffies */
	struct xdp_rxq_info rxq_xsk;
	struct xdp_frame
		*xdp_tx[XNIC_TX_BATCH]; /* XDP_TX verdicts that wait for the transmit lock */

	struct u64_stats_sync sync;
	u64_stats_t n[XNIC_RX_COUNTERS];
};

enum xnic_tx_what {
	XNIC_TX_NOTHING, /* a context descriptor, or not the last descriptor of its frame */
	XNIC_TX_SKB,
	XNIC_TX_XDPF,
	XNIC_TX_XSK_FRAME /* of the pair's AF_XDP pool */
};

enum xnic_tx_map {
	XNIC_MAP_NONE,
	XNIC_MAP_SINGLE,
	XNIC_MAP_PAGE
};

struct xnic_tx_entry {
	dma_addr_t dma;
	union {
		struct sk_buff *skb;
		struct xdp_frame *xdpf;
		unsigned long completions; /* of AF_XDP, due when this descriptor has been sent */
	};
	u32 length; /* mapped */
	u32 bytes;  /* on the wire, of the frame that ends here */
	u32 watch;  /* first of a span: position of the descriptor that reports for all of it */
	u16 frames; /* on the wire, of the frame that ends here */
	u8 what;    /* enum xnic_tx_what */
	u8 map;	    /* enum xnic_tx_map */
};

struct xnic_tx_mem {
	union xnic_tx_desc *desc;
	dma_addr_t dma;
	dma_addr_t zeros; /* XNIC_TX_MINIMUM of them, to pad with */
	u32 count;
	struct xnic_tx_entry *entry;
};

/* AF_XDP descriptors that were taken from the sockets and are not in the ring yet: first a frame
 * whose end did not come with the same batch (the core of some releases cuts frames in two where
 * several sockets share the queue), then pool->tx_descs from @at to @end. */
struct xnic_xsk_taken {
	u16 at;
	u16 end;
	u8 n;
	bool skip; /* the frame was longer than that, and dropped: so is the rest of it */
	struct xdp_desc desc[XNIC_XDP_WORST];
};

/*
 * A transmit ring is a single-producer single-consumer ring (afxdp/ring.h): whoever holds the
 * queue's transmit lock produces, the pair's NAPI consumes what the device has reported.
 */
struct xnic_tx {
	struct xnic_adapter *ad;
	struct xnic_tx_mem *mem;
	struct netdev_queue *nq;
	void __iomem *tail;
	struct xsk_buff_pool *pool;
	u32 span;     /* first position that no descriptor reports for yet */
	u32 xsk_last; /* position of the last AF_XDP frame's last descriptor */
	u32 stops;    /* the last stop's number */
	u32 stopped;  /* the stop that the queue waits in, 0: none; who clears it wakes the queue */
	bool xsk_asked; /* user space has been told to wake us */
	bool up;	/* under the transmit lock: frames are taken */
	u8 index;

	struct afxdp_prod prod;
	struct afxdp_cons cons;
	struct afxdp_ring_indices ix;
	struct xnic_xsk_taken taken; /* NAPI's */

	struct u64_stats_sync clean_sync;
	struct u64_stats_sync send_sync;
	u64_stats_t n[XNIC_TX_COUNTERS];
};

/* A queue pair's NAPI and interrupt. */
struct xnic_queue {
	struct napi_struct napi;
	struct xnic_adapter *ad;
	u8 index;
	bool running;
	bool adaptive;		  /* DIM chooses the throttle */
	u16 usecs;		  /* throttle asked for */
	unsigned long interrupts; /* written by the handler */
	unsigned long rescues;	  /* written by the control thread */
	struct dim dim;
};

/* ---- places ---- */

/** xnic_rx_desc() - the ring's descriptor at a free-running position. */
static inline union xnic_rx_desc *xnic_rx_desc(const struct xnic_rx *rx, u32 pos)
{
	return &rx->mem->desc[pos & (rx->mem->count - 1)];
}

/** xnic_rx_room() - descriptors that can be given to the device. One stays back: a full ring and
 * an empty one would look alike to it. */
static inline u32 xnic_rx_room(const struct xnic_rx *rx)
{
	return rx->mem->count - 1 - (rx->filled - rx->next);
}

/** xnic_tx_entry() - the ring's entry at a free-running position. */
static inline struct xnic_tx_entry *xnic_tx_entry(struct xnic_tx *tx, u32 pos)
{
	return &tx->mem->entry[pos & tx->prod.mask];
}

static inline union xnic_tx_desc *xnic_tx_desc(struct xnic_tx *tx, u32 pos)
{
	return &tx->mem->desc[pos & tx->prod.mask];
}

/** xnic_tx_wake_at() - the stack's queue is woken when as much as a worst frame twice has room, so
 * that it does not stop again at once. */
static inline u32 xnic_tx_wake_at(const struct xnic_tx *tx)
{
	return min_t(u32, 2 * XNIC_TX_STOP_AT, tx->mem->count - XNIC_TX_GAP - 1);
}

/**
 * xnic_tx_reserve() - descriptors that XDP and AF_XDP must leave free now. Transmit lock held.
 *
 * While the stack's queue is stopped: what wakes it. Else frames of XDP, coming as fast as the ring
 * empties, would keep it stopped for ever.
 */
static inline u32 xnic_tx_reserve(const struct xnic_tx *tx)
{
	return unlikely(netif_tx_queue_stopped(tx->nq)) ? xnic_tx_wake_at(tx) : XNIC_TX_STOP_AT;
}

/** xnic_tx_room() - whether @n descriptors can be written now. The sender's. */
static inline bool xnic_tx_room(struct xnic_tx *tx, u32 n)
{
	return afxdp_prod_free(&tx->prod, n + XNIC_TX_GAP) >= n + XNIC_TX_GAP;
}

#endif
