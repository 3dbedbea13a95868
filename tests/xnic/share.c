// SPDX-License-Identifier: GPL-2.0-only
/*
 * share IFACE SECONDS SEED - three zero-copy sockets on one UMEM: two on queue 0, which share their
 * fill and completion rings, one on queue 1 with rings of its own; beside fuzz.bpf.c pinned below
 * /sys/fs/bpf/xnic. The same buffers are given to both queues, sent while they receive, and given
 * back twice; sockets are closed in any order.
 *
 * share IFACE FRAMES calm - the same three send FRAMES frames each, every other one in two buffers,
 * and see that each queue completes all that its sockets have sent.
 *
 * Ends with a line of JSON: what there was.
 */
#include <errno.h>
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
#include <xdp/xsk.h>

#define XSKS	      "/sys/fs/bpf/xnic/maps/xsks"
#define SOCKETS	      3u
#define CHUNKS	      512u
#define CHUNK	      2048u
#define USE_SG	      (1 << 4) /* newer than the headers of the oldest system */
#define CONTINUED     1
#define QUIET_SECONDS 30

static const unsigned int queue_of[SOCKETS] = { 0, 1, 0 };

struct share {
	uint64_t random;
	void *area;
	struct xsk_umem *umem;
	struct xsk_socket *socket[SOCKETS];
	struct xsk_ring_cons rx[SOCKETS], done[2];
	struct xsk_ring_prod tx[SOCKETS], fill[2];
	unsigned long sockets, refused, received, filled, sent[2], completed[2];
};

static uint32_t rnd(struct share *s, uint32_t below)
{
	s->random ^= s->random >> 12;
	s->random ^= s->random << 25;
	s->random ^= s->random >> 27;
	return (uint32_t)((s->random * 0x2545f4914f6cdd1dULL) >> 33) % below;
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec / 1e9;
}

static void __attribute__((noreturn)) die(const char *what, int err)
{
	fprintf(stderr, "share: %s: %s\n", what, strerror(-err));
	exit(1);
}

static void close_all(struct share *s)
{
	unsigned int first = rnd(s, SOCKETS), i;

	for (i = 0; i < SOCKETS; i++) {
		struct xsk_socket **socket = &s->socket[(first + i) % SOCKETS];

		if (*socket)
			xsk_socket__delete(*socket);
		*socket = NULL;
	}
	xsk_umem__delete(s->umem);
	munmap(s->area, (size_t)CHUNKS * CHUNK);
}

