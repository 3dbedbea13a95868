/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The pcap sink: what libpcap reads back is what was handed over, to the byte and the nanosecond;
 * a full or stuck file costs dropped frames, never half a record and never more than its share of
 * the UMEM.
 */
#include "sink_fake.h"
#include "sink_stubs.h"

#include <fcntl.h>
#define PCAP_DONT_INCLUDE_PCAP_BPF_H /* its struct bpf_insn is linux/bpf.h's, too */
#include <pcap/pcap.h>
#include <pcap/dlt.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

static char dir[] = "/tmp/afxdp-sink-pcap-XXXXXX";
static char file[64], spec[80];

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){ .tv_nsec = ms * 1000000 }, NULL);
}

/* Until the sink has given everything back; alarm() ends a test that waits in vain. */
static void wait_all_back(struct fake *f)
{
	while (f->port->kept != f->port->reclaimed)
		if (!fake_reclaim(f))
			pause_ms(1);
}

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void pattern(uint8_t *data, uint32_t len, uint32_t seed)
{
	for (uint32_t i = 0; i < len; i++)
		data[i] = (seed * 31 + i) * 7 + (i >> 8);
}

struct expected {
	uint8_t data[9000];
	uint32_t len;
	uint64_t ns; /* wall clock; 0: whenever */
};

/* Read the file and compare it with @n records. Time stamps may differ by what setting the clock
 * during the test would not: the two clocks are read at different moments, 1 ms apart at most. */
static void check_file(const struct expected *e, uint32_t n)
{
	char err[PCAP_ERRBUF_SIZE];
	pcap_t *p = pcap_open_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_NANO, err);
	struct pcap_pkthdr *h;
	const u_char *data;

	CHECK(p, "%s", err);
	CHECK(pcap_datalink(p) == DLT_EN10MB, "link type %d", pcap_datalink(p));
	for (uint32_t i = 0; i < n; i++) {
		uint64_t ns;

		CHECK(pcap_next_ex(p, &h, &data) == 1, "record %u of %u: %s", i, n, pcap_geterr(p));
		CHECK(h->caplen == e[i].len && h->len == e[i].len, "record %u: %u of %u bytes", i,
		      h->caplen, e[i].len);
		CHECK(!memcmp(data, e[i].data, e[i].len), "record %u: other bytes", i);
		ns = h->ts.tv_sec * 1000000000ULL + h->ts.tv_usec;
		if (e[i].ns)
			CHECK(ns - e[i].ns + 1000000 < 2000000, "record %u: %ld ns off", i,
			      (long)(ns - e[i].ns));
	}
	CHECK(pcap_next_ex(p, &h, &data) == PCAP_ERROR_BREAK, "more than %u records", n);
	pcap_close(p);
}

/* Every shape of frame: sizes, headroom, metadata or none, stamped or not, tag stripped or not,
 * several descriptors. */
