/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * xdp_statistics RX TX - every counter of XDP_STATISTICS, provoked on purpose over a veth pair
 * whose ends are RX and TX, and what the ledger makes of it.
 */
#include "t.h"

#include <bpf/libbpf.h>
#include <errno.h>
#include <net/if.h>
#include <linux/if_packet.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "account.h"
#include "prog.h"
#include "xsk.h"

#define RING   64
#define FRAMES 256
#define CHUNK  2048

struct bench {
	const char *name;
	struct afxdp_prog prog;
	struct afxdp_xsk xsk;
	int sender;
	uint64_t sent;
};

static const char *rx_name, *tx_name;

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_WARN ? vfprintf(stderr, format, args) : 0;
}

static void set_up(struct bench *b, const char *name)
{
	struct sockaddr_ll to = { .sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(tx_name) };
	struct afxdp_prog_config program = {
		.ifname = rx_name,
		.ifindex = if_nametoindex(rx_name),
		.queues = 1,
		.run = { .default_verdict = AFXDP_CAPTURE },
	};
	struct afxdp_xsk_config socket_config = {
		.ifindex = program.ifindex,
		.frames = FRAMES,
		.frame_size = CHUNK,
		.ring = RING,
	};
	const char *why;
	int err;

	memset(b, 0, sizeof(*b));
	b->name = name;
	err = afxdp_prog_load(&b->prog, &program);
	CHECK(!err, "%s: %s", name, b->prog.why);
	err = afxdp_xsk_open(&b->xsk, &socket_config, &why);
	CHECK(!err, "%s: %s: %s", name, why, strerror(-err));
	CHECK(!b->xsk.zerocopy, "%s: in zero-copy mode these counters mean something else", name);
	CHECK(!afxdp_prog_claim(&b->prog, 0, b->xsk.fd), "%s: claim", name);
	err = afxdp_prog_attach(&b->prog);
	CHECK(!err, "%s: %s", name, b->prog.why);
	b->sender = socket(AF_PACKET, SOCK_RAW | SOCK_CLOEXEC, 0);
	CHECK(b->sender >= 0 && !bind(b->sender, (struct sockaddr *)&to, sizeof(to)), "%s: %s",
	      tx_name, strerror(errno));
}

static void take_down(struct bench *b)
{
	close(b->sender);
	afxdp_prog_close(&b->prog);
	afxdp_xsk_close(&b->xsk);
}

static struct afxdp_ledger ledger(struct bench *b)
{
	struct afxdp_ledger l;

	CHECK(!afxdp_prog_ledger(&b->prog, 0, &l), "%s: ledger", b->name);
	return l;
}

/* @n frames of @len bytes into the other end, and through the program. */
static void send_frames(struct bench *b, uint32_t n, uint32_t len)
{
	static uint8_t frame[9014] = { 2, 0, 0, 0, 0, 2, 2, 0, 0, 0, 0, 1, 0x88, 0xb5 };
	struct timespec nap = { .tv_nsec = 1000000 };

	for (uint32_t i = 0; i < n; i++)
		CHECK(send(b->sender, frame, len, 0) == (ssize_t)len, "%s: send: %s", b->name,
		      strerror(errno));
	b->sent += n;
	for (int ms = 0; ledger(b).captured < b->sent; ms++) {
		CHECK(ms < 10000, "%s: %lu frames sent, %lu captured", b->name, b->sent,
		      (uint64_t)ledger(b).captured);
		nanosleep(&nap, NULL);
	}
}

/* Descriptors waiting in the RX ring. */
static uint32_t ready(struct bench *b)
{
	uint32_t pos;

	return afxdp_cons_peek(&b->xsk.rx, RING, &pos);
}

/* All six counters are as in @want, and the ledger balances with @frames in the RX ring. */
static struct afxdp_account check(struct bench *b, struct afxdp_xsk_stats want, uint32_t frames)
{
	struct afxdp_account a = { 0 };
	struct afxdp_ledger l = ledger(b);
	struct afxdp_xsk_stats s;

