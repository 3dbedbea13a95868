/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The echo sink around echo_frame(): its use of the TX ring, a stripped tag put back, frames of
 * several descriptors, a ring that is full, a kernel that sends only some per call, arguments.
 */
#define SINK_OWN_WAKE
#include "sink_fake.h"
#include "sink_stubs.h"

#include "echo_build.h"
#include "sinks/echo_frame.h"

static const uint8_t us[6], them[6] = { 2, 0, 0, 0, 0, 9 }; /* lo's MAC address is all zero */

/* The kernel's side: takes @budget descriptors a call off the wire's end of the ring. */
static struct fake *wire;
static uint32_t budget, calls, sent;
static struct xdp_desc last[FAKE_FRAMES];

int afxdp_xsk_wake_tx(struct afxdp_xsk *xsk)
{
	uint32_t pos, n = afxdp_cons_peek(&wire->tx_wire, budget, &pos);
	uint64_t addr;

	(void)xsk;
	calls++;
	for (uint32_t i = 0; i < n; i++) {
		last[sent] = wire->tx_slots[(pos + i) % FAKE_TX];
		addr = last[sent++ % FAKE_FRAMES].addr;
		/* What the completion ring would bring back. */
		fake_took_back(wire, &addr, 1);
	}
	if (n)
		afxdp_cons_release(&wire->tx_wire, n);
	return 0;
}

static void start(struct fake *f, const char *spec, uint32_t per_call)
{
	memset(f, 0, sizeof(*f));
	wire = f;
	budget = per_call;
	calls = 0;
	sent = 0;
	fake_open(f, spec);
}

/* Return: what came back at once. */
static uint32_t ask(struct fake *f, struct build *b, uint32_t n)
{
	struct xdp_desc d[FAKE_FRAMES];

	for (uint32_t i = 0; i < n; i++)
		d[i] = fake_frame(f, FAKE_ROOM, b[i].bytes, b[i].len);
	return fake_consume(f, d, n);
}

static void ping(struct build *b, const char *dst, uint32_t type)
{
	*b = (struct build){ 0 };
	put_ether(b, type ? us : them, type ? them : us, 0, 0x0800);
	put_ipv4(b, type ? "192.0.2.9" : dst, type ? dst : "192.0.2.9", 1, 64, 0, 8 + 20);
	put_ping(b, false, type, 20);
}

static void tcp(struct build *b)
{
	*b = (struct build){ 0 };
	put_ether(b, us, them, 0, 0x0800);
	put_ipv4(b, "192.0.2.9", "192.0.2.1", 6, 64, 0, 20);
	put_data(b, 20);
}

static void finish(struct fake *f, const char *kind, uint32_t answered, uint32_t ignored)
{
	json_t *report = f->sink->ops->report(f->sink);

	fake_balance(f);
	CHECK(json_integer_value(json_object_get(report, kind)) == answered, "%s", kind);
	CHECK(json_integer_value(json_object_get(report, "ignored")) == ignored, "ignored");
	json_decref(report);
	f->sink->ops->finish(f->sink);
	fake_close(f);
}

/* Answers go to the TX ring, the rest comes back; tx_pending is what the worker waits for. */
static void test_mixed(void)
{
	struct build b[5], want;
	struct fake f;

	start(&f, "echo:192.0.2.1", 64);
	ping(&b[0], "192.0.2.1", 8);
	tcp(&b[1]);
	ping(&b[2], "192.0.2.1", 8);
	ping(&b[3], "192.0.2.2", 8);
	ping(&b[4], "192.0.2.1", 8);
	CHECK(ask(&f, b, 5) == 2, "two are not answered");
	CHECK(sent == 3 && calls == 1 && f.xsk.tx_pending == 3, "%u sent in %u calls", sent, calls);
	CHECK(fake_delivered(&f) == 5, "%lu", fake_delivered(&f));
	ping(&want, "192.0.2.1", 0);
	for (uint32_t i = 0; i < 3; i++)
		CHECK(last[i].len == want.len && !last[i].options &&
			      !memcmp(afxdp_xsk_data(&f.xsk, last[i].addr), want.bytes, want.len),
		      "answer %u", i);
	finish(&f, "icmp", 3, 2);
}

/* A call that sends 3 is repeated while it helps; nothing is called that was not asked for. */
static void test_wakeups(void)
{
	struct build b[10];
	struct fake f;

	start(&f, "echo:192.0.2.1", 3);
	for (int i = 0; i < 10; i++)
		ping(&b[i], "192.0.2.1", 8);
	CHECK(ask(&f, b, 10) == 0 && sent == 10 && calls == 4, "%u sent in %u calls", sent, calls);
	f.tx_flags = 0;
	CHECK(ask(&f, b, 5) == 0 && sent == 10 && calls == 4, "a call that nobody wanted");
	CHECK(f.xsk.tx_pending == 15, "%u", f.xsk.tx_pending);
	f.tx_flags = XDP_RING_NEED_WAKEUP;
	CHECK(ask(&f, b, 1) == 0 && sent == 16, "%u sent", sent);
	finish(&f, "icmp", 16, 0);
}

