// SPDX-License-Identifier: GPL-2.0-only
/*
 * send IFACE QUEUE OPTIONS FRAME... - zero-copy AF_XDP transmission, frame by frame as told, also
 * what no well-behaved program would send.
 *
 * FRAME is LENGTH[xBUFFERS][:START:OFFSET][*COUNT]: so many bytes in all, in so many buffers,
 * asking for a checksum of the bytes from START on at START + OFFSET, COUNT times. OPTIONS is a
 * word of letters: m: the UMEM has room for metadata, g: several buffers a frame; - for none.
 *
 * Says in a line of JSON how many descriptors were sent and completed, whether they came back in
 * the order in which they were given, how often the kernel was called, and the last call's error;
 * gives up when nothing has happened for 20 s. Raw system calls, so that it runs with any libxdp.
 */
#include <errno.h>
#include <linux/if_xdp.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#ifndef SOL_XDP
#define SOL_XDP 283
#endif
#ifndef AF_XDP
#define AF_XDP 44
#endif
/* Newer than the headers of Debian 12. */
#define USE_SG	       (1 << 4)
#define CONTINUED      1
#define METADATA       2
#define UMEM_METADATA  (1 << 2)
#define FLAG_CHECKSUM  2
#define METADATA_BYTES 16
#define RING	       256u
#define BUFFERS	       1024u
#define BUFFER_BYTES   2048u
#define QUIET_SECONDS  20

struct umem_reg {
	uint64_t addr, len;
	uint32_t chunk_size, headroom, flags, tx_metadata_len;
};

struct ring {
	uint32_t *producer, *consumer, *flags;
	void *slots;
	uint32_t pos; /* next to write, or to read */
};

struct frame {
	unsigned int length, buffers, start, offset, count;
	bool checksum;
};

static struct ring tx, done;
static unsigned char *area;
static uint64_t given[BUFFERS]; /* addresses in the order in which they were given */
static unsigned int sent, completed, calls, metadata;
static int fd, last_error;
static bool disorder;
static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = number;
}

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "send: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void map_ring(struct ring *r, const struct xdp_ring_offset *off, size_t slot, off_t at)
{
	unsigned char *p = mmap(NULL, off->desc + RING * slot, PROT_READ | PROT_WRITE,
				MAP_SHARED | MAP_POPULATE, fd, at);

	if (p == MAP_FAILED)
		die("mmap of a ring");
	r->producer = (uint32_t *)(p + off->producer);
	r->consumer = (uint32_t *)(p + off->consumer);
	r->flags = (uint32_t *)(p + off->flags);
	r->slots = p + off->desc;
}