static void test_same_bytes(void)
{
	static struct expected e[8];
	struct fake f = { 0 };
	struct xdp_desc d[10];
	uint64_t wall = clock_ns(CLOCK_REALTIME), mono = clock_ns(CLOCK_MONOTONIC);
	uint8_t old[FAKE_CHUNK];
	json_t *report;
	uint32_t n = 0;

	fake_open(&f, spec);
	f.next = FAKE_FRAMES - 3; /* so that the one without headroom is at address 0 */
	for (int i = 0; i < 8; i++)
		e[i].len = i == 1 ? 1 : i == 2 ? 1500 : 60 + i;
	for (int i = 0; i < 8; i++)
		pattern(e[i].data, e[i].len, i);

	/* Stamped one hour ago. */
	d[n] = fake_frame(&f, FAKE_ROOM, e[0].data, e[0].len);
	fake_meta(
		&f, &d[n++],
		(struct afxdp_meta){ .rx_ns = mono - 3600000000000ULL, .flags = AFXDP_META_RX_NS });
	e[0].ns = wall - 3600000000000ULL;
	/* No metadata: whatever lies there is none. */
	d[n++] = fake_frame(&f, FAKE_ROOM, e[1].data, e[1].len);
	/* Metadata without a stamp. */
	d[n] = fake_frame(&f, FAKE_ROOM, e[2].data, e[2].len);
	fake_meta(&f, &d[n++], (struct afxdp_meta){ .rx_ns = 1 });
	/* At the very start of a chunk, and of the UMEM: no headroom at all. */
	d[n++] = fake_frame(&f, 0, e[3].data, e[3].len);
	/* A tag that the device stripped comes back, behind the addresses. */
	memcpy(old, e[4].data, 12);
	memcpy(old + 12, e[4].data + 16, e[4].len - 16);
	memcpy(e[4].data + 12, "\x81\x00\x60\x64", 4);
	d[n] = fake_frame(&f, FAKE_ROOM, old, e[4].len - 4);
	fake_meta(&f, &d[n++],
		  (struct afxdp_meta){ .vlan_tci = 0x6064,
				       .flags = AFXDP_META_VLAN | AFXDP_META_VLAN_STRIP });
	/* The same without room for it: metadata alone is 32 bytes, so there is room; a tag that is
	 * in the frame still must not come twice. */
	memcpy(e[5].data + 12, "\x81\x00\x00\x05", 4);
	d[n] = fake_frame(&f, sizeof(struct afxdp_meta), e[5].data, e[5].len);
	fake_meta(&f, &d[n++], (struct afxdp_meta){ .vlan_tci = 5, .flags = AFXDP_META_VLAN });
	/* One frame of three descriptors, then one more. */
	e[6].len = 4000;
	pattern(e[6].data, e[6].len, 6);
	d[n] = fake_frame(&f, FAKE_ROOM, e[6].data, 1700);
	fake_meta(&f, &d[n], (struct afxdp_meta){ .rx_ns = mono, .flags = AFXDP_META_RX_NS });
	e[6].ns = wall;
	d[n++].options = XDP_PKT_CONTD;
	d[n] = fake_frame(&f, FAKE_ROOM, e[6].data + 1700, 1700);
	d[n++].options = XDP_PKT_CONTD;
	d[n++] = fake_frame(&f, FAKE_ROOM, e[6].data + 3400, 600);
	d[n++] = fake_frame(&f, FAKE_ROOM, e[7].data, e[7].len);

	CHECK(fake_consume(&f, d, n) == 0, "frames came back before they were written");
	f.sink->ops->finish(f.sink);
	wait_all_back(&f);
	fake_balance(&f);
	CHECK(fake_delivered(&f) == 8, "%lu", fake_delivered(&f));
	report = f.sink->ops->report(f.sink);
	CHECK(json_integer_value(json_object_get(report, "frames")) == 8, "report");
	CHECK(json_integer_value(json_object_get(report, "write_errors")) == 0, "report");
	CHECK(!strcmp(json_string_value(json_object_get(report, "file")), file), "report");
	json_decref(report);
	fake_close(&f);
	check_file(e, 8);
}

/* More rounds than the rings have slots, in odd batches: positions wrap, order stays. */
static void test_order(void)
{
	static struct expected e[3000];
	struct fake f = { 0 };
	uint32_t sent = 0;

	fake_open(&f, spec);
	while (sent < 3000) {
		struct xdp_desc d[7];
		uint32_t n = 1 + sent % 7;

		if (n > 3000 - sent)
			n = 3000 - sent;
		for (uint32_t i = 0; i < n; i++) {
			e[sent + i].len = 60 + (sent + i) % 200;
			pattern(e[sent + i].data, e[sent + i].len, sent + i);
			d[i] = fake_frame(&f, FAKE_ROOM, e[sent + i].data, e[sent + i].len);
		}
		/* The bound is half of the frames: stay below, so that none is dropped. */
		while (f.port->kept - f.port->reclaimed + n > FAKE_FRAMES / 2)
			if (!fake_reclaim(&f))
				pause_ms(1);
		fake_consume(&f, d, n);
		sent += n;
	}
	f.sink->ops->finish(f.sink);
	wait_all_back(&f);
	CHECK(fake_delivered(&f) == 3000 && !fake_dropped(&f), "%lu", fake_dropped(&f));
	fake_close(&f);
	check_file(e, 3000);
}

