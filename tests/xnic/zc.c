// SPDX-License-Identifier: GPL-2.0-only
/*
 * zc - sockets for tests of AF_XDP on xnic, beside a program of steer.bpf.c pinned below
 * /sys/fs/bpf/xnic.
 *
 * zc storm IFACE QUEUE SECONDS: one socket after the other on QUEUE, in zero-copy or copy mode,
 * with frames of 2048 or 4096 bytes, with and without need_wakeup, for a few hundred milliseconds
 * each; ends each so that every frame that the program sent to it is accounted for. zc hold IFACE:
 * a zero-copy socket on queue 0 and one on 1, until SIGTERM; says "loaded" when both have received
 * a thousand frames.
 *
 * zc open IFACE zerocopy|copy: only opens and closes a socket on queue 0. zc receive IFACE MODE
 * [busy]: receives on queue 0 until SIGTERM, asleep in poll() while nothing comes or polling the
 * device itself; says how long frames were under way from pktgen, and what CPU time it took.
 * zc send IFACE MODE COUNT [busy]: sends on queue 0 until so many are completed, with a system call
 * only where need_wakeup asks for one.
 *
 * They receive frames of pktgen, whose numbers must rise, and send frames of their own. At the end
 * a line of JSON says what there was.
 */
#include <errno.h>
#include <linux/if_xdp.h>
#include <linux/membarrier.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <xdp/xsk.h>

#define XSKS   "/sys/fs/bpf/xnic/maps/xsks"
#define BATCH  64u
#define LENGTH 60u
#define LOADED 1000
#define TX_MAX 1024u

/* How many frames for reception and for sending, and descriptors in the RX ring. The fill ring
 * holds all frames, the TX and completion rings all that are for sending. */
struct size {
	unsigned int rx;
	unsigned int tx;
	unsigned int ring;
};

/* Small: what runs short shows. Large: nothing does. */
static const struct size small = { .rx = 960, .tx = 64, .ring = 256 };
static const struct size large = { .rx = 3072, .tx = TX_MAX, .ring = 2048 };

/* pktgen's header behind Ethernet, IPv4 and UDP. */
#define PKTGEN_OFFSET 42
#define PKTGEN_MAGIC  0xbe9be955

struct totals {
	unsigned long long frames;
	unsigned long long lost;
	unsigned long long sent;
	unsigned long long completed;
	unsigned int zerocopy;
	unsigned int copy;
	unsigned int refused;
};

/* From pktgen's time stamp to here, microseconds; the last is for all that took longer. */
#define DELAY_MAX 100000
struct delays {
	unsigned long long frames[DELAY_MAX + 1];
};

struct sock {
	const char *iface;
	unsigned int queue;
	unsigned int last; /* number of pktgen's last frame; kept from socket to socket */
	bool any_order;	   /* as on QEMU's hub when a ring has run dry */
	struct totals totals;
	struct delays *delays; /* or NULL */
	unsigned int now_us;   /* of the batch; wraps */

	const struct size *size;
	unsigned int frame_size;
	void *area;
	struct xsk_umem *umem;
	struct xsk_socket *xsk;
	struct xsk_ring_prod fill, tx;
	struct xsk_ring_cons done, rx;
	unsigned int idle_tx[TX_MAX];
	unsigned int n_idle_tx;
};

static volatile sig_atomic_t stop;

static void on_signal(int number)
{
	stop = number;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void __attribute__((noreturn)) die(const struct sock *s, const char *what, int err)
{
	fprintf(stderr, "zc: %s queue %u: %s: %s\n", s->iface, s->queue, what, strerror(err));
	exit(1);
}

static void fill_all(struct sock *s)
{
	unsigned int i;
	__u32 pos;

	if (xsk_ring_prod__reserve(&s->fill, s->size->rx, &pos) != s->size->rx)
		die(s, "fill ring", ENOSPC);
	for (i = 0; i < s->size->rx; i++)
		*xsk_ring_prod__fill_addr(&s->fill, pos + i) = (__u64)i * s->frame_size;
	xsk_ring_prod__submit(&s->fill, s->size->rx);
	for (i = 0; i < s->size->tx; i++)
		s->idle_tx[i] = (s->size->rx + i) * s->frame_size;
	s->n_idle_tx = s->size->tx;
}

static size_t area_length(const struct sock *s)
{
	return (size_t)(s->size->rx + s->size->tx) * s->frame_size;
}

static void close_socket(struct sock *s)
{
	if (s->xsk)
		xsk_socket__delete(s->xsk);
	xsk_umem__delete(s->umem);
	munmap(s->area, area_length(s));
	s->xsk = NULL;
}

/* Return: 0 or -errno. */
static int open_socket(struct sock *s, unsigned int frame_size, unsigned int flags)
{
	struct xsk_umem_config umem = { .fill_size = s->size->rx + s->size->tx,
					.comp_size = s->size->tx,
					.frame_size = frame_size };
	struct xsk_socket_config config = { .rx_size = s->size->ring,
					    .tx_size = s->size->tx,
					    .libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
					    .bind_flags = flags };
	size_t length;
	int err;

	/* libxdp leaves the cached positions of UMEM rings as they are. */
	memset(&s->fill, 0, sizeof(s->fill));
	memset(&s->done, 0, sizeof(s->done));
	s->frame_size = frame_size;
	length = area_length(s);
	s->area = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->area == MAP_FAILED)
		return -errno;
	err = xsk_umem__create(&s->umem, s->area, length, &s->fill, &s->done, &umem);
	if (err) {
		munmap(s->area, length);
		return err;
	}
	fill_all(s);
	err = xsk_socket__create(&s->xsk, s->iface, s->queue, s->umem, &s->rx, &s->tx, &config);
	if (err) {
		s->xsk = NULL;
		close_socket(s);
	}
	return err;
}

