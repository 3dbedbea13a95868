/* SPDX-License-Identifier: LGPL-2.1-only OR BSD-2-Clause */
#include "xsk.h"

#include <errno.h>
#include <linux/if_link.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define HUGE_PAGE (2UL << 20)

/* Behind the kernel's 256 bytes, so that the metadata ends 32 bytes into a cache line and the frame
 * begins there: metadata and headers are one line, and a small frame's other line is the first
 * one's neighbour, which processors fetch with it. Not 32: drivers receive 256 bytes into a page,
 * and some processors copy at half the speed to where a page offset is 1 to 63 bytes beyond that
 * of the source. */
#define META_ROOM 96

/* The kernel destroys a dead process's socket in an RCU callback and a work item: milliseconds,
 * seconds on a machine whose processors are all taken (2 were too few beside four guests). */
#define BIND_RETRIES	 500
#define BIND_RETRY_SLEEP 10000000L /* ns */

int afxdp_xsk_check(const struct afxdp_xsk_config *config, const char **why)
{
	if (!afxdp_ring_size_ok(config->ring) || config->ring < 2 || config->ring > 1U << 20)
		*why = "ring size must be a power of two from 2 to 1048576";
	else if (!afxdp_ring_size_ok(config->frames) || config->frames > 1U << 24)
		*why = "number of frames must be a power of two up to 16777216";
	else if (config->frame_size != 2048 && config->frame_size != 4096)
		*why = "frame size must be 2048 or 4096";
	else if (config->frames < config->ring)
		*why = "there must be at least as many frames as a ring has slots";
	else
		return 0;
	return -EINVAL;
}

static int map_umem(struct afxdp_xsk *xsk)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE;
	size_t bytes = (size_t)xsk->config.frames * xsk->config.frame_size;
	void *p;

	if (xsk->config.hugepages) {
		flags |= MAP_HUGETLB;
		bytes = (bytes + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
	}
	p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (p == MAP_FAILED)
		return -errno;
	xsk->umem = p;
	xsk->umem_bytes = bytes;
	return 0;
}

static int register_umem(struct afxdp_xsk *xsk)
{
	struct rlimit unlimited = { RLIM_INFINITY, RLIM_INFINITY };
	struct xdp_umem_reg reg = {
		.addr = (uintptr_t)xsk->umem,
		.len = (uint64_t)xsk->config.frames * xsk->config.frame_size,
		.chunk_size = xsk->config.frame_size,
		.headroom = META_ROOM,
	};

	/* Pinned pages count against RLIMIT_MEMLOCK unless we have CAP_IPC_LOCK. Raising it may be
	 * forbidden and yet unnecessary: the registration itself is the test. */
	(void)setrlimit(RLIMIT_MEMLOCK, &unlimited);
	return setsockopt(xsk->fd, SOL_XDP, XDP_UMEM_REG, &reg, sizeof(reg)) ? -errno : 0;
}

/* Map one ring. @slot: bytes of an entry. @at: where its parts lie. */
static int map_ring(struct afxdp_xsk *xsk, int n, off_t page_offset, size_t slot,
		    const struct xdp_ring_offset *at)
{
	size_t bytes = at->desc + xsk->config.ring * slot;
	void *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, xsk->fd,
		       page_offset);

	if (p == MAP_FAILED)
		return -errno;
	xsk->map[n].addr = p;
	xsk->map[n].bytes = bytes;
	return 0;
}