/* Return: 0, or -errno of what is refused. */
static int open_all(struct share *s, const char *iface, uint32_t ring, int xsks)
{
	struct xsk_umem_config memory = { .fill_size = CHUNKS,
					  .comp_size = CHUNKS,
					  .frame_size = CHUNK };
	struct xsk_socket_config config = { .rx_size = ring,
					    .tx_size = ring,
					    .libbpf_flags = XSK_LIBBPF_FLAGS__INHIBIT_PROG_LOAD,
					    .bind_flags = XDP_ZEROCOPY };
	unsigned int i;
	int err;

	if (xsks < 0 || rnd(s, 2))
		config.bind_flags |= USE_SG;
	if (rnd(s, 2))
		config.bind_flags |= XDP_USE_NEED_WAKEUP;
	s->area = mmap(NULL, (size_t)CHUNKS * CHUNK, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (s->area == MAP_FAILED)
		die("mmap", -errno);
	err = xsk_umem__create(&s->umem, s->area, (size_t)CHUNKS * CHUNK, &s->fill[0], &s->done[0],
			       &memory);
	if (err)
		die("UMEM", err);
	for (i = 0; i < SOCKETS; i++) {
		unsigned int queue = queue_of[i];
		int fd;

		err = xsk_socket__create_shared(&s->socket[i], iface, queue, s->umem, &s->rx[i],
						&s->tx[i], &s->fill[queue], &s->done[queue],
						&config);
		if (err) {
			s->socket[i] = NULL;
			close_all(s);
			return err;
		}
		fd = xsk_socket__fd(s->socket[i]);
		if (xsks >= 0 && i < 2 && bpf_map_update_elem(xsks, &queue, &fd, BPF_ANY))
			die(XSKS, -errno);
		config.bind_flags = 0; /* as the first one's */
	}
	return 0;
}

static void kick(struct share *s)
{
	(void)!sendto(xsk_socket__fd(s->socket[rnd(s, SOCKETS)]), NULL, 0, MSG_DONTWAIT, NULL, 0);
}

/* Up to @n descriptors; @wild: of any length and flags, else every other frame in two. */
static unsigned int transmit(struct share *s, unsigned int i, unsigned int n, bool wild)
{
	uint32_t at, k;

	n = xsk_prod_nb_free(&s->tx[i], n) < n ? 0 : n;
	if (!n || xsk_ring_prod__reserve(&s->tx[i], n, &at) != n)
		return 0;
	for (k = 0; k < n; k++) {
		struct xdp_desc *desc = xsk_ring_prod__tx_desc(&s->tx[i], at + k);

		desc->addr = (uint64_t)rnd(s, CHUNKS) * CHUNK;
		desc->len = wild ? 1 + rnd(s, CHUNK) : 60;
		desc->options = (wild ? !rnd(s, 3) : k % 3 == 1) ? CONTINUED : 0;
	}
	xsk_ring_prod__submit(&s->tx[i], n);
	return n;
}

static void complete(struct share *s)
{
	unsigned int queue;
	uint32_t at, n;

	for (queue = 0; queue < 2; queue++) {
		n = xsk_ring_cons__peek(&s->done[queue], CHUNKS, &at);
		xsk_ring_cons__release(&s->done[queue], n);
		s->completed[queue] += n;
	}
}

static void drive(struct share *s, double end)
{
	uint32_t at, n, i, k;

	while (now() < end) {
		for (i = 0; i < 2; i++) {
			n = xsk_ring_prod__reserve(&s->fill[i], 32, &at);
			for (k = 0; k < n; k++)
				*xsk_ring_prod__fill_addr(
					&s->fill[i], at + k) = (uint64_t)rnd(s, CHUNKS) * CHUNK;
			xsk_ring_prod__submit(&s->fill[i], n);
			s->filled += n;
		}
		for (i = 0; i < SOCKETS; i++) {
			s->sent[queue_of[i]] += transmit(s, i, 1 + rnd(s, 8), true);
			n = xsk_ring_cons__peek(&s->rx[i], 64, &at);
			xsk_ring_cons__release(&s->rx[i], n);
			s->received += n;
		}
		if (rnd(s, 4))
			complete(s);
		kick(s);
	}
}

static void calm(struct share *s, unsigned long frames)
{
	unsigned long left[SOCKETS];
	double quiet = now() + QUIET_SECONDS;
	unsigned int i;

	for (i = 0; i < SOCKETS; i++)
		left[i] = frames / 2 * 3; /* two frames are three descriptors */
	while (now() < quiet) {
		unsigned long before = s->completed[0] + s->completed[1];

		for (i = 0; i < SOCKETS; i++) {
			unsigned int n = left[i] ? transmit(s, i, 3, false) : 0;

			left[i] -= n;
			s->sent[queue_of[i]] += n;
		}
		complete(s);
		if (s->completed[0] == frames / 2 * 6 && s->completed[1] == frames / 2 * 3)
			break;
		if (s->completed[0] + s->completed[1] != before)
			quiet = now() + QUIET_SECONDS;
		kick(s);
	}
}

int main(int argc, char **argv)
{
	struct share s = {};
	double end;
	int xsks, err;

	if (argc != 4) {
		fprintf(stderr, "usage: share IFACE SECONDS SEED | share IFACE FRAMES calm\n");
		return 2;
	}
	s.random = strtoull(argv[3], NULL, 0) * 2 + 1;
	if (!strcmp(argv[3], "calm")) {
		err = open_all(&s, argv[1], 1024, -1);
		if (err)
			die("bind", err);
		calm(&s, strtoul(argv[2], NULL, 0));
		close_all(&s);
	} else {
		(void)!nice(10);
		xsks = bpf_obj_get(XSKS);
		if (xsks < 0)
			die(XSKS, -errno);
		for (end = now() + strtod(argv[2], NULL); now() < end;) {
			err = open_all(&s, argv[1], 64u << rnd(&s, 4), xsks);
			if (err) {
				s.refused++;
				usleep(20000);
				continue;
			}
			drive(&s, now() + 0.1 + rnd(&s, 400) / 1000.0);
			close_all(&s);
			s.sockets += SOCKETS;
		}
	}
	printf("{\"sockets\":%lu,\"refused\":%lu,\"received\":%lu,\"filled\":%lu,\"sent\":[%lu,%lu],\"completed\":[%lu,%lu]}\n",
	       s.sockets, s.refused, s.received, s.filled, s.sent[0], s.sent[1], s.completed[0],
	       s.completed[1]);
	return 0;
}
