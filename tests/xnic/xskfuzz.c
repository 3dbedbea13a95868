// SPDX-License-Identifier: GPL-2.0-only
/*
 * xskfuzz IFACE QUEUE SECONDS SEED - AF_XDP sockets of a hostile process, one after the other, on
 * QUEUE in zero-copy mode, beside fuzz.bpf.c pinned below /sys/fs/bpf/xnic.
 *
 * All four rings get contents that are random or nearly right: addresses twice, out of range, in
 * use, unaligned with offsets, lengths up to 32 bits, options that are none, TX metadata with any
 * flags and offsets. A second thread scribbles over the memory, the ends of the buffers above all,
 * where the kernel keeps what it has to say about a frame. Every socket has a layout of its own:
 * chunks of 2048, 4096 or anything between, aligned or not, frames of one buffer or of several.
 *
 * With "calm" for SEED: one socket that behaves, on frames of several buffers that lie across pages.
 *
 * The same SEED makes the same sockets and descriptors; what the kernel does in between is its own
 * affair. Ends with a line of JSON: what there was.
 */
#include <errno.h>
#include <net/if.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <bpf/bpf.h>
#include <linux/if_xdp.h>

#define XSKS "/sys/fs/bpf/xnic/maps/xsks"

/* Newer than the headers of the oldest system that this is built on. */
#define FUZZ_USE_SG	      (1 << 4)
#define FUZZ_UMEM_METADATA    (1 << 2)
#define FUZZ_PKT_CONTD	      (1 << 0)
#define FUZZ_TX_METADATA      (1 << 1)
#define FUZZ_PREFER_BUSY_POLL 69
#define FUZZ_BUSY_BUDGET      70

struct umem_reg {
	uint64_t addr;
	uint64_t len;
	uint32_t chunk_size;
	uint32_t headroom;
	uint32_t flags;
	uint32_t tx_metadata_len;
};

#define CHUNKS 512u
#define BATCH  32u

struct ring {
	_Atomic uint32_t *producer;
	_Atomic uint32_t *consumer;
	_Atomic uint32_t *flags;
	void *slots;
	void *map;
	size_t map_length;
	uint32_t count;
};

struct fuzz {
	const char *iface;
	uint32_t queue;
	int xsks;
	uint64_t random;

	int fd;
	uint8_t *area;
	size_t length;
	uint32_t chunk;
	bool unaligned;
	bool metadata;
	bool calm;
	bool in_page; /* no buffer lies across pages */
	struct ring fill, done, rx, tx;
	uint64_t recent[64]; /* addresses that were used not long ago */

	pthread_t scribbler;
	atomic_bool stop;

	unsigned long sockets, refused, received, filled, sent, completed;
};

/* xorshift64*: every stream from its own seed. */
static uint32_t rnd_of(uint64_t *state, uint32_t below)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return below ? (uint32_t)((*state * 0x2545f4914f6cdd1dULL) >> 33) % below : 0;
}

#define rnd(f, below) rnd_of(&(f)->random, below)

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void __attribute__((noreturn)) die(const char *what)
{
	perror(what);
	exit(1);
}

/* ---- the memory ---- */

/* What skb_shared_info and the heads of frames may become. */
static void *scribble(void *arg)
{
	struct fuzz *f = arg;
	uint64_t state = f->random ^ 0x9e3779b97f4a7c15ULL;
	while (!atomic_load_explicit(&f->stop, memory_order_relaxed)) {
		uint32_t chunk = rnd_of(&state, f->length / f->chunk);
		uint32_t at = rnd_of(&state, 4) ? f->chunk - 1 - rnd_of(&state, 320)
						: rnd_of(&state, f->chunk);
		size_t where = (size_t)chunk * f->chunk + at;
		uint64_t value = rnd_of(&state, 2) ? state : ~(uint64_t)0 >> rnd_of(&state, 64);

		/* nr_frags is the third byte of it. */
		if (!rnd_of(&state, 3))
			where = (size_t)(chunk + 1) * f->chunk - 320 + 2;
		if (where + 8 <= f->length)
			memcpy(f->area + where, &value, 1 + rnd_of(&state, 8));
	}
	return NULL;
}

/* ---- rings ---- */

static int map_ring(struct fuzz *f, struct ring *r, const struct xdp_ring_offset *off, uint64_t at,
		    uint32_t count, size_t slot)
{
	r->count = count;
	r->map_length = off->desc + count * slot;
	r->map = mmap(NULL, r->map_length, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, f->fd,
		      at);
	if (r->map == MAP_FAILED)
		return -errno;
	r->producer = (void *)((char *)r->map + off->producer);
	r->consumer = (void *)((char *)r->map + off->consumer);
	r->flags = (void *)((char *)r->map + off->flags);
	r->slots = (char *)r->map + off->desc;
	return 0;
}