static int make_rings(struct afxdp_xsk *xsk)
{
	static const int option[] = { XDP_UMEM_FILL_RING, XDP_UMEM_COMPLETION_RING, XDP_RX_RING,
				      XDP_TX_RING };
	struct xdp_mmap_offsets off;
	socklen_t len = sizeof(off);
	uint32_t ring = xsk->config.ring;
	int err;

	for (int i = 0; i < 4; i++)
		if (setsockopt(xsk->fd, SOL_XDP, option[i], &ring, sizeof(ring)))
			return -errno;
	if (getsockopt(xsk->fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &len))
		return -errno;
	if (len != sizeof(off)) /* Linux before 5.4: no flags word, so no need_wakeup */
		return -EOPNOTSUPP;
	if ((err = map_ring(xsk, 0, XDP_UMEM_PGOFF_FILL_RING, sizeof(uint64_t), &off.fr)) ||
	    (err = map_ring(xsk, 1, XDP_UMEM_PGOFF_COMPLETION_RING, sizeof(uint64_t), &off.cr)) ||
	    (err = map_ring(xsk, 2, XDP_PGOFF_RX_RING, sizeof(struct xdp_desc), &off.rx)) ||
	    (err = map_ring(xsk, 3, XDP_PGOFF_TX_RING, sizeof(struct xdp_desc), &off.tx)))
		return err;

#define AT(n, field) (void *)((uint8_t *)xsk->map[n].addr + (field))
	afxdp_prod_init(&xsk->fill, AT(0, off.fr.producer), AT(0, off.fr.consumer), ring);
	xsk->fill_addr = AT(0, off.fr.desc);
	xsk->fill_flags = AT(0, off.fr.flags);
	afxdp_cons_init(&xsk->comp, AT(1, off.cr.producer), AT(1, off.cr.consumer), ring);
	xsk->comp_addr = AT(1, off.cr.desc);
	afxdp_cons_init(&xsk->rx, AT(2, off.rx.producer), AT(2, off.rx.consumer), ring);
	xsk->rx_desc = AT(2, off.rx.desc);
	afxdp_prod_init(&xsk->tx, AT(3, off.tx.producer), AT(3, off.tx.consumer), ring);
	xsk->tx_desc = AT(3, off.tx.desc);
	xsk->tx_flags = AT(3, off.tx.flags);
#undef AT
	return 0;
}

static int bind_patiently(struct afxdp_xsk *xsk, const struct sockaddr_xdp *addr)
{
	struct timespec nap = { .tv_nsec = BIND_RETRY_SLEEP };
	int tries = 0;

	while (bind(xsk->fd, (const struct sockaddr *)addr, sizeof(*addr))) {
		if (errno != EBUSY || ++tries > BIND_RETRIES)
			return -errno;
		nanosleep(&nap, NULL);
	}
	return 0;
}

static int bind_once(struct afxdp_xsk *xsk, uint16_t flags)
{
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_ifindex = xsk->config.ifindex,
		.sxdp_queue_id = xsk->config.queue,
		.sxdp_flags = flags | XDP_USE_NEED_WAKEUP,
	};

	return bind_patiently(xsk, &addr);
}

/* Best first: zero-copy before copy, multi-buffer before single. Only "this cannot be had" leads
 * on to the next; anything else is an answer. */
static int bind_best(struct afxdp_xsk *xsk)
{
	static const struct {
		bool zerocopy, sg;
	} ways[] = { { true, true }, { true, false }, { false, true }, { false, false } };
	int err = -EOPNOTSUPP;

	for (size_t i = 0; i < sizeof(ways) / sizeof(*ways); i++) {
		if (ways[i].zerocopy ? xsk->config.zerocopy == AFXDP_ZC_OFF
				     : xsk->config.zerocopy == AFXDP_ZC_ON)
			continue;
		err = bind_once(xsk, (ways[i].zerocopy ? XDP_ZEROCOPY : XDP_COPY) |
					     (ways[i].sg ? XDP_USE_SG : 0));
		if (!err) {
			xsk->zerocopy = ways[i].zerocopy;
			xsk->sg = ways[i].sg;
			return 0;
		}
		if (err == -EBUSY || err == -ENETDOWN || err == -ENODEV || err == -EPERM)
			return err;
	}
	return err;
}

static int make_spare(struct afxdp_xsk *xsk)
{
	xsk->spare = calloc(xsk->config.frames, sizeof(*xsk->spare));
	return xsk->spare ? 0 : -ENOMEM;
}

static void give_frames(struct afxdp_xsk *xsk)
{
	xsk->depth = xsk->config.ring;
	for (uint32_t i = 0; i < xsk->config.frames; i++) {
		uint64_t addr = (uint64_t)i * xsk->config.frame_size;

		afxdp_xsk_refill(xsk, &addr, 1);
	}
}

int afxdp_xsk_open(struct afxdp_xsk *xsk, const struct afxdp_xsk_config *config, const char **why)
{
	int err;

	memset(xsk, 0, sizeof(*xsk));
	xsk->fd = -1;
	xsk->config = *config;
	xsk->chunk_mask = ~(uint64_t)(config->frame_size - 1);
	err = afxdp_xsk_check(config, why);
	if (err)
		return err;

	*why = "cannot open an AF_XDP socket";
	xsk->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (xsk->fd < 0)
		return -errno;
	*why = config->hugepages ? "cannot map the UMEM on huge pages (see "
				   "/proc/sys/vm/nr_hugepages)"
				 : "cannot map the UMEM";
	err = map_umem(xsk);
	if (err)
		goto close;
	*why = "cannot register the UMEM (RLIMIT_MEMLOCK?)";
	err = register_umem(xsk);
	if (err)
		goto close;
	*why = "cannot make the rings";
	err = make_rings(xsk);
	if (err)
		goto close;
	err = make_spare(xsk);
	if (err)
		goto close;
	/* Before bind: some drivers never look again at a fill ring that was empty then. */
	give_frames(xsk);
	*why = "cannot bind the AF_XDP socket";
	err = bind_best(xsk);
	if (err)
		goto close;
	*why = NULL;
	return 0;
close:
	afxdp_xsk_close(xsk);
	return err;
}

