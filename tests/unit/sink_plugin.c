/* SPDX-License-Identifier: GPL-2.0-only */
/* The plugin sink: how a plugin is called and with what, the example, and every way in which a file
 * can be no plugin. */
#include "sink_fake.h"
#include "sink_stubs.h"

#include <libgen.h>
#include <limits.h>

static char odd[PATH_MAX], example[PATH_MAX];

static const char *file(int n, const char *arg)
{
	static char spec[PATH_MAX + 64];

	snprintf(spec, sizeof(spec), "plugin:%s%d.so%s%s", odd, n, arg ? ":" : "", arg ? arg : "");
	return spec;
}

static void test_calls(void)
{
	static const char want[] = "open a:b 1 lo; start 0; 60=60:Am; 100+200+50=350:B; 61=61:C;"
				   " 1+1=2:D; 62=62:E; 63=63:F; finish";
	uint8_t data[200];
	struct fake f = { 0 };
	struct xdp_desc d[8];
	json_t *report;
	const char *log;

	fake_open(&f, file(0, "a:b"));
	memset(data, 'A', sizeof(data));
	d[0] = fake_frame(&f, FAKE_ROOM, data, 60);
	fake_meta(&f, &d[0], (struct afxdp_meta){ .rx_ns = 1 });
	memset(data, 'B', sizeof(data));
	d[1] = fake_frame(&f, FAKE_ROOM, data, 100);
	d[2] = fake_frame(&f, FAKE_ROOM, data, 200);
	d[3] = fake_frame(&f, FAKE_ROOM, data, 50);
	d[1].options = d[2].options = XDP_PKT_CONTD;
	memset(data, 'C', sizeof(data));
	d[4] = fake_frame(&f, FAKE_ROOM, data, 61);
	memset(data, 'D', sizeof(data));
	d[5] = fake_frame(&f, FAKE_ROOM, data, 1);
	d[6] = fake_frame(&f, FAKE_ROOM, data, 1);
	d[5].options = XDP_PKT_CONTD;
	memset(data, 'E', sizeof(data));
	d[7] = fake_frame(&f, FAKE_ROOM, data, 62);
	CHECK(fake_consume(&f, d, 8) == 8, "nothing is kept");
	CHECK(fake_delivered(&f) == 3 && fake_dropped(&f) == 2, "%lu", fake_dropped(&f));
	/* A plugin that claims to have dropped more than there was. */
	memset(data, 'F', sizeof(data));
	d[0] = fake_frame(&f, 0, data, 63);
	CHECK(fake_consume(&f, d, 1) == 1 && fake_dropped(&f) == 3, "%lu", fake_dropped(&f));
	f.sink->ops->finish(f.sink);
	fake_balance(&f);
	report = f.sink->ops->report(f.sink);
	log = json_string_value(json_object_get(json_object_get(report, "report"), "log"));
	CHECK(log && !strcmp(log, want), "%s", log);
	CHECK(!strcmp(json_string_value(json_object_get(report, "plugin")), "odd"), "its name");
	json_decref(report);
	fake_close(&f);
}

/* A batch of more descriptors than are shown at once, in which a frame would be cut. */
static void test_large_batch(void)
{
	static struct xdp_desc d[600];
	static uint64_t back[600];
	struct fake f = { 0 };
	uint8_t data[60] = { 0 };
	uint32_t frames = 0;

	fake_open(&f, file(0, NULL));
	d[0] = fake_frame(&f, FAKE_ROOM, data, sizeof(data));
	for (int i = 1; i < 600; i++)
		d[i] = d[0];
	d[254].options = d[255].options = XDP_PKT_CONTD;
	for (int i = 0; i < 600; i++)
		frames += !d[i].options;
	CHECK(f.sink->ops->consume(f.port, d, 600, back) == 600, "nothing is kept");
	CHECK(fake_delivered(&f) == frames - 1 && fake_dropped(&f) == 1, "%lu and %lu of %u",
	      fake_delivered(&f), fake_dropped(&f), frames);
	fake_close(&f);
}

/* A plugin that was built when the structure ended earlier: what it did not have is not called. */
static void test_older(void)
{
	struct fake f = { 0 };
	json_t *report;

	fake_open(&f, file(6, NULL));
	f.sink->ops->finish(f.sink);
	report = f.sink->ops->report(f.sink);
	CHECK(json_is_null(json_object_get(report, "report")), "it has no report()");
	json_decref(report);
	fake_close(&f);
}