static void look(struct sock *s, const unsigned char *frame, unsigned int length)
{
	unsigned int magic, number;

	if (length < PKTGEN_OFFSET + 16)
		return;
	memcpy(&magic, frame + PKTGEN_OFFSET, 4);
	memcpy(&number, frame + PKTGEN_OFFSET + 4, 4);
	if (ntohl(magic) != PKTGEN_MAGIC)
		return;
	number = ntohl(number);
	if (s->last && number <= s->last && !s->any_order) {
		fprintf(stderr, "zc: %s queue %u: frame %u after frame %u\n", s->iface, s->queue,
			number, s->last);
		exit(1);
	}
	s->last = number;
	if (s->delays) {
		unsigned int stamp[2], us; /* seconds, microseconds; wall clock */

		memcpy(stamp, frame + PKTGEN_OFFSET + 8, sizeof(stamp));
		us = s->now_us - (ntohl(stamp[0]) * 1000000 + ntohl(stamp[1]));
		s->delays->frames[us < DELAY_MAX ? us : DELAY_MAX]++;
	}
}

static unsigned int wall_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (unsigned int)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}

/* Return: how many frames there were. */
static unsigned int receive(struct sock *s)
{
	__u32 from, to;
	unsigned int i, n = xsk_ring_cons__peek(&s->rx, BATCH, &from);

	if (!n)
		return 0;
	if (s->delays)
		s->now_us = wall_us();
	if (xsk_ring_prod__reserve(&s->fill, n, &to) != n)
		die(s, "more buffers than there are", EOVERFLOW);
	for (i = 0; i < n; i++) {
		const struct xdp_desc *desc = xsk_ring_cons__rx_desc(&s->rx, from + i);

		look(s, (unsigned char *)s->area + desc->addr, desc->len);
		*xsk_ring_prod__fill_addr(&s->fill, to + i) = desc->addr;
	}
	xsk_ring_cons__release(&s->rx, n);
	xsk_ring_prod__submit(&s->fill, n);
	s->totals.frames += n;
	return n;
}

/* Up to @max frames of our own, of a protocol that nobody takes. */
static void transmit(struct sock *s, unsigned int max)
{
	__u32 pos;
	unsigned int i, n = xsk_ring_cons__peek(&s->done, s->size->tx, &pos);

	for (i = 0; i < n; i++) {
		if (s->n_idle_tx == s->size->tx)
			die(s, "more completions than frames sent", EOVERFLOW);
		s->idle_tx[s->n_idle_tx++] = *xsk_ring_cons__comp_addr(&s->done, pos + i);
	}
	xsk_ring_cons__release(&s->done, n);
	s->totals.completed += n;
	n = s->n_idle_tx < max ? s->n_idle_tx : max;
	n = xsk_ring_prod__reserve(&s->tx, n, &pos);
	for (i = 0; i < n; i++) {
		struct xdp_desc *desc = xsk_ring_prod__tx_desc(&s->tx, pos + i);
		unsigned char *frame;

		*desc = (struct xdp_desc){ .addr = s->idle_tx[--s->n_idle_tx], .len = LENGTH };
		frame = (unsigned char *)s->area + desc->addr;
		memset(frame, 0, LENGTH);
		frame[5] = frame[11] = 2; /* 00:00:00:00:00:02 */
		frame[12] = 0x88;	  /* 0x88b5: for experiments */
		frame[13] = 0xb5;
	}
	xsk_ring_prod__submit(&s->tx, n);
	s->totals.sent += n;
	/* Without link it fails; that is no matter of ours. */
	if (xsk_ring_prod__needs_wakeup(&s->tx))
		(void)!sendto(xsk_socket__fd(s->xsk), NULL, 0, MSG_DONTWAIT, NULL, 0);
}