/* A socket on @owner's memory, for the interface, queue and rings that xsk->config has. */
static int open_beside(struct afxdp_xsk *xsk, const struct afxdp_xsk *owner,
		       int (*make)(struct afxdp_xsk *), const char **why)
{
	struct sockaddr_xdp addr = {
		.sxdp_family = AF_XDP,
		.sxdp_flags = XDP_SHARED_UMEM, /* all else as the owner has it */
		.sxdp_ifindex = xsk->config.ifindex,
		.sxdp_queue_id = xsk->config.queue,
		.sxdp_shared_umem_fd = owner->fd,
	};
	int err;

	xsk->chunk_mask = owner->chunk_mask;
	*why = "cannot open an AF_XDP socket";
	xsk->fd = socket(AF_XDP, SOCK_RAW | SOCK_CLOEXEC, 0);
	if (xsk->fd < 0)
		return -errno;
	*why = "cannot make the rings";
	err = make(xsk);
	if (err)
		goto close;
	*why = "cannot bind the AF_XDP socket";
	err = bind_patiently(xsk, &addr);
	if (err)
		goto close;
	xsk->umem = owner->umem;
	xsk->zerocopy = owner->zerocopy;
	xsk->sg = owner->sg;
	*why = NULL;
	return 0;
close:
	afxdp_xsk_close(xsk);
	return err;
}

int afxdp_xsk_open_shared(struct afxdp_xsk *xsk, const struct afxdp_xsk *owner,
			  unsigned int ifindex, uint32_t queue, const char **why)
{
	memset(xsk, 0, sizeof(*xsk));
	xsk->config = owner->config;
	xsk->config.ifindex = ifindex;
	xsk->config.queue = queue;
	return open_beside(xsk, owner, make_rings, why);
}

static int make_rx_ring(struct afxdp_xsk *xsk)
{
	struct xdp_mmap_offsets off;
	socklen_t len = sizeof(off);
	uint32_t ring = xsk->config.ring;
	uint8_t *at;
	int err;

	if (setsockopt(xsk->fd, SOL_XDP, XDP_RX_RING, &ring, sizeof(ring)) ||
	    getsockopt(xsk->fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &len))
		return -errno;
	err = map_ring(xsk, 2, XDP_PGOFF_RX_RING, sizeof(struct xdp_desc), &off.rx);
	if (err)
		return err;
	at = xsk->map[2].addr;
	afxdp_cons_init(&xsk->rx, (void *)(at + off.rx.producer), (void *)(at + off.rx.consumer),
			ring);
	xsk->rx_desc = (void *)(at + off.rx.desc);
	return 0;
}

int afxdp_xsk_open_rx(struct afxdp_xsk *xsk, const struct afxdp_xsk *owner, uint32_t ring,
		      const char **why)
{
	memset(xsk, 0, sizeof(*xsk));
	xsk->config = owner->config;
	xsk->config.ring = ring;
	return open_beside(xsk, owner, make_rx_ring, why);
}

void afxdp_xsk_close(struct afxdp_xsk *xsk)
{
	for (int i = 0; i < 4; i++)
		if (xsk->map[i].addr)
			munmap(xsk->map[i].addr, xsk->map[i].bytes);
	if (xsk->fd >= 0)
		close(xsk->fd);
	if (xsk->umem_bytes) /* else it is another socket's */
		munmap(xsk->umem, xsk->umem_bytes);
	free(xsk->spare);
	memset(xsk, 0, sizeof(*xsk));
	xsk->fd = -1;
}

int afxdp_xsk_stats(const struct afxdp_xsk *xsk, struct afxdp_xsk_stats *stats)
{
	struct xdp_statistics s = { 0 };
	socklen_t len = sizeof(s);

	if (getsockopt(xsk->fd, SOL_XDP, XDP_STATISTICS, &s, &len))
		return -errno;
	*stats = (struct afxdp_xsk_stats){
		.rx_dropped = s.rx_dropped,
		.rx_invalid_descs = s.rx_invalid_descs,
		.tx_invalid_descs = s.tx_invalid_descs,
		.rx_ring_full = s.rx_ring_full,
		.rx_fill_ring_empty_descs = s.rx_fill_ring_empty_descs,
		.tx_ring_empty_descs = s.tx_ring_empty_descs,
		.complete = len >= sizeof(s), /* Linux before 5.9 gives three fields */
	};
	return 0;
}