static void test_wrong_report(void)
{
	struct fake f = { 0 };
	json_t *report;

	fake_open(&f, file(5, NULL));
	report = f.sink->ops->report(f.sink);
	CHECK(json_object_get(report, "error"), "no JSON, and nothing is said");
	json_decref(report);
	fake_close(&f);
}

static void refuse(const char *spec, const char *said)
{
	struct sink_env env = fake_env();
	char why[512] = "";
	struct sink *sink;

	CHECK(sink_plugin_ops.open(&sink, strchr(spec, ':') + 1, &env, why, sizeof(why)) < 0,
	      "%s was taken", spec);
	CHECK(strstr(why, said) && !strchr(why, '\n'), "%s: %s", spec, why);
}

static void test_refusals(void)
{
	refuse("plugin:/nonexistent/x.so", "No such file");
	refuse("plugin:/nonexistent/x.so:arg", "'/nonexistent/x.so'");
	refuse("plugin:/etc/passwd", "/etc/passwd");
	refuse(file(1, NULL), "defines no 'afxdp_plugin'");
	refuse(file(2, NULL), "version 2");
	refuse(file(3, NULL), "bytes");
	refuse(file(4, NULL), "no frames()");
	refuse(file(0, "refuse"), "not today");
	refuse(file(0, "refuse silently"), "not permitted");
	refuse(strcat(example, ":arp,nonesuch"), "'nonesuch'");
	*strrchr(example, ':') = 0;
}

static uint64_t counted(struct fake *f, const char *protocol, const char *what)
{
	json_t *report = f->sink->ops->report(f->sink);
	json_t *p = json_object_get(json_object_get(report, "report"), protocol);
	uint64_t n = json_integer_value(json_object_get(p, what));

	json_decref(report);
	return n;
}

static void test_example(void)
{
	uint8_t udp[60] = { [12] = 8, [14] = 0x45, [23] = 17 }, tcp6[74] = { [20] = 6 },
		arp[60] = { [12] = 8, [13] = 6 };
	struct fake f = { 0 };
	struct xdp_desc d[5];
	char spec[PATH_MAX + 8];

	snprintf(spec, sizeof(spec), "%s:arp", example);
	fake_open(&f, spec);
	d[0] = fake_frame(&f, FAKE_ROOM, udp, sizeof(udp));
	fake_meta(&f, &d[0], (struct afxdp_meta){ .l3_offset = 14, .flags = AFXDP_META_L3 });
	d[1] = fake_frame(&f, FAKE_ROOM, tcp6, sizeof(tcp6));
	fake_meta(&f, &d[1],
		  (struct afxdp_meta){ .l3_offset = 14, .flags = AFXDP_META_L3 | AFXDP_META_IPV6 });
	d[2] = fake_frame(&f, FAKE_ROOM, arp, sizeof(arp));
	fake_meta(&f, &d[2], (struct afxdp_meta){ 0 });
	d[3] = fake_frame(&f, FAKE_ROOM, udp, sizeof(udp)); /* no metadata */
	d[4] = fake_frame(&f, FAKE_ROOM, udp, 20);
	fake_meta(&f, &d[4], (struct afxdp_meta){ .l3_offset = 14, .flags = AFXDP_META_L3 });
	fake_consume(&f, d, 5);
	CHECK(fake_delivered(&f) == 4 && fake_dropped(&f) == 1, "ARP was not wanted");
	CHECK(counted(&f, "udp", "frames") == 1 && counted(&f, "udp", "bytes") == 60, "udp");
	CHECK(counted(&f, "tcp", "frames") == 1 && counted(&f, "tcp", "bytes") == 74, "tcp");
	CHECK(counted(&f, "arp", "frames") == 0, "arp");
	CHECK(counted(&f, "other", "frames") == 2, "other");
	fake_balance(&f);
	fake_close(&f);
}

int main(int argc, char **argv)
{
	const char *here = dirname(argv[0]);

	(void)argc;
	snprintf(odd, sizeof(odd), "%s/plugin_odd", here);
	snprintf(example, sizeof(example), "plugin:%s/../../plugins/protocols.so", here);
	test_calls();
	test_large_batch();
	test_older();
	test_wrong_report();
	test_refusals();
	test_example();
	return 0;
}
