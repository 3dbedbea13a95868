/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * bare - the yardstick: the smallest AF_XDP receiver there can be, behind a program that only
 * redirects. It never sleeps, never looks at a frame, and gives every frame back at once. With
 * "drop" only a program that drops is attached: the ceiling of the path.
 *
 *	bare [--ring N] OBJECT IFACE redirect|filter|drop [QUEUE...]
 *
 * filter: only UDP to port 4000, the rest is passed. Prints "ready", at SIGTERM one line of JSON.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdbool.h>
#include <net/if.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <linux/if_xdp.h>
#include <unistd.h>
#include <xdp/xsk.h>

enum {
	FRAME = 2048,
	BATCH = 64,
	QUEUES = 64
};

struct receiver {
	struct xsk_ring_prod fill;
	struct xsk_ring_cons completion;
	struct xsk_ring_cons rx;
	struct xsk_umem *umem;
	struct xsk_socket *socket;
	void *memory;
	unsigned long long frames;
	pthread_t thread;
	int queue;
};

static int stop;

/* Slots of each ring, all of them in circulation; a power of two. */
static unsigned int ring = 4096;

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static void die(const char *what, int err)
{
	fprintf(stderr, "bare: %s: %s\n", what, strerror(err < 0 ? -err : err));
	exit(1);
}

static void open_receiver(struct receiver *r, const char *interface, int sockets)
{
	const struct xsk_umem_config umem = {
		.fill_size = ring, .comp_size = ring, .frame_size = FRAME, .frame_headroom = 0
	};
	const struct xsk_socket_config config = {
		.rx_size = ring,
		.libxdp_flags = XSK_LIBXDP_FLAGS__INHIBIT_PROG_LOAD,
		.bind_flags = XDP_USE_NEED_WAKEUP
	};
	__u32 at, i;
	int err;

	r->memory = mmap(NULL, (size_t)ring * FRAME, PROT_READ | PROT_WRITE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (r->memory == MAP_FAILED)
		die("UMEM", errno);
	err = xsk_umem__create(&r->umem, r->memory, (__u64)ring * FRAME, &r->fill, &r->completion,
			       &umem);
	if (err)
		die("UMEM", err);
	err = xsk_socket__create(&r->socket, interface, r->queue, r->umem, &r->rx, NULL, &config);
	if (err)
		die("socket", err);
	if (xsk_ring_prod__reserve(&r->fill, ring, &at) != ring)
		die("fill ring", ENOSPC);
	for (i = 0; i < ring; i++)
		*xsk_ring_prod__fill_addr(&r->fill, at + i) = (__u64)i * FRAME;
	xsk_ring_prod__submit(&r->fill, ring);
	err = xsk_socket__update_xskmap(r->socket, sockets);
	if (err)
		die("socket map", err);
}

/* As many frames are in the fill ring as it has slots, so there is always room to give back. */
static void *receive(void *arg)
{
	struct receiver *r = arg;
	__u32 n, at, to, i;

	while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
		n = xsk_ring_cons__peek(&r->rx, BATCH, &at);
		if (!n)
			continue;
		while (xsk_ring_prod__reserve(&r->fill, n, &to) != n)
			;
		for (i = 0; i < n; i++)
			*xsk_ring_prod__fill_addr(&r->fill, to + i) = xsk_umem__extract_addr(
				xsk_ring_cons__rx_desc(&r->rx, at + i)->addr & ~(__u64)(FRAME - 1));
		xsk_ring_prod__submit(&r->fill, n);
		xsk_ring_cons__release(&r->rx, n);
		r->frames += n;
	}
	return NULL;
}

static unsigned long long dropped(struct receiver *r)
{
	struct xdp_statistics s = {};
	socklen_t size = sizeof(s);

	if (getsockopt(xsk_socket__fd(r->socket), SOL_XDP, XDP_STATISTICS, &s, &size))
		die("statistics", errno);
	/* Includes an empty fill ring; kernels before 5.9 know no more. */
	return s.rx_dropped + s.rx_ring_full;
}

static struct bpf_object *load(const char *path, const char *name)
{
	struct bpf_object *o = bpf_object__open(path);
	struct bpf_program *program;

	if (!o)
		die(path, errno);
	bpf_object__for_each_program(program, o)
		bpf_program__set_autoload(program, !strcmp(bpf_program__name(program), name));
	if (bpf_object__load(o))
		die(path, errno);
	return o;
}

int main(int argc, char **argv)
{
	static struct receiver receivers[QUEUES];
	unsigned long long frames = 0, lost = 0;
	int index, n = 0, i, sockets, signal;
	sigset_t ends;
	struct bpf_object *object;
	struct bpf_link *link;
	char name[32];
	bool drop;

	if (argc > 3 && !strcmp(argv[1], "--ring")) {
		ring = strtoul(argv[2], NULL, 10);
		argc -= 2;
		argv += 2;
	}
	if (ring < BATCH || ring & (ring - 1) || argc < 4 || argc > 4 + QUEUES ||
	    !(index = if_nametoindex(argv[2]))) {
		fputs("usage: bare [--ring N] OBJECT IFACE redirect|filter|drop [QUEUE...]\n",
		      stderr);
		return 2;
	}
	libbpf_set_print(quiet);
	drop = !strcmp(argv[3], "drop");
	snprintf(name, sizeof(name), "bare_%s", argv[3]);
	object = load(argv[1], name);
	sockets = bpf_object__find_map_fd_by_name(object, "sockets");
	for (i = 4; !drop && (i < argc || i == 4); i++) {
		receivers[n].queue = i < argc ? atoi(argv[i]) : 0;
		open_receiver(&receivers[n++], argv[2], sockets);
	}
	sigemptyset(&ends);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGTERM);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	link = bpf_program__attach_xdp(bpf_object__find_program_by_name(object, name), index);
	if (!link)
		die("attach", errno);
	for (i = 0; i < n; i++)
		if (pthread_create(&receivers[i].thread, NULL, receive, &receivers[i]))
			die("thread", errno);
	puts("ready");
	fflush(stdout);
	sigwait(&ends, &signal);
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	bpf_link__destroy(link);
	for (i = 0; i < n; i++) {
		pthread_join(receivers[i].thread, NULL);
		frames += receivers[i].frames;
		lost += dropped(&receivers[i]);
	}
	printf("{\"consumed\":%llu,\"lost\":%llu}\n", frames, lost);
	bpf_object__close(object);
	return 0;
}
