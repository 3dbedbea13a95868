/* SPDX-License-Identifier: GPL-2.0-only */
/* afxdpgen's lists of frames: one, the mix, and captures, whole, broken and of the wrong kind. */
#include <errno.h>
#include <pcap/pcap.h>
#include <string.h>
#include <unistd.h>

#include "t.h"
#include "traffic.h"

static const uint8_t mac[6] = { 2, 0, 0, 0, 0, 1 };
static char why[320];
static char path[] = "/tmp/gen_traffic.XXXXXX";

static int make(struct gen_traffic *t, struct gen_options o)
{
	if (!o.flows)
		o.flows = 1;
	why[0] = 0;
	return gen_traffic_make(t, &o, mac, GEN_SIZE_MAX + 4, why, sizeof(why));
}

static void single(void)
{
	struct gen_traffic t;
	uint8_t a[64], b[64];

	CHECK(!make(&t, (struct gen_options){ .size = 64, .flows = 3 }));
	CHECK(t.count == 1 && t.longest == 64 && t.shortest == 64);
	CHECK(gen_traffic_frame(&t, 4, a) == 64 && gen_traffic_frame(&t, 7, b) == 64);
	CHECK(!memcmp(a + 26, b + 26, 4), "flow 1 twice");
	gen_traffic_frame(&t, 5, b);
	CHECK(a[29] + 1 == b[29], "flow 2 after flow 1");
	gen_traffic_free(&t);

	CHECK(make(&t, (struct gen_options){ .size = 60, .ipv6 = true, .proto = GEN_TCP }) ==
	      -EINVAL);
	CHECK(strstr(why, "60") && strstr(why, "76"), "%s", why);
	gen_traffic_free(&t);
}

static void mix(void)
{
	unsigned int arp = 0, six = 0, vlan = 0, i;
	struct gen_traffic t;
	uint8_t f[2048], again[2048];

	CHECK(!make(&t, (struct gen_options){ .mix = true, .seed = 3, .flows = 9 }));
	CHECK(t.count > 8 && t.longest == 1518 && t.shortest == 60);
	for (i = 0; i < t.count; i++) {
		CHECK(gen_traffic_frame(&t, i, f) == gen_traffic_frame(&t, i + t.count, again));
		CHECK(gen_traffic_frame(&t, i, again) == t.templates[i].length &&
		      !memcmp(f, again, t.templates[i].length));
		arp += f[12] == 8 && f[13] == 6;
		six += f[12] == 0x86;
		vlan += f[12] == 0x81;
	}
	CHECK(arp && six && vlan);
	gen_traffic_free(&t);

	/* Every template meets every flow. */
	CHECK(!make(&t, (struct gen_options){ .mix = true, .flows = 4 }));
	gen_traffic_frame(&t, 0, f);
	gen_traffic_frame(&t, t.count, again);
	CHECK(f[29] + 1 == again[29]);
	gen_traffic_free(&t);
}

/* Writes a capture of records of @lengths (0 ends). */
static void capture(int linktype, const unsigned int *lengths)
{
	static const uint8_t zeros[16384];
	pcap_t *p = pcap_open_dead(linktype, 65535);
	pcap_dumper_t *out = pcap_dump_open(p, path);
	unsigned int i;

	CHECK(out);
	for (i = 0; lengths[i]; i++) {
		struct pcap_pkthdr h = { .caplen = lengths[i], .len = lengths[i] + 5 };
		uint8_t bytes[16384];

		memcpy(bytes, zeros, sizeof(bytes));
		bytes[0] = i + 1;
		bytes[lengths[i] - 1] = 0xee;
		pcap_dump((u_char *)out, &h, bytes);
	}
	pcap_dump_close(out);
	pcap_close(p);
}

static void refused(const char *about)
{
	struct gen_traffic t;

	CHECK(make(&t, (struct gen_options){ .pcap = path }) == -EINVAL);
	CHECK(strstr(why, about), "%s", why);
	CHECK(!strchr(why, '\n'), "%s", why);
	gen_traffic_free(&t);
}

static void replay(void)
{
	static const unsigned int good[] = { 14, 60, 1518, 9018, 0 }, none[] = { 0 };
	static const unsigned int odd[] = { 13, 60, 9019, 1, 61, 16000, 65, 0 };
	static const unsigned int useless[] = { 13, 9019, 0 }, kept[] = { 60, 61, 65 };
	struct gen_traffic t;
	uint8_t f[9018];
	unsigned int i;

	capture(DLT_EN10MB, good);
	CHECK(!make(&t, (struct gen_options){ .pcap = path, .seed = 9 }), "%s", why);
	CHECK(t.count == 4 && t.shortest == 14 && t.longest == 9018 && t.replay);
	for (i = 0; i < 12; i++) {
		CHECK(gen_traffic_frame(&t, i, f) == good[i % 4]);
		CHECK(f[0] == i % 4 + 1 && f[good[i % 4] - 1] == 0xee);
	}
	gen_traffic_free(&t);
	CHECK(!truncate(path, 24 + 16 + 14 + 16 + 59));
	refused("record 2");
	capture(DLT_EN10MB, odd);
	CHECK(!make(&t, (struct gen_options){ .pcap = path }), "%s", why);
	CHECK(t.count == 3 && t.too_short == 2 && t.too_long == 2);
	for (i = 0; i < 3; i++)
		CHECK(t.templates[i].length == kept[i]);
	gen_traffic_free(&t);
	capture(DLT_EN10MB, useless);
	refused("no frame that can be sent, of 14 to 9018");
	capture(DLT_EN10MB, none);
	refused("no frames");
	capture(DLT_RAW, good);
	refused("only Ethernet");
	CHECK(!truncate(path, 10));
	refused("--pcap");
	unlink(path);
	refused(path);
}

int main(void)
{
	int fd = mkstemp(path);

	CHECK(fd >= 0);
	close(fd);
	single();
	mix();
	replay();
	return 0;
}
