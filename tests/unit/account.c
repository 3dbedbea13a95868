/* SPDX-License-Identifier: GPL-2.0-only */
/* The ledger's sums: they balance when every frame is in one place, and say by how much when not. */
#include "t.h"

#include <string.h>
#include "account.h"
#include "rnd.h"

/* What happened to a number of frames, each in exactly one place, told by those who count. */
struct story {
	struct afxdp_ledger program;
	struct afxdp_xsk_stats socket;
	uint64_t consumed, delivered, dropped;
};

static struct story tell(bool zerocopy)
{
	struct story s = { 0 };
	struct afxdp_ledger *l = &s.program;
	uint64_t other = rnd(100), empty = rnd(100);

	l->passed = rnd(1000);
	l->dropped = rnd(1000);
	l->limited = rnd(1000);
	l->aborted = rnd(10);
	l->tx = rnd(1000);
	l->unclaimed = rnd(1000);
	s.delivered = rnd(100000);
	s.dropped = rnd(1000);
	s.consumed = s.delivered + s.dropped;
	s.socket.rx_ring_full = rnd(100);
	/* Copy mode counts a frame that finds no free one in both; zero-copy counts attempts. */
	s.socket.rx_dropped = zerocopy ? other : other + empty;
	s.socket.rx_fill_ring_empty_descs = zerocopy ? rnd(100000) : empty;
	s.socket.rx_invalid_descs = rnd(100);
	s.socket.tx_ring_empty_descs = rnd(100);
	l->captured = s.consumed + s.socket.rx_ring_full + s.socket.rx_dropped;
	l->received = l->passed + l->dropped + l->limited + l->aborted + l->tx + l->unclaimed +
		      l->captured;
	l->fragments = rnd(l->received + 1); /* oddities are in no sum */
	return s;
}

static void add(struct afxdp_account *a, const struct story *s, bool zerocopy)
{
	afxdp_account_add_program(a, &s->program);
	afxdp_account_add_socket(a, &s->socket, zerocopy);
	afxdp_account_add_sink(a, s->consumed, s->delivered, s->dropped);
}

static void test_balances(void)
{
	for (int run = 0; run < 1000; run++) {
		struct afxdp_account a = { 0 };
		bool zerocopy = run & 1;

		for (int queue = 0; queue < 4; queue++) {
			struct story s = tell(zerocopy);

			add(&a, &s, zerocopy);
		}
		afxdp_account_balance(&a);
		CHECK(a.unexplained == 0, "%lu unexplained", a.unexplained);
		CHECK(a.received >= a.captured && a.captured >= a.consumed &&
			      a.consumed == a.delivered + a.sink_dropped,
		      "out of order");
		CHECK(zerocopy ? a.fill_empty == 0 : a.kernel_dropped <= 4 * 100, "%lu %lu",
		      a.fill_empty, a.kernel_dropped);
	}
}

/* One counter off, in either direction: so many frames are unexplained, also twice over. */
static void test_unbalanced(void)
{
	static const char *const once[] = {
		"received",  "passed",	     "dropped",	  "limited",	"aborted",
		"tx",	     "unclaimed",    "ring_full", "fill_empty", "kernel_dropped",
		"delivered", "sink_dropped", "held"
	};
	static const char *const twice[] = { "captured", "consumed" };

	for (const struct afxdp_account_field *f = afxdp_account_fields; f->name; f++) {
		struct afxdp_account a = { 0 };
		struct story s = tell(false);
		uint64_t *value = (uint64_t *)((char *)&a + f->offset), times = 0;

		for (size_t i = 0; i < sizeof(once) / sizeof(*once); i++)
			times += !strcmp(f->name, once[i]);
		for (size_t i = 0; i < sizeof(twice) / sizeof(*twice); i++)
			times += 2 * !strcmp(f->name, twice[i]);
		add(&a, &s, false);
		*value += 7;
		CHECK(afxdp_account_value(&a, f) == *value, "%s", f->name);
		afxdp_account_balance(&a);
		CHECK(a.unexplained == 7 * times, "%s 7 too many: %lu unexplained", f->name,
		      a.unexplained);
		if (!strcmp(f->name, "unexplained"))
			continue;
		*value -= 7 + 3;
		afxdp_account_balance(&a);
		CHECK(a.unexplained == 3 * times || *value > 1ULL << 63,
		      "%s 3 too few: %lu unexplained", f->name, a.unexplained);
	}
}

/* Errors must not make up for each other. */
static void test_no_cancelling(void)
{
	struct afxdp_account a = { 0 };
	struct story s = tell(false);

	add(&a, &s, false);
	a.received += 5;
	a.delivered += 5;
	afxdp_account_balance(&a);
	CHECK(a.unexplained == 10, "%lu", a.unexplained);
}

/* Read one after the other, the two may disagree for a moment: no frame is counted twice then. */
static void test_torn_socket(void)
{
	struct afxdp_account a = { 0 };
	struct afxdp_xsk_stats s = { .rx_dropped = 5, .rx_fill_ring_empty_descs = 8 };

	afxdp_account_add_socket(&a, &s, false);
	CHECK(a.fill_empty == 5 && a.kernel_dropped == 0, "%lu %lu", a.fill_empty,
	      a.kernel_dropped);
}

static void test_fields(void)
{
	size_t n = 0;

	for (const struct afxdp_account_field *f = afxdp_account_fields; f->name; f++, n++)
		CHECK(f->offset == n * sizeof(uint64_t) && f->what[0], "%s", f->name);
	CHECK(n * sizeof(uint64_t) == sizeof(struct afxdp_account), "%zu fields", n);
}

int main(void)
{
	test_fields();
	test_balances();
	test_unbalanced();
	test_no_cancelling();
	test_torn_socket();
	return 0;
}