static void open_socket(const char *iface, unsigned int queue, const char *options)
{
	struct umem_reg umem = { .len = (uint64_t)BUFFERS * BUFFER_BYTES,
				 .chunk_size = BUFFER_BYTES,
				 .headroom = 0 };
	struct sockaddr_xdp addr = { .sxdp_family = AF_XDP,
				     .sxdp_ifindex = if_nametoindex(iface),
				     .sxdp_queue_id = queue,
				     .sxdp_flags = XDP_ZEROCOPY | XDP_USE_NEED_WAKEUP };
	struct xdp_mmap_offsets off;
	socklen_t n = sizeof(off);
	unsigned int size = RING;
	int tries = 0;

	area = mmap(NULL, umem.len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	fd = socket(AF_XDP, SOCK_RAW, 0);
	if (fd < 0 || area == MAP_FAILED)
		die("socket");
	umem.addr = (uintptr_t)area;
	if (strchr(options, 'm')) {
		metadata = METADATA_BYTES;
		umem.tx_metadata_len = METADATA_BYTES;
		umem.flags = UMEM_METADATA;
	}
	if (strchr(options, 'g'))
		addr.sxdp_flags |= USE_SG;
	if (setsockopt(fd, SOL_XDP, XDP_UMEM_REG, &umem, sizeof(umem)) ||
	    setsockopt(fd, SOL_XDP, XDP_UMEM_FILL_RING, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_XDP, XDP_UMEM_COMPLETION_RING, &size, sizeof(size)) ||
	    setsockopt(fd, SOL_XDP, XDP_TX_RING, &size, sizeof(size)) ||
	    getsockopt(fd, SOL_XDP, XDP_MMAP_OFFSETS, &off, &n))
		die("rings");
	map_ring(&tx, &off.tx, sizeof(struct xdp_desc), XDP_PGOFF_TX_RING);
	map_ring(&done, &off.cr, sizeof(uint64_t), XDP_UMEM_PGOFF_COMPLETION_RING);
	while (bind(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		/* The last socket's pool may still be on its way out. */
		if (errno != EBUSY || ++tries == 500)
			die("bind");
		usleep(20000);
	}
}

static void wake(void)
{
	if (!(__atomic_load_n(tx.flags, __ATOMIC_RELAXED) & XDP_RING_NEED_WAKEUP))
		return;
	calls++;
	last_error = sendto(fd, NULL, 0, MSG_DONTWAIT, NULL, 0) < 0 ? errno : 0;
}

static unsigned int reap(void)
{
	uint32_t producer = __atomic_load_n(done.producer, __ATOMIC_ACQUIRE), n = 0;

	for (; done.pos != producer; n++, completed++) {
		uint64_t addr = ((uint64_t *)done.slots)[done.pos++ & (RING - 1)];

		disorder |= addr != given[completed % BUFFERS];
	}
	__atomic_store_n(done.consumer, done.pos, __ATOMIC_RELEASE);
	return n;
}

static void put_frame(const struct frame *f)
{
	unsigned int i, share = f->length / f->buffers;

	while (sent - completed + f->buffers > RING / 2 && !stop) {
		wake();
		reap();
	}
	for (i = 0; i < f->buffers; i++) {
		struct xdp_desc *desc = &((struct xdp_desc *)tx.slots)[tx.pos++ & (RING - 1)];
		uint64_t at = (uint64_t)(sent % BUFFERS) * BUFFER_BYTES + metadata;
		unsigned char *data = area + at;

		*desc = (struct xdp_desc){
			.addr = at,
			.len = i + 1 < f->buffers ? share : f->length - i * share,
			.options = i + 1 < f->buffers ? CONTINUED : 0,
		};
		memset(data, 0x11, BUFFER_BYTES - metadata); /* also behind the frame */
		if (!i) {
			memset(data, 0, 12);
			data[5] = data[11] = 2; /* 00:00:00:00:00:02 */
			data[12] = 0x88;	/* 0x88b5: for experiments */
			data[13] = 0xb5;
		}
		if (!i && f->checksum) {
			*(uint64_t *)(data - METADATA_BYTES) = FLAG_CHECKSUM;
			((uint16_t *)(data - 8))[0] = f->start;
			((uint16_t *)(data - 8))[1] = f->offset;
			desc->options |= METADATA;
		}
		given[sent++ % BUFFERS] = at;
	}
	__atomic_store_n(tx.producer, tx.pos, __ATOMIC_RELEASE);
}

static bool parse(const char *word, struct frame *f)
{
	char *end;

	*f = (struct frame){ .buffers = 1, .count = 1 };
	f->length = strtoul(word, &end, 10);
	if (*end == 'x')
		f->buffers = strtoul(end + 1, &end, 10);
	if (*end == ':') {
		f->checksum = true;
		f->start = strtoul(end + 1, &end, 10);
		if (*end == ':')
			f->offset = strtoul(end + 1, &end, 10);
	}
	if (*end == '*')
		f->count = strtoul(end + 1, &end, 10);
	return !*end && f->buffers && f->length >= f->buffers;
}

int main(int argc, char **argv)
{
	time_t since;
	int i;

	if (argc < 4) {
		fprintf(stderr, "usage: send IFACE QUEUE OPTIONS FRAME...\n");
		return 2;
	}
	signal(SIGTERM, on_signal);
	open_socket(argv[1], atoi(argv[2]), argv[3]);
	for (i = 4; i < argc && !stop; i++) {
		struct frame f;

		if (!parse(argv[i], &f)) {
			fprintf(stderr,
				"send: '%s' is not LENGTH[xBUFFERS][:START:OFFSET][*COUNT]\n",
				argv[i]);
			return 2;
		}
		for (; f.count-- && !stop;)
			put_frame(&f);
	}
	since = time(NULL);
	while (completed != sent && !stop && time(NULL) - since < QUIET_SECONDS) {
		struct pollfd pfd = { .fd = fd, .events = POLLOUT };

		wake();
		if (reap())
			since = time(NULL);
		else
			poll(&pfd, 1, 10);
	}
	printf("{\"sent\":%u,\"completed\":%u,\"disorder\":%u,\"calls\":%u,\"error\":%d}\n", sent,
	       completed, disorder, calls, last_error);
	return 0;
}