/* Return: 0, or -errno if the socket can do no more. */
static int serve(struct sock *s, int timeout_ms)
{
	struct pollfd pfd = { .fd = xsk_socket__fd(s->xsk), .events = POLLIN };

	if (poll(&pfd, 1, timeout_ms) < 0 && errno != EINTR)
		return -errno;
	receive(s);
	transmit(s, 8);
	return 0;
}

/* No frame comes any more: take what there is, and what the kernel says it lost. */
static void settle(struct sock *s, int map)
{
	struct xdp_statistics stats;
	socklen_t length = sizeof(stats);

	bpf_map_delete_elem(map, &s->queue);
	/* Polls that still saw the entry have ended when RCU says so. */
	if (syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0))
		die(s, "membarrier", errno);
	while (receive(s))
		;
	if (getsockopt(xsk_socket__fd(s->xsk), SOL_XDP, XDP_STATISTICS, &stats, &length))
		die(s, "XDP_STATISTICS", errno);
	s->totals.lost += stats.rx_dropped + stats.rx_ring_full;
}

static void turn(struct sock *s, int map)
{
	bool zerocopy = rand() % 3;
	unsigned int flags = zerocopy ? XDP_ZEROCOPY : XDP_COPY;
	double end;
	int fd, err;

	if (rand() % 4)
		flags |= XDP_USE_NEED_WAKEUP;
	err = open_socket(s, rand() % 2 ? 2048 : 4096, flags);
	if (err == -EBUSY || err == -ENETDOWN) {
		/* The last socket's pool is still on its way out; the port is down. */
		s->totals.refused++;
		usleep(20000);
		return;
	}
	if (err)
		die(s, zerocopy ? "bind, zero-copy" : "bind, copy", -err);
	s->totals.zerocopy += zerocopy;
	s->totals.copy += !zerocopy;
	fd = xsk_socket__fd(s->xsk);
	if (bpf_map_update_elem(map, &s->queue, &fd, BPF_ANY))
		die(s, "map", errno);
	end = now() + rand() % 400 / 1000.0;
	do {
		err = serve(s, 20);
		if (err)
			die(s, "poll", -err);
	} while (now() < end);
	settle(s, map);
	close_socket(s);
}

/* Of this process so far, user and system. */
static double cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1e9 + ts.tv_nsec;
}

/* The smallest delay that @share of the frames did not exceed. */
static unsigned int quantile(const struct delays *d, double share)
{
	unsigned long long sum = 0, total = 0;
	unsigned int i;

	for (i = 0; i <= DELAY_MAX; i++)
		total += d->frames[i];
	for (i = 0; i < DELAY_MAX; i++) {
		sum += d->frames[i];
		if (sum && sum >= share * total)
			break;
	}
	return i;
}

static void print(const struct sock *s)
{
	const struct totals *t = &s->totals;

	if (s->delays)
		printf("{\"p50\":%u,\"p99\":%u,\"cpu_ns\":%.0f}\n", quantile(s->delays, 0.5),
		       quantile(s->delays, 0.99), cpu_ns());
	printf("{\"queue\":%u,\"zerocopy\":%u,\"copy\":%u,\"refused\":%u,\"frames\":%llu,"
	       "\"lost\":%llu,\"sent\":%llu,\"completed\":%llu}\n",
	       s->queue, t->zerocopy, t->copy, t->refused, t->frames, t->lost, t->sent,
	       t->completed);
	fflush(stdout);
}

static int storm(const char *iface, unsigned int queue, double seconds, int map)
{
	struct sock s = { .iface = iface, .queue = queue, .size = &small };
	double end = now() + seconds;

	srand(queue + 1);
	/* On a slow machine the time may be over before anything has happened. */
	while ((now() < end || s.totals.zerocopy < 2 || s.totals.copy < 2) && !stop)
		turn(&s, map);
	print(&s);
	return 0;
}

static int hold(const char *iface, int map)
{
	struct sock s[2] = { { .iface = iface, .size = &small },
			     { .iface = iface, .queue = 1, .size = &small } };
	bool told = false;
	unsigned int i;

	for (i = 0; i < 2; i++) {
		int fd, err, tries = 0;

		do {
			err = open_socket(&s[i], 2048, XDP_ZEROCOPY | XDP_USE_NEED_WAKEUP);
			if (err == -EBUSY)
				usleep(20000);
		} while (err == -EBUSY && ++tries < 500);
		if (err)
			die(&s[i], "bind, zero-copy", -err);
		fd = xsk_socket__fd(s[i].xsk);
		if (bpf_map_update_elem(map, &s[i].queue, &fd, BPF_ANY))
			die(&s[i], "map", errno);
	}
	while (!stop) {
		for (i = 0; i < 2; i++)
			serve(&s[i], 1); /* fails when the device is gone: go on all the same */
		if (!told && s[0].totals.frames > LOADED && s[1].totals.frames > LOADED) {
			puts("loaded");
			fflush(stdout);
			told = true;
		}
	}
	for (i = 0; i < 2; i++) {
		settle(&s[i], map);
		close_socket(&s[i]);
		print(&s[i]);
	}
	return 0;
}