/* The kernel sends nothing: what finds no slot is dropped, and comes back. */
static void test_full(void)
{
	struct build b[FAKE_TX + 5];
	struct fake f;

	start(&f, "echo:192.0.2.1", 0);
	for (int i = 0; i < FAKE_TX + 5; i++)
		ping(&b[i], "192.0.2.1", 8);
	CHECK(ask(&f, b, FAKE_TX + 5) == 5, "what has no room must come back");
	CHECK(fake_dropped(&f) == 5 && fake_delivered(&f) == FAKE_TX, "%lu", fake_dropped(&f));
	CHECK(f.xsk.tx_pending == FAKE_TX, "%u", f.xsk.tx_pending);
	/* It sends again: the ring's slots are found again. */
	budget = 64;
	CHECK(ask(&f, b, 1) == 0 && fake_dropped(&f) == 5, "a slot was free");
	finish(&f, "icmp", FAKE_TX + 1, 0);
}

/* Three descriptors, and never some of them. */
static void test_several(void)
{
	struct build b = { 0 };
	struct xdp_desc d[3 * 6];
	struct fake f;
	uint32_t n = 0;

	start(&f, "echo:192.0.2.1", 0);
	put_ether(&b, us, them, 0, 0x0800);
	put_ipv4(&b, "192.0.2.9", "192.0.2.1", 17, 64, 0, 8 + 1000);
	put_udp(&b, false, 0, 1000, 2000, 1000);
	for (int i = 0; i < 6; i++)
		for (int k = 0; k < 3; k++) {
			uint32_t at = k * 400, len = k < 2 ? 400 : b.len - 800;

			d[n] = fake_frame(&f, FAKE_ROOM, b.bytes + at, len);
			d[n++].options = k < 2 ? XDP_PKT_CONTD | 1U << 7 : 0;
		}
	CHECK(fake_consume(&f, d, n) == 3, "five of six fit into %u slots", FAKE_TX);
	CHECK(fake_delivered(&f) == 5 && fake_dropped(&f) == 1, "%lu", fake_dropped(&f));
	budget = 64;
	afxdp_xsk_wake_tx(&f.xsk);
	CHECK(sent == 15, "%u", sent);
	for (uint32_t i = 0; i < sent; i++)
		CHECK(last[i].addr == d[i].addr && last[i].len == d[i].len &&
			      last[i].options == (i % 3 < 2 ? XDP_PKT_CONTD : 0),
		      "descriptor %u", i);
	finish(&f, "udp", 5, 0);
}

/* The device took the tag off; the answer has it, in front of where the frame began. */
static void test_stripped_tag(void)
{
	struct build tagged = { 0 }, bare, want = { 0 };
	struct xdp_desc d;
	struct fake f;

	start(&f, "echo:192.0.2.1", 64);
	ping(&bare, "192.0.2.1", 8);
	put_ether(&tagged, them, us, 1, 0x0800);
	put_ipv4(&tagged, "192.0.2.1", "192.0.2.9", 1, 64, 0, 28);
	put_ping(&tagged, false, 0, 20);
	want = tagged;
	d = fake_frame(&f, FAKE_ROOM, bare.bytes, bare.len);
	fake_meta(&f, &d,
		  (struct afxdp_meta){ .vlan_tci = 100,
				       .flags = AFXDP_META_VLAN | AFXDP_META_VLAN_STRIP });
	CHECK(fake_consume(&f, &d, 1) == 0 && sent == 1, "not answered");
	CHECK(last[0].addr == d.addr - 4 && last[0].len == want.len &&
		      !memcmp(afxdp_xsk_data(&f.xsk, last[0].addr), want.bytes, want.len),
	      "the tag is not in the answer");
	finish(&f, "icmp", 1, 0);
}

static void refuse(const char *arg)
{
	struct sink_env env = fake_env();
	char why[256] = "";
	struct sink *sink;

	CHECK(sink_echo_ops.open(&sink, arg, &env, why, sizeof(why)) < 0, "%s was taken", arg);
	CHECK(strstr(why, "echo") && !strchr(why, '\n'), "%s: %s", arg, why);
}

static void test_arguments(void)
{
	char many[ECHO_ADDRS * 10 + 20] = "";
	struct fake f;
	json_t *report, *list;

	start(&f, "echo:192.0.2.1,2001:db8::1,192.0.2.3", 64);
	report = f.sink->ops->report(f.sink);
	list = json_object_get(report, "addresses");
	CHECK(json_array_size(list) == 3, "%zu addresses", json_array_size(list));
	CHECK(!strcmp(json_string_value(json_array_get(list, 2)), "2001:db8::1"), "IPv6 is last");
	json_decref(report);
	fake_close(&f);

	/* lo has addresses, whatever else a machine has. */
	start(&f, "echo", 64);
	report = f.sink->ops->report(f.sink);
	CHECK(json_object_get(report, "addresses"), "report");
	json_decref(report);
	fake_close(&f);

	refuse("192.0.2.1,");
	refuse(",192.0.2.1");
	refuse("192.0.2.256");
	refuse("192.0.2.1 ");
	refuse("2001:db8::g");
	refuse("localhost");
	refuse("0000000000000000000000000000000000000000000000000000000000000000000001");
	for (int i = 0; i <= ECHO_ADDRS; i++)
		sprintf(many + strlen(many), "%s10.0.0.%d", i ? "," : "", i);
	refuse(many);
}

int main(void)
{
	test_mixed();
	test_wakeups();
	test_full();
	test_several();
	test_stripped_tag();
	test_arguments();
	return 0;
}
