/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sink_fake.h - an AF_XDP socket without a kernel: a UMEM and a TX ring in plain memory, a worker's
 * bookkeeping, and a check that no frame is ever in two places.
 */
#ifndef AFXDP_SINK_FAKE_H
#define AFXDP_SINK_FAKE_H

#include "t.h"

#include <string.h>
#include "sink.h"

#define FAKE_FRAMES 64
#define FAKE_CHUNK  2048
#define FAKE_TX	    16
#define FAKE_ROOM   256 /* XDP_PACKET_HEADROOM: where the kernel puts a frame */

struct fake {
	struct afxdp_xsk xsk;
	struct sink *sink;
	struct sink_port *port;
	struct afxdp_ring_indices tx_ix;
	struct xdp_desc tx_slots[FAKE_TX];
	struct afxdp_cons tx_wire; /* the kernel's side of the TX ring */
	uint32_t tx_flags;
	bool out[FAKE_FRAMES]; /* with the sink */
	uint32_t next;
	uint64_t consumed;
};

static inline struct sink_env fake_env(void)
{
	return (struct sink_env){
		.ifname = "lo",
		.ports = 1,
		.ring = FAKE_FRAMES / 2,
		.frames = FAKE_FRAMES,
		.frame_size = FAKE_CHUNK,
	};
}

/* Set up @f (zeroed) with an attached port of the sink @spec. */
static inline void fake_open(struct fake *f, const char *spec)
{
	struct sink_env env = fake_env();
	const struct sink_ops *ops;
	const char *arg;
	char why[256] = "";

	f->xsk.umem = aligned_alloc(4096, FAKE_FRAMES * FAKE_CHUNK);
	CHECK(f->xsk.umem, "out of memory");
	memset(f->xsk.umem, 0, FAKE_FRAMES * FAKE_CHUNK);
	f->xsk.chunk_mask = ~(uint64_t)(FAKE_CHUNK - 1);
	f->xsk.config.frame_size = FAKE_CHUNK;
	f->xsk.config.frames = FAKE_FRAMES;
	f->xsk.tx_desc = f->tx_slots;
	f->xsk.tx_flags = &f->tx_flags;
	f->tx_flags = XDP_RING_NEED_WAKEUP;
	afxdp_prod_init(&f->xsk.tx, &f->tx_ix.producer, &f->tx_ix.consumer, FAKE_TX);
	afxdp_cons_init(&f->tx_wire, &f->tx_ix.producer, &f->tx_ix.consumer, FAKE_TX);
	ops = sink_find(spec, &arg, why, sizeof(why));
	CHECK(ops, "%s: %s", spec, why);
	CHECK(!ops->open(&f->sink, arg, &env, why, sizeof(why)), "%s: %s", spec, why);
	CHECK(f->sink->ops == ops, "open() must name its operations");
	CHECK(!ops->attach(f->sink, &f->xsk, &f->port), "%s: attach", spec);
	CHECK(f->port->sink == f->sink && f->port->xsk == &f->xsk, "%s: port", spec);
}

static inline void fake_close(struct fake *f)
{
	f->sink->ops->close(f->sink);
	free(f->xsk.umem);
}

/* A frame of @len bytes in a chunk that nobody has; @headroom bytes into it. */
static inline struct xdp_desc fake_frame(struct fake *f, uint32_t headroom, const void *data,
					 uint32_t len)
{
	struct xdp_desc d = { .len = len };
	uint32_t tries = 0;

	while (f->out[f->next]) {
		f->next = (f->next + 1) % FAKE_FRAMES;
		CHECK(++tries <= FAKE_FRAMES, "the sink has every frame there is");
	}
	CHECK(headroom + len <= FAKE_CHUNK, "does not fit a chunk");
	d.addr = (uint64_t)f->next * FAKE_CHUNK + headroom;
	memcpy(f->xsk.umem + d.addr, data, len);
	f->next = (f->next + 1) % FAKE_FRAMES;
	return d;
}

static inline void fake_meta(struct fake *f, const struct xdp_desc *d, struct afxdp_meta meta)
{
	meta.flags |= AFXDP_META_MAGIC;
	*afxdp_xsk_meta(&f->xsk, d->addr) = meta;
}

static inline void fake_took_back(struct fake *f, const uint64_t *back, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		CHECK(back[i] / FAKE_CHUNK < FAKE_FRAMES, "address %#llx",
		      (unsigned long long)back[i]);
		CHECK(f->out[back[i] / FAKE_CHUNK], "frame %llu came back twice",
		      (unsigned long long)back[i] / FAKE_CHUNK);
		f->out[back[i] / FAKE_CHUNK] = false;
	}
}

/* What the worker does with a batch. Return: descriptors that came back at once. */
static inline uint32_t fake_consume(struct fake *f, const struct xdp_desc *desc, uint32_t n)
{
	uint64_t back[FAKE_FRAMES];
	uint32_t got;

	for (uint32_t i = 0; i < n; i++) {
		CHECK(!f->out[desc[i].addr / FAKE_CHUNK], "the test handed a frame over twice");
		f->out[desc[i].addr / FAKE_CHUNK] = true;
		f->consumed += !(desc[i].options & XDP_PKT_CONTD);
	}
	got = f->sink->ops->consume(f->port, desc, n, back);
	CHECK(got <= n, "more came back than went in");
	f->port->kept += n - got;
	fake_took_back(f, back, got);
	return got;
}

static inline uint32_t fake_reclaim(struct fake *f)
{
	uint64_t back[FAKE_FRAMES];
	uint32_t n = f->sink->ops->reclaim(f->port, back, FAKE_FRAMES);

	f->port->reclaimed += n;
	CHECK(f->port->reclaimed <= f->port->kept, "more came back than was kept");
	fake_took_back(f, back, n);
	return n;
}

static inline uint64_t fake_delivered(const struct fake *f)
{
	return sink_get(&f->port->here.delivered) + sink_get(&f->port->there.delivered);
}

static inline uint64_t fake_dropped(const struct fake *f)
{
	return sink_get(&f->port->here.dropped) + sink_get(&f->port->there.dropped);
}

/* When nothing is under way: every frame has one end, and is back. */
static inline void fake_balance(const struct fake *f)
{
	CHECK(fake_delivered(f) + fake_dropped(f) == f->consumed,
	      "%llu delivered + %llu dropped, but %llu consumed",
	      (unsigned long long)fake_delivered(f), (unsigned long long)fake_dropped(f),
	      (unsigned long long)f->consumed);
	CHECK(f->port->kept == f->port->reclaimed, "%llu descriptors are still out",
	      (unsigned long long)(f->port->kept - f->port->reclaimed));
}

#endif