/* A worker that does not collect what was written: its frames are as much out as those that were
 * not. A frame of three descriptors that would go over the bound is dropped whole. */
static void test_bound(void)
{
	static const uint8_t data[64];
	struct fake f = { 0 };
	struct xdp_desc d[3];
	struct stat st;

	fake_open(&f, spec);
	for (uint32_t i = 0; i < FAKE_FRAMES / 2 - 2; i++) {
		d[0] = fake_frame(&f, FAKE_ROOM, data, sizeof(data));
		CHECK(fake_consume(&f, d, 1) == 0, "frame %u was dropped", i);
	}
	while (!stat(file, &st) && st.st_size < 24 + (FAKE_FRAMES / 2 - 2) * 80)
		pause_ms(1);
	for (int i = 0; i < 3; i++) {
		d[i] = fake_frame(&f, FAKE_ROOM, data, sizeof(data));
		d[i].options = i < 2 ? XDP_PKT_CONTD : 0;
	}
	CHECK(fake_consume(&f, d, 3) == 3 && fake_dropped(&f) == 1, "half a frame was taken");
	for (int i = 0; i < 3; i++) {
		d[i] = fake_frame(&f, FAKE_ROOM, data, sizeof(data));
		CHECK(fake_consume(&f, d + i, 1) == (i == 2), "frame %d beyond", i);
	}
	f.sink->ops->finish(f.sink);
	wait_all_back(&f);
	fake_balance(&f);
	fake_close(&f);
}

/* One frame of 1000 bytes, there and back. */
static void push(struct fake *f, struct expected *e, uint32_t *n)
{
	uint8_t data[1000];
	struct xdp_desc d;

	pattern(data, sizeof(data), *n);
	if (e) {
		memcpy(e[*n].data, data, sizeof(data));
		e[*n].len = sizeof(data);
	}
	d = fake_frame(f, FAKE_ROOM, data, sizeof(data));
	fake_consume(f, &d, 1);
	wait_all_back(f);
}

/* A file that may not grow cuts a record in two, as a full disk does. */
static void test_full(void)
{
	static struct expected e[64];
	struct rlimit limit, old;
	struct fake f = { 0 };
	uint32_t n = 0;
	struct stat st;
	json_t *report;

	CHECK(!getrlimit(RLIMIT_FSIZE, &old), "getrlimit");
	limit = old;
	limit.rlim_cur = 10500; /* header 24, ten records of 1016, and a bit */
	fake_open(&f, spec);
	CHECK(!setrlimit(RLIMIT_FSIZE, &limit), "setrlimit");
	for (; n < 10; n++) {
		if (n == 5)
			pause_ms(100); /* long enough for the writer to sleep */
		push(&f, e, &n);
	}
	CHECK(fake_delivered(&f) == 10 && !fake_dropped(&f), "%lu", fake_dropped(&f));
	for (int i = 0; i < 5; i++) {
		push(&f, e, &n);
		CHECK(!stat(file, &st) && st.st_size == 24 + 10 * 1016, "half a record stayed");
	}
	CHECK(fake_delivered(&f) == 10 && fake_dropped(&f) == 5, "%lu", fake_dropped(&f));
	CHECK(!setrlimit(RLIMIT_FSIZE, &old), "setrlimit");
	for (; n < 15; n++)
		push(&f, e, &n);
	f.sink->ops->finish(f.sink);
	fake_balance(&f);
	CHECK(fake_delivered(&f) == 15, "%lu", fake_delivered(&f));
	report = f.sink->ops->report(f.sink);
	CHECK(json_integer_value(json_object_get(report, "write_errors")) == 5, "report");
	CHECK(json_string_value(json_object_get(report, "error")), "report");
	CHECK(json_integer_value(json_object_get(report, "bytes")) == 15 * 1016, "report");
	json_decref(report);
	fake_close(&f);
	check_file(e, 15);
}

