/* SPDX-License-Identifier: GPL-2.0-only */
/* sinks.c and count.c: what -s may say, and the two sinks that keep nothing. */
#include "sink_fake.h"
#include "sink_stubs.h"

static void expect(const char *spec, const char *name, const char *arg)
{
	const struct sink_ops *ops;
	const char *got = "unset";
	char why[256] = "";

	ops = sink_find(spec, &got, why, sizeof(why));
	CHECK(ops, "%s: %s", spec, why);
	CHECK(!strcmp(ops->name, name), "%s found %s", spec, ops->name);
	CHECK(arg ? got && !strcmp(got, arg) : !got, "%s: argument %s", spec, got ? got : "NULL");
}

static void refuse(const char *spec, const char *said)
{
	const char *arg;
	char why[256] = "";

	CHECK(!sink_find(spec, &arg, why, sizeof(why)), "%s was taken", spec);
	CHECK(strstr(why, said) && strstr(why, spec) && !strchr(why, '\n'), "%s: %s", spec, why);
}

static void test_find(void)
{
	expect("count", "count", NULL);
	expect("drop", "drop", NULL);
	expect("echo", "echo", NULL);
	expect("echo:10.0.0.1,::1", "echo", "10.0.0.1,::1");
	expect("pcap:-", "pcap", "-");
	expect("pcap:/tmp/a:b.pcap", "pcap", "/tmp/a:b.pcap");
	refuse("", "unknown sink");
	refuse("coun", "unknown sink");
	refuse("counts", "unknown sink");
	refuse(":count", "unknown sink");
	refuse("count:x", "takes no argument");
	refuse("count:", "takes no argument");
	expect("forward:eth1", "forward", "eth1");
	refuse("forward", "lacks its argument");
	refuse("echo:", "lacks its argument");
	refuse("pcap", "lacks its argument");
	refuse("pcap:", "lacks its argument");
}

static void test_cut_short(void)
{
	const char *arg;
	char why[16];

	CHECK(!sink_find("nonesuch", &arg, why, sizeof(why)), "was taken");
	CHECK(strlen(why) == sizeof(why) - 1, "%s", why);
}

/* Three frames of one, three and two descriptors: three frames, six addresses. */
static void test_keeps_nothing(const char *spec, uint64_t delivered, uint64_t dropped)
{
	static const bool more[] = { false, true, true, false, true, false };
	static const uint8_t data[64];
	struct fake f = { 0 };
	struct xdp_desc desc[6];
	json_t *report;

	fake_open(&f, spec);
	for (int i = 0; i < 6; i++) {
		desc[i] = fake_frame(&f, FAKE_ROOM, data, sizeof(data));
		desc[i].options = more[i] ? XDP_PKT_CONTD : 0;
	}
	CHECK(fake_consume(&f, desc, 6) == 6, "%s kept frames", spec);
	CHECK(fake_delivered(&f) == delivered && fake_dropped(&f) == dropped, "%s", spec);
	fake_balance(&f);
	f.sink->ops->finish(f.sink);
	report = f.sink->ops->report(f.sink);
	CHECK(!strcmp(json_string_value(json_object_get(report, "name")), spec), "%s", spec);
	json_decref(report);
	fake_close(&f);
}

int main(void)
{
	test_find();
	test_cut_short();
	test_keeps_nothing("count", 3, 0);
	test_keeps_nothing("drop", 0, 3);
	return 0;
}