void afxdp_xsk_stats_add(struct afxdp_xsk_stats *sum, const struct afxdp_xsk_stats *more)
{
	sum->rx_dropped += more->rx_dropped;
	sum->rx_invalid_descs += more->rx_invalid_descs;
	sum->tx_invalid_descs += more->tx_invalid_descs;
	sum->rx_ring_full += more->rx_ring_full;
	sum->rx_fill_ring_empty_descs += more->rx_fill_ring_empty_descs;
	sum->tx_ring_empty_descs += more->tx_ring_empty_descs;
}

int afxdp_xsk_busy_poll(struct afxdp_xsk *xsk, bool on, int usecs, int budget)
{
	int prefer = on;

	if (!on)
		usecs = 0;
	if (setsockopt(xsk->fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &prefer, sizeof(prefer)) ||
	    setsockopt(xsk->fd, SOL_SOCKET, SO_BUSY_POLL, &usecs, sizeof(usecs)))
		return errno == ENOPROTOOPT ? -EOPNOTSUPP : -errno;
	if (on && setsockopt(xsk->fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, &budget, sizeof(budget)))
		return errno == ENOPROTOOPT ? -EOPNOTSUPP : -errno;
	return 0;
}

bool afxdp_xsk_can_busy_poll(const struct afxdp_xsk *xsk)
{
	unsigned int id = 0;
	socklen_t len = sizeof(id);

	return !getsockopt(xsk->fd, SOL_SOCKET, SO_INCOMING_NAPI_ID, &id, &len) && id;
}

void afxdp_xsk_wake_rx(struct afxdp_xsk *xsk)
{
	xsk->wakeups_rx++;
	(void)recvfrom(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
}

int afxdp_xsk_wake_tx(struct afxdp_xsk *xsk)
{
	xsk->wakeups_tx++;
	if (sendto(xsk->fd, NULL, 0, MSG_DONTWAIT, NULL, 0) >= 0)
		return 0;
	/* "Again" in its many forms: the descriptors stay in the ring, the next wakeup goes on. */
	if (errno == EAGAIN || errno == EBUSY || errno == ENOBUFS || errno == ENETDOWN)
		return 0;
	return -errno;
}

/* Put @n frames into the fill ring; return how many went in. */
static uint32_t fill(struct afxdp_xsk *xsk, const uint64_t *addr, uint32_t n)
{
	uint32_t pos;

	n = afxdp_prod_reserve(&xsk->fill, n, &pos);
	for (uint32_t i = 0; i < n; i++)
		xsk->fill_addr[(pos + i) & xsk->fill.mask] = addr[i] & xsk->chunk_mask;
	return n;
}

void afxdp_xsk_refill(struct afxdp_xsk *xsk, const uint64_t *addr, uint32_t n)
{
	/* Every frame the kernel takes from the fill ring comes through the RX ring, in the end. */
	uint32_t there = xsk->fill.head - xsk->rx.tail - xsk->elsewhere;
	int64_t room = (int64_t)xsk->depth - there;
	uint32_t took = 0;

	if (room > 0 && n)
		took = fill(xsk, addr, n < room ? n : room);
	if (took < n) {
		memcpy(xsk->spare + xsk->spares, addr + took, (n - took) * sizeof(*addr));
		xsk->spares += n - took;
	} else if (xsk->spares && room > took) {
		uint32_t more = room - took < xsk->spares ? room - took : xsk->spares;

		more = fill(xsk, xsk->spare + xsk->spares - more, more);
		xsk->spares -= more;
		took += more;
	}
	if (took)
		afxdp_prod_submit(&xsk->fill);
}

uint32_t afxdp_xsk_complete(struct afxdp_xsk *xsk)
{
	uint64_t addr[64];
	uint32_t pos, n, i;

	if (!xsk->tx_pending)
		return 0;
	n = afxdp_cons_peek(&xsk->comp, 64, &pos);
	if (!n)
		return 0;
	for (i = 0; i < n; i++)
		addr[i] = xsk->comp_addr[(pos + i) & xsk->comp.mask];
	afxdp_cons_release(&xsk->comp, n);
	xsk->tx_pending -= n;
	afxdp_xsk_refill(xsk, addr, n);
	return n;
}