/* Nobody reads the FIFO: half of the frames are stuck in there, the rest is dropped at once, and
 * the stop does not wait for ever. */
static void test_stuck(void)
{
	static const uint8_t data[1700];
	struct fake f = { 0 };
	uint32_t pushed = 0;
	int fd;

	CHECK(!unlink(file) && !mkfifo(file, 0600), "mkfifo");
	fd = open(file, O_RDONLY | O_NONBLOCK);
	CHECK(fd >= 0, "open");
	CHECK(fcntl(fd, F_SETPIPE_SZ, 4096) > 0, "F_SETPIPE_SZ");
	fake_open(&f, spec);
	while (fake_dropped(&f) < 100) {
		struct xdp_desc d = fake_frame(&f, FAKE_ROOM, data, sizeof(data));

		fake_consume(&f, &d, 1);
		fake_reclaim(&f);
		CHECK(f.port->kept - f.port->reclaimed <= FAKE_FRAMES / 2, "too many are out");
		CHECK(++pushed < 1000, "a pipe of 4096 bytes took %u frames", pushed);
	}
	CHECK(f.port->kept - f.port->reclaimed == FAKE_FRAMES / 2, "%lu are out",
	      f.port->kept - f.port->reclaimed);
	f.sink->ops->finish(f.sink);
	wait_all_back(&f);
	fake_balance(&f);
	fake_close(&f);
	close(fd);
}

/* The reader goes away: an error, not a signal, and no end of the sink. */
static void test_reader_gone(void)
{
	struct fake f = { 0 };
	uint32_t n = 0;
	int fd = open(file, O_RDONLY | O_NONBLOCK);

	CHECK(fd >= 0, "open");
	fake_open(&f, spec);
	push(&f, NULL, &n);
	CHECK(fake_delivered(&f) == 1, "%lu", fake_delivered(&f));
	close(fd);
	push(&f, NULL, &n);
	push(&f, NULL, &n);
	CHECK(fake_delivered(&f) == 1 && fake_dropped(&f) == 2, "%lu", fake_dropped(&f));
	f.sink->ops->finish(f.sink);
	fake_balance(&f);
	fake_close(&f);
	CHECK(!unlink(file), "unlink");
}

static void refuse(const char *arg, const char *said)
{
	struct sink_env env = fake_env();
	char why[256] = "";
	struct sink *sink;

	CHECK(sink_pcap_ops.open(&sink, arg, &env, why, sizeof(why)) < 0, "%s was opened", arg);
	CHECK(strstr(why, arg) && strstr(why, said) && !strchr(why, '\n'), "%s: %s", arg, why);
}

static void test_refusals(void)
{
	refuse("/nonexistent/x.pcap", "No such file or directory");
	refuse(dir, "directory");
	refuse("/dev/full", "No space left on device");
	CHECK(!mkfifo(file, 0600), "mkfifo");
	refuse(file, "reader");
	CHECK(!unlink(file), "unlink");
}

int main(void)
{
	alarm(60);
	signal(SIGXFSZ, SIG_IGN);
	CHECK(mkdtemp(dir), "mkdtemp");
	snprintf(file, sizeof(file), "%s/x.pcap", dir);
	snprintf(spec, sizeof(spec), "pcap:%s", file);
	test_same_bytes();
	test_order();
	test_bound();
	test_full();
	test_stuck();
	test_reader_gone();
	test_refusals();
	CHECK(!rmdir(dir), "rmdir");
	return 0;
}