/* A socket on queue 0 with large rings. */
static void open_large(struct sock *s, const char *mode)
{
	unsigned int flags = XDP_USE_NEED_WAKEUP;
	int err;

	flags |= strcmp(mode, "zerocopy") ? XDP_COPY : XDP_ZEROCOPY;
	err = open_socket(s, 2048, flags);
	if (err)
		die(s, mode, -err);
}

/* Poll the device by our own system calls: its interrupts stay off while we do. */
static void be_busy(struct sock *s)
{
	int fd = xsk_socket__fd(s->xsk), one = 1, usecs = 20, budget = BATCH;

	if (setsockopt(fd, SOL_SOCKET, SO_PREFER_BUSY_POLL, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL, &usecs, sizeof(usecs)) ||
	    setsockopt(fd, SOL_SOCKET, SO_BUSY_POLL_BUDGET, &budget, sizeof(budget)))
		die(s, "busy poll", errno);
}

static int only_receive(const char *iface, const char *mode, bool busy, int map)
{
	struct sock s = { .iface = iface, .size = &large, .any_order = true };
	struct pollfd pfd = { .events = POLLIN };
	int fd;

	s.delays = calloc(1, sizeof(*s.delays));
	if (!s.delays)
		die(&s, "delays", ENOMEM);
	open_large(&s, mode);
	fd = xsk_socket__fd(s.xsk);
	if (busy)
		be_busy(&s);
	if (bpf_map_update_elem(map, &s.queue, &fd, BPF_ANY))
		die(&s, "map", errno);
	puts("ready");
	fflush(stdout);
	pfd.fd = fd;
	while (!stop) {
		if (busy)
			recvfrom(fd, NULL, 0, MSG_DONTWAIT, NULL, NULL);
		else
			poll(&pfd, 1, 100);
		while (receive(&s))
			;
	}
	settle(&s, map);
	close_socket(&s);
	print(&s);
	free(s.delays);
	return 0;
}

/* Return: whether it could be opened. */
static int only_open(const char *iface, const char *mode)
{
	struct sock s = { .iface = iface, .size = &small };
	unsigned int flags = strcmp(mode, "zerocopy") ? XDP_COPY : XDP_ZEROCOPY;
	int err, tries = 0;

	do {
		err = open_socket(&s, 2048, flags | XDP_USE_NEED_WAKEUP);
		if (err == -EBUSY)
			usleep(20000);
	} while (err == -EBUSY && ++tries < 500);
	if (!err)
		close_socket(&s);
	return !!err;
}

static int only_send(const char *iface, const char *mode, unsigned long long count, bool busy)
{
	struct sock s = { .iface = iface, .size = &large };

	open_large(&s, mode);
	if (busy)
		be_busy(&s);
	while (s.totals.completed < count && !stop) {
		unsigned long long left = count - s.totals.sent;

		transmit(&s, left < TX_MAX ? left : TX_MAX);
	}
	close_socket(&s);
	print(&s);
	return 0;
}

int main(int argc, char **argv)
{
	int map = bpf_obj_get(XSKS);

	signal(SIGTERM, on_signal);
	if (map < 0) {
		fprintf(stderr, "zc: no map '%s': load steer.bpf.o first\n", XSKS);
		return 1;
	}
	if (argc == 5 && !strcmp(argv[1], "storm"))
		return storm(argv[2], atoi(argv[3]), atof(argv[4]), map);
	if (argc == 3 && !strcmp(argv[1], "hold"))
		return hold(argv[2], map);
	if (argc == 4 && !strcmp(argv[1], "open"))
		return only_open(argv[2], argv[3]);
	if (argc >= 4 && !strcmp(argv[1], "receive"))
		return only_receive(argv[2], argv[3], argc == 5, map);
	if (argc >= 5 && !strcmp(argv[1], "send"))
		return only_send(argv[2], argv[3], atoll(argv[4]), argc == 6);
	fprintf(stderr, "usage: zc storm IFACE QUEUE SECONDS | zc hold IFACE | zc receive IFACE "
			"MODE [busy] | zc send IFACE MODE COUNT [busy]\n");
	return 2;
}