/* Places in a ring that the user produces, at most @max. */
static uint32_t room(const struct ring *r, uint32_t max)
{
	uint32_t used = atomic_load(r->producer) - atomic_load(r->consumer);
	uint32_t n = used <= r->count ? r->count - used : 0;

	return n < max ? n : max;
}

/* An address, right or not so. */
static uint64_t any_address(struct fuzz *f)
{
	uint64_t addr = (uint64_t)rnd(f, f->length / f->chunk) * f->chunk;

	switch (rnd(f, 24)) {
	case 0: /* out of range, by little */
		return f->length - rnd(f, 2 * f->chunk) + rnd(f, 2 * f->chunk);
	case 1: /* ... by far */
		return (uint64_t)rnd(f, 0) << rnd(f, 33);
	case 2: /* with an offset, of unaligned mode */
		return addr | (uint64_t)rnd(f, 65536) << 48;
	case 3:
		return -(uint64_t)rnd(f, 8192);
	case 4:
	case 5:
	case 6: /* twice, or in use */
		return f->recent[rnd(f, 64)];
	case 7:
		return addr + rnd(f, f->chunk);
	}
	if (f->unaligned)
		addr += rnd(f, f->chunk);
	return addr;
}

/* The core syncs a buffer across pages as a whole, although it has mapped each page for itself:
 * where the DMA API is checked, that is what would be found. */
static uint64_t address(struct fuzz *f)
{
	uint64_t addr = any_address(f);

	return f->in_page && f->unaligned ? addr & ((1ULL << 48) - 4096) : addr;
}

static void fill(struct fuzz *f)
{
	uint32_t n = room(&f->fill, 1 + rnd(f, BATCH)), i, pos = atomic_load(f->fill.producer);

	for (i = 0; i < n; i++) {
		uint64_t *slot = (uint64_t *)f->fill.slots + ((pos + i) & (f->fill.count - 1));

		*slot = address(f);
		f->recent[rnd(f, 64)] = *slot;
		/* The same again, for a frame of several buffers. */
		if (i && !rnd(f, 8))
			*slot = ((uint64_t *)f->fill.slots)[(pos + i - 1) & (f->fill.count - 1)];
	}
	atomic_store(f->fill.producer, pos + n);
	f->filled += n;
}

static void metadata(struct fuzz *f, uint64_t addr)
{
	struct {
		uint64_t flags;
		uint16_t csum_start;
		uint16_t csum_offset;
		uint64_t launch;
	} m = { .flags = rnd(f, 4) ? rnd(f, 8) : rnd(f, 0),
		.csum_start = rnd(f, 2) ? rnd(f, 65536) : rnd(f, 64),
		.csum_offset = rnd(f, 2) ? rnd(f, 65536) : rnd(f, 64) };

	addr &= (1ULL << 48) - 1;
	if (addr >= sizeof(m) && addr < f->length)
		memcpy(f->area + addr - sizeof(m), &m, sizeof(m));
}

static void transmit(struct fuzz *f)
{
	uint32_t n = room(&f->tx, 1 + rnd(f, BATCH)), i, pos = atomic_load(f->tx.producer);

	for (i = 0; i < n; i++) {
		struct xdp_desc *d = (struct xdp_desc *)f->tx.slots +
				     ((pos + i) & (f->tx.count - 1));

		d->addr = address(f);
		if (f->metadata && !f->unaligned && rnd(f, 4))
			d->addr += 256;
		f->recent[rnd(f, 64)] = d->addr;
		d->len = rnd(f, 8) ? 14 + rnd(f, 1500) : rnd(f, 3) ? rnd(f, 65536) : rnd(f, 0);
		d->options = rnd(f, 4) ? 0 : FUZZ_PKT_CONTD;
		if (f->metadata && rnd(f, 2)) {
			d->options |= FUZZ_TX_METADATA;
			metadata(f, d->addr);
		}
		if (!rnd(f, 32))
			d->options = rnd(f, 0);
	}
	atomic_store(f->tx.producer, pos + n);
	f->sent += n;
}

/* Take what there is, now and then not all. */
static unsigned int take(struct fuzz *f, struct ring *r)
{
	uint32_t pos = atomic_load(r->consumer), n = atomic_load(r->producer) - pos;

	if (n > r->count)
		n = r->count;
	if (!rnd(f, 4))
		n = rnd(f, n + 1);
	atomic_store(r->consumer, pos + n);
	return n;
}