	CHECK(!afxdp_xsk_stats(&b->xsk, &s), "%s: XDP_STATISTICS", b->name);
	if (!s.complete)
		SKIP("this kernel gives three of the six counters");
#define SAME(field) \
	CHECK(s.field == want.field, "%s: " #field " is %lu, not %lu", b->name, s.field, want.field)
	SAME(rx_ring_full);
	SAME(rx_fill_ring_empty_descs);
	SAME(rx_dropped);
	SAME(rx_invalid_descs);
	SAME(tx_invalid_descs);
	SAME(tx_ring_empty_descs);
#undef SAME
	afxdp_account_add_program(&a, &l);
	afxdp_account_add_socket(&a, &s, false);
	afxdp_account_add_sink(&a, frames, frames, 0);
	afxdp_account_balance(&a);
	CHECK(a.received == b->sent && a.unexplained == 0,
	      "%s: %lu sent, %lu received, %lu unexplained", b->name, b->sent, a.received,
	      a.unexplained);
	printf("%s: seen\n", b->name);
	return a;
}

/* Free frames there are, but nobody empties the RX ring. */
static void rx_ring_full(void)
{
	struct afxdp_account a;
	struct bench b;
	uint32_t pos;

	set_up(&b, "rx_ring_full");
	send_frames(&b, RING, 100);
	/* The library gives no more than have room in the RX ring. */
	CHECK(afxdp_prod_reserve(&b.xsk.fill, 1, &pos) == 1, "no room in the fill ring");
	b.xsk.fill_addr[pos & b.xsk.fill.mask] = (uint64_t)RING * CHUNK;
	afxdp_prod_submit(&b.xsk.fill);
	send_frames(&b, 100, 100);
	a = check(&b, (struct afxdp_xsk_stats){ .rx_ring_full = 100 }, RING);
	CHECK(a.ring_full == 100 && ready(&b) == RING, "%lu", a.ring_full);
	take_down(&b);
}

/* The other way round. Once frames are given, it goes on. */
static void rx_fill_ring_empty(void)
{
	uint64_t back[RING];
	struct afxdp_account a;
	uint32_t pos, n;
	struct bench b;

	set_up(&b, "rx_fill_ring_empty_descs");
	send_frames(&b, RING, 100);
	n = afxdp_cons_peek(&b.xsk.rx, RING, &pos);
	CHECK(n == RING, "%u of %u frames", n, RING);
	for (uint32_t i = 0; i < n; i++)
		back[i] = b.xsk.rx_desc[(pos + i) & b.xsk.rx.mask].addr;
	afxdp_cons_release(&b.xsk.rx, n);
	send_frames(&b, 50, 100);
	a = check(&b, (struct afxdp_xsk_stats){ .rx_fill_ring_empty_descs = 50, .rx_dropped = 50 },
		  RING);
	CHECK(a.fill_empty == 50 && a.kernel_dropped == 0, "%lu", a.fill_empty);
	afxdp_xsk_refill(&b.xsk, back, n);
	send_frames(&b, 10, 100);
	CHECK(ready(&b) == 10, "%u frames after the refill", ready(&b));
	take_down(&b);
}

/* Frames that need more descriptors than there are: dropped by the socket, and not for an empty
 * fill ring. */
static void rx_dropped(void)
{
	struct afxdp_account a;
	struct bench b;

	set_up(&b, "rx_dropped");
	if (!b.xsk.sg) {
		printf("rx_dropped: no multi-buffer sockets here\n");
		send_frames(&b, 40, 3000);
		a = check(&b, (struct afxdp_xsk_stats){ .rx_dropped = 40 }, 0);
		CHECK(a.kernel_dropped == 40, "%lu", a.kernel_dropped);
	} else {
		/* Three chunks each, so that one is left: with none, the fill ring is empty. */
		send_frames(&b, RING / 3 + 40, 5000);
		a = check(&b, (struct afxdp_xsk_stats){ .rx_dropped = 40 }, RING / 3);
		CHECK(a.kernel_dropped == 40 && a.fill_empty == 0, "%lu", a.kernel_dropped);
		CHECK(ready(&b) == RING / 3 * 3, "%u descriptors", ready(&b));
	}
	take_down(&b);
}

/*
 * Addresses outside of the UMEM in the fill ring: passed over, and no frame is lost by them. The
 * kernel counts them at the fill ring and reports, up to 6.18 at least, the count of the RX ring
 * (net/xdp/xsk.c, xsk_getsockopt), which it never increments: so 0 is what can be seen. Should a
 * kernel report them one day, it must be these three.
 */
static void rx_invalid_descs(void)
{
	struct afxdp_xsk_stats s;
	struct bench b;

	set_up(&b, "rx_invalid_descs");
	for (uint32_t i = 0; i < 3; i++)
		b.xsk.fill_addr[(b.xsk.fill.head - RING + i) & b.xsk.fill.mask] = (uint64_t)FRAMES *
											  CHUNK +
										  i * CHUNK;
	send_frames(&b, RING - 3, 100);
	CHECK(!afxdp_xsk_stats(&b.xsk, &s), "XDP_STATISTICS");
	CHECK(s.rx_invalid_descs == 0 || s.rx_invalid_descs == 3, "%lu", s.rx_invalid_descs);
	check(&b, (struct afxdp_xsk_stats){ .rx_invalid_descs = s.rx_invalid_descs }, RING - 3);
	CHECK(ready(&b) == RING - 3, "%u descriptors", ready(&b));
	take_down(&b);
}

static void tx_invalid_descs(void)
{
	struct afxdp_xsk_stats s;
	struct bench b;
	uint32_t pos;

	set_up(&b, "tx_invalid_descs");
	CHECK(afxdp_prod_reserve(&b.xsk.tx, 2, &pos) == 2, "no room in the TX ring");
	b.xsk.tx_desc[pos & b.xsk.tx.mask] = (struct xdp_desc){ .addr = (uint64_t)FRAMES * CHUNK,
								.len = 60 };
	b.xsk.tx_desc[(pos + 1) & b.xsk.tx.mask] = (struct xdp_desc){ .addr = CHUNK - 8,
								      .len = 60 };
	afxdp_prod_submit(&b.xsk.tx);
	/* Some kernels take both in one go, some stop at each. */
	for (int i = 0; i < 2; i++)
		afxdp_xsk_wake_tx(&b.xsk);
	CHECK(!afxdp_xsk_stats(&b.xsk, &s), "XDP_STATISTICS");
	CHECK(s.tx_invalid_descs == 2, "%lu", s.tx_invalid_descs);
	CHECK(!s.rx_dropped && !s.rx_ring_full && !s.rx_invalid_descs, "a wrong counter");
	printf("tx_invalid_descs: seen\n");
	take_down(&b);
}

static void tx_ring_empty(void)
{
	struct afxdp_xsk_stats s;
	struct bench b;

	set_up(&b, "tx_ring_empty_descs");
	CHECK(!afxdp_xsk_stats(&b.xsk, &s) && !s.tx_ring_empty_descs, "%lu before",
	      s.tx_ring_empty_descs);
	for (uint32_t i = 0; i < 5; i++)
		afxdp_xsk_wake_tx(&b.xsk);
	check(&b, (struct afxdp_xsk_stats){ .tx_ring_empty_descs = 5 }, 0);
	take_down(&b);
}

int main(int argc, char **argv)
{
	CHECK(argc == 3, "usage: xdp_statistics RX TX");
	rx_name = argv[1];
	tx_name = argv[2];
	libbpf_set_print(quiet);
	rx_ring_full();
	rx_fill_ring_empty();
	rx_dropped();
	rx_invalid_descs();
	tx_invalid_descs();
	tx_ring_empty();
	return 0;
}