static void kick(struct fuzz *f)
{
	struct pollfd pfd = { .fd = f->fd, .events = POLLIN | POLLOUT };

	switch (rnd(f, 4)) {
	case 0:
		poll(&pfd, 1, rnd(f, 3));
		break;
	case 1:
		recvfrom(f->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
		break;
	default:
		(void)!sendto(f->fd, NULL, 0, MSG_DONTWAIT, NULL, 0);
	}
}

/* ---- sockets ---- */

static int set_rings(struct fuzz *f)
{
	uint32_t size[4];
	struct xdp_mmap_offsets off;
	socklen_t length = sizeof(off);
	unsigned int i;
	int err;

	for (i = 0; i < 4; i++)
		size[i] = f->calm ? 1024 : 64u << rnd(f, 5);
	if (setsockopt(f->fd, SOL_XDP, XDP_UMEM_FILL_RING, &size[0], sizeof(size[0])) ||
	    setsockopt(f->fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &size[1], sizeof(size[1])) ||
	    setsockopt(f->fd, SOL_XDP, XDP_RX_RING, &size[2], sizeof(size[2])) ||
	    setsockopt(f->fd, SOL_XDP, XDP_TX_RING, &size[3], sizeof(size[3])) ||
	    getsockopt(f->fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &length))
		return -errno;
	err = map_ring(f, &f->fill, &off.fr, XDP_UMEM_PGOFF_FILL_RING, size[0], 8);
	err = err ?: map_ring(f, &f->done, &off.cr, XDP_UMEM_PGOFF_COMPLETION_RING, size[1], 8);
	err = err
		      ?: map_ring(f, &f->rx, &off.rx, XDP_PGOFF_RX_RING, size[2],
				  sizeof(struct xdp_desc));
	return err
		       ?: map_ring(f, &f->tx, &off.tx, XDP_PGOFF_TX_RING, size[3],
				   sizeof(struct xdp_desc));
}

/* Return: 0, or -errno where the kernel refuses the layout. */
static int open_socket(struct fuzz *f)
{
	struct umem_reg reg = {};
	struct sockaddr_xdp sxdp = { .sxdp_family = AF_XDP,
				     .sxdp_ifindex = if_nametoindex(f->iface),
				     .sxdp_queue_id = f->queue,
				     .sxdp_flags = XDP_ZEROCOPY };
	int err, one = 1, usecs = 10, budget = 64;

	f->unaligned = rnd(f, 2);
	f->chunk = rnd(f, 2) ? 4096 : 2048;
	if (f->unaligned && rnd(f, 2))
		f->chunk = 2048 + rnd(f, 2049);
	f->metadata = !rnd(f, 3);
	if (f->calm) {
		f->unaligned = true;
		f->metadata = false;
		f->chunk = 3000;
	}
	f->length = (size_t)CHUNKS * f->chunk;
	f->area = mmap(NULL, f->length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (f->area == MAP_FAILED)
		die("xskfuzz: mmap");
	memset(f->recent, 0, sizeof(f->recent));
	f->fd = socket(AF_XDP, SOCK_RAW, 0);
	if (f->fd < 0)
		die("xskfuzz: socket");
	reg.addr = (uintptr_t)f->area;
	reg.len = f->length;
	reg.chunk_size = f->chunk;
	reg.headroom = f->calm ? 0 : rnd(f, 3) * 64;
	reg.flags = f->unaligned ? XDP_UMEM_UNALIGNED_CHUNK_FLAG : 0;
	if (f->metadata) {
		reg.flags |= FUZZ_UMEM_METADATA;
		reg.tx_metadata_len = rnd(f, 2) ? 16 : 24;
	}
	if (f->calm || rnd(f, 2))
		sxdp.sxdp_flags |= FUZZ_USE_SG;
	if (rnd(f, 4))
		sxdp.sxdp_flags |= XDP_USE_NEED_WAKEUP;
	if (setsockopt(f->fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)))
		return -errno;
	err = set_rings(f);
	if (err)
		return err;
	if (!f->calm && !rnd(f, 3)) {
		setsockopt(f->fd, SOL_SOCKET, FUZZ_PREFER_BUSY_POLL, &one, sizeof(one));
		setsockopt(f->fd, SOL_SOCKET, SO_BUSY_POLL, &usecs, sizeof(usecs));
		setsockopt(f->fd, SOL_SOCKET, FUZZ_BUSY_BUDGET, &budget, sizeof(budget));
	}
	if (bind(f->fd, (struct sockaddr *)&sxdp, sizeof(sxdp)))
		return -errno;
	return 0;
}

static void close_socket(struct fuzz *f)
{
	struct ring *rings[] = { &f->fill, &f->done, &f->rx, &f->tx };

	for (unsigned int i = 0; i < 4; i++) {
		if (rings[i]->map && rings[i]->map != MAP_FAILED)
			munmap(rings[i]->map, rings[i]->map_length);
		rings[i]->map = NULL;
	}
	close(f->fd);
	munmap(f->area, f->length);
}

static void drive(struct fuzz *f, double end)
{
	while (now() < end) {
		for (unsigned int i = 0; i < 16; i++) {
			fill(f);
			if (rnd(f, 2))
				transmit(f);
			if (rnd(f, 3))
				f->received += take(f, &f->rx);
			if (rnd(f, 8))
				f->completed += take(f, &f->done);
			kick(f);
		}
	}
	/* And positions that cannot be. */
	if (!rnd(f, 4)) {
		atomic_store(f->fill.producer, rnd(f, 0));
		atomic_store(f->tx.producer, rnd(f, 0));
		atomic_store(f->rx.consumer, rnd(f, 0));
		atomic_store(f->done.consumer, rnd(f, 0));
		for (unsigned int i = 0; i < 16; i++)
			kick(f);
	}
}

/* What comes goes back to the fill ring. */
static void serve(struct fuzz *f, double end)
{
	uint64_t *slots = f->fill.slots;
	uint32_t filled = atomic_load(f->fill.producer), taken = atomic_load(f->rx.consumer), i;

	for (i = 0; i < CHUNKS; i++)
		slots[filled++ & (f->fill.count - 1)] = (uint64_t)i * f->chunk;
	atomic_store(f->fill.producer, filled);
	while (now() < end) {
		struct pollfd pfd = { .fd = f->fd, .events = POLLIN };
		uint32_t to = atomic_load(f->rx.producer);

		for (; taken != to; taken++, f->received++) {
			const struct xdp_desc *d = f->rx.slots;

			slots[filled++ & (f->fill.count - 1)] = d[taken & (f->rx.count - 1)].addr;
		}
		atomic_store(f->rx.consumer, taken);
		atomic_store(f->fill.producer, filled);
		poll(&pfd, 1, 10);
	}
}

static int calm(struct fuzz *f, double end)
{
	int err = open_socket(f);

	errno = -err;
	if (err || bpf_map_update_elem(f->xsks, &f->queue, &f->fd, BPF_ANY))
		die("xskfuzz: bind");
	serve(f, end);
	close_socket(f);
	printf("{\"received\":%lu}\n", f->received);
	return 0;
}

static void turn(struct fuzz *f)
{
	int err = open_socket(f);

	if (err) {
		if (err != -EINVAL && err != -EBUSY && err != -ENETDOWN && err != -ENODEV &&
		    err != -EOPNOTSUPP) {
			errno = -err;
			die("xskfuzz: bind");
		}
		f->refused++;
		close_socket(f);
		usleep(err == -EBUSY ? 20000 : 0);
		return;
	}
	if (bpf_map_update_elem(f->xsks, &f->queue, &f->fd, BPF_ANY))
		die("xskfuzz: map");
	atomic_store(&f->stop, false);
	if (pthread_create(&f->scribbler, NULL, scribble, f))
		die("xskfuzz: thread");
	drive(f, now() + 0.1 + rnd(f, 400) / 1000.0);
	atomic_store(&f->stop, true);
	pthread_join(f->scribbler, NULL);
	close_socket(f);
	f->sockets++;
}

int main(int argc, char **argv)
{
	struct fuzz f = {};
	double end;

	if (argc != 5) {
		fprintf(stderr, "usage: xskfuzz IFACE QUEUE SECONDS SEED\n");
		return 2;
	}
	f.iface = argv[1];
	f.queue = strtoul(argv[2], NULL, 0);
	f.in_page = !access("/sys/kernel/debug/dma-api", F_OK);
	(void)!nice(10); /* the kernel's threads first, or on a slow machine queues look stuck */
	f.random = strtoull(argv[4], NULL, 0) * 2 + 1;
	f.xsks = bpf_obj_get(XSKS);
	if (f.xsks < 0)
		die(XSKS);
	end = now() + strtod(argv[3], NULL);
	f.calm = !strcmp(argv[4], "calm");
	if (f.calm)
		return calm(&f, end);
	while (now() < end)
		turn(&f);
	printf("{\"sockets\":%lu,\"refused\":%lu,\"received\":%lu,\"filled\":%lu,\"sent\":%lu,"
	       "\"completed\":%lu}\n",
	       f.sockets, f.refused, f.received, f.filled, f.sent, f.completed);
	return 0;
}
