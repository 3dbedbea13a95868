/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * afxdpd's command line and configuration file: every option, every kind of wrong value, wrong
 * files, and random command lines.
 */
#include "t.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>
#include "options.h"

#define ARGS 24

static struct options o;
static char why[512];
static char path[] = "/tmp/afxdp-options-XXXXXX";

/* Copies, so that ASan sees whoever reads beyond a word; @o points into those of the last call. */
static char *words[ARGS];

static void forget_words(void)
{
	options_free(&o);
	for (int i = 0; i < ARGS; i++) {
		free(words[i]);
		words[i] = NULL;
	}
}

static int parse_argv(int argc, const char *const *args)
{
	char *argv[ARGS + 1]; /* which the parser may reorder */
	int err;

	forget_words();
	for (int i = 0; i < argc; i++)
		argv[i] = words[i] = strdup(args[i]);
	argv[argc] = NULL;
	why[0] = '\0';
	err = options_parse(&o, argc, argv, why, sizeof(why));
	CHECK(err == 0 || err == -EINVAL, "returned %d", err);
	CHECK(!err == !why[0], "returned %d and said '%s'", err, why);
	return err;
}

static int parse(const char *first, ...)
{
	const char *args[ARGS] = { "afxdpd" }, *arg;
	va_list list;
	int argc = 1;

	va_start(list, first);
	for (arg = first; arg; arg = va_arg(list, const char *))
		args[argc++] = arg;
	va_end(list);
	return parse_argv(argc, args);
}

/* With an interface, as all need. */
#define PARSE(...) parse("-i", "rx0", ##__VA_ARGS__, NULL)
#define GOOD(...)  CHECK(!PARSE(__VA_ARGS__), "%s", why)

/* Refused, and the one line says @part. */
#define REFUSED(part, ...)                                                              \
	do {                                                                            \
		CHECK(PARSE(__VA_ARGS__), "%s was taken", part);                        \
		CHECK(strstr(why, part), "it says: %s; and should say: %s", why, part); \
		CHECK(!strchr(why, '\n'), "more than a line: %s", why);                 \
	} while (0)

static void test_defaults(void)
{
	GOOD();
	CHECK(!strcmp(o.ifname, "rx0") && o.all_queues && o.mode == MODE_ADAPTIVE, "defaults");
	CHECK(!strcmp(o.sink, "count") && o.batch == 64 && !o.ring && !o.frames, "defaults");
	CHECK(o.attach == AFXDP_ATTACH_AUTO && o.zerocopy == AFXDP_ZC_AUTO && !o.frame_size,
	      "defaults");
	CHECK(o.stamp == STAMP_AUTO && !o.count && !o.duration && !o.interval && !o.cpu_count,
	      "defaults");
	CHECK(!o.report && !o.metrics && !o.control && !o.user && !o.rules && !o.expression,
	      "defaults");
	CHECK(!o.replace && !o.check && !o.hugepages && !o.verbose && !o.version && !o.help,
	      "defaults");
	CHECK(parse(NULL) && strstr(why, "-i IFACE"), "%s", why);
	CHECK(!parse("--help", NULL) && o.help, "%s", why);
	CHECK(!parse("-V", NULL) && o.version, "%s", why);
	CHECK(!parse("--check", NULL) && o.check, "%s", why);
}

static void test_words(void)
{
	static const char *const modes[] = { "interrupt", "busy", "spin", "adaptive" };

	for (int i = 0; i < MODES; i++) {
		GOOD("-m", modes[i]);
		CHECK(o.mode == (enum mode)i && !strcmp(mode_name(i), modes[i]), "%s", modes[i]);
		CHECK(mode_parse(modes[i]) == i, "%s", modes[i]);
	}
	CHECK(mode_parse("Spin") == -1 && mode_parse("") == -1, "not modes");
	GOOD("-a", "native");
	CHECK(o.attach == AFXDP_ATTACH_NATIVE, "attach");
	GOOD("--attach=generic");
	CHECK(o.attach == AFXDP_ATTACH_GENERIC, "attach");
	GOOD("-z", "on");
	CHECK(o.zerocopy == AFXDP_ZC_ON, "zerocopy");
	GOOD("-zoff");
	CHECK(o.zerocopy == AFXDP_ZC_OFF, "zerocopy");
	GOOD("-z", "on", "-z", "auto", "-a", "native", "-a", "auto");
	CHECK(o.zerocopy == AFXDP_ZC_AUTO && o.attach == AFXDP_ATTACH_AUTO, "the last one wins");
	GOOD("--stamp", "every");
	CHECK(o.stamp == 1, "stamp");
	GOOD("--stamp", "off");
	CHECK(o.stamp == 0, "stamp");
	GOOD("--stamp", "1048576");
	CHECK(o.stamp == 1048576, "stamp");
	GOOD("--oddities", "on");
	CHECK(o.oddities, "oddities");
	GOOD("--oddities", "on", "--oddities=off");
	CHECK(!o.oddities, "oddities");
	GOOD("--hugepages", "--replace", "-v");
	CHECK(o.hugepages && o.replace && o.verbose, "flags");

	REFUSED("--mode 'turbo': must be interrupt, busy, spin or adaptive", "-m", "turbo");
	REFUSED("--mode ''", "-m", "");
	REFUSED("--mode 'SPIN'", "-m", "SPIN");
	REFUSED("--attach 'skb'", "-a", "skb");
	REFUSED("--zerocopy 'maybe'", "-z", "maybe");
	REFUSED("--stamp '3'", "--stamp", "3");
	REFUSED("--oddities 'yes'", "--oddities", "yes");
	REFUSED("--stamp '0'", "--stamp", "0");
	REFUSED("--stamp '2097152'", "--stamp", "2097152");
	REFUSED("--stamp 'all'", "--stamp", "all");
}

static void test_numbers(void)
{
	static const char *const never[] = { "",
					     "0x40",
					     " 64",
					     "64 ",
					     "-64",
					     "+64",
					     "64k",
					     "1e3",
					     "6.4",
					     "none",
					     "\t1",
					     "0",
					     "99999999999999999999",
					     "18446744073709551616" };
	static const char *const names[] = { "--batch",	 "--ring",	 "--depth",
					     "--frames", "--frame-size", "--count" };
	char quoted[64];

	for (size_t n = 0; n < sizeof(names) / sizeof(*names); n++) {
		for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
			snprintf(quoted, sizeof(quoted), "%s '%s': must be ", names[n], never[i]);
			REFUSED(quoted, names[n], never[i]);
		}
	}
	GOOD("--batch", "1");
	CHECK(o.batch == 1, "batch");
	GOOD("--batch", "256");
	CHECK(o.batch == 256, "batch");
	REFUSED("--batch '257'", "--batch", "257");
	REFUSED("a number from 1 to 256", "--batch", "0");

	for (uint32_t bits = 1; bits <= 20; bits++) {
		char text[16];

		snprintf(text, sizeof(text), "%u", 1U << bits);
		GOOD("--ring", text);
		CHECK(o.ring == 1U << bits && o.frames >= o.ring && o.batch <= o.ring,
		      "ring %u, frames %u, batch %u", o.ring, o.frames, o.batch);
		snprintf(text, sizeof(text), "%u", (1U << bits) + 1);
		REFUSED("must be a power of two", "--ring", text);
		REFUSED("must be a power of two", "--frames", text);
	}
	GOOD("--depth", "auto");
	CHECK(!o.depth, "depth %u", o.depth);
	GOOD("--depth", "512");
	CHECK(o.depth == 512, "depth %u", o.depth);
	REFUSED("--depth '0'", "--depth", "0");
	REFUSED("more than the slots of --ring 8192", "--depth", "16384");
	REFUSED("--ring '1'", "--ring", "1");
	REFUSED("--ring '2097152'", "--ring", "2097152");
	REFUSED("--ring '4294967296'", "--ring", "4294967296");
	GOOD("--frames", "16777216");
	CHECK(o.frames == 16777216, "frames");
	REFUSED("--frames '33554432'", "--frames", "33554432");
	GOOD("--frame-size", "2048");
	GOOD("--frame-size", "4096");
	CHECK(o.frame_size == 4096, "frame size");
	REFUSED("must be 2048 or 4096", "--frame-size", "3000");
	REFUSED("must be 2048 or 4096", "--frame-size", "8192");
	GOOD("--count", "18446744073709551615");
	CHECK(o.count == UINT64_MAX, "count");
}

static void test_seconds(void)
{
	static const char *const never[] = { "0",   "-1", "",	   "nan", "inf",  "1s",
					     "1,5", " 1", "1e400", ".",	  "1e-9", "0.0000001" };
	char quoted[64];

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
		snprintf(quoted, sizeof(quoted), "--duration '%s': must be ", never[i]);
		REFUSED(quoted, "--duration", never[i]);
		snprintf(quoted, sizeof(quoted), "--interval '%s': must be ", never[i]);
		REFUSED(quoted, "--interval", never[i]);
	}
	GOOD("--duration", "2.5", "--interval", ".5");
	CHECK(o.duration == 2.5 && o.interval == 0.5, "%f %f", o.duration, o.interval);
}

static void test_lists(void)
{
	static const char *const never[] = {
		"",	 ",",	"0,",	 ",0",	"0,,1",	       "a",	     "-",
		"0-",	 "-1",	"1-0",	 "0 1", "0,0",	       "0-2,1",	     "0--1",
		"0-1-2", "0x1", "0-256", "ALL", "99999999999", "4294967295", "0-4294967295"
	};
	char quoted[64];

	for (size_t i = 0; i < sizeof(never) / sizeof(*never); i++) {
		snprintf(quoted, sizeof(quoted), "--queues '%s': must be ", never[i]);
		REFUSED(quoted, "-q", never[i]);
		snprintf(quoted, sizeof(quoted), "--cpus '%s': must be ", never[i]);
		REFUSED(quoted, "--cpus", never[i]);
	}
	GOOD("-q", "5,0,2-3");
	CHECK(!o.all_queues && o.queue_count == 4, "%u", o.queue_count);
	CHECK(o.queues[0] == 5 && o.queues[1] == 0 && o.queues[2] == 2 && o.queues[3] == 3,
	      "order");
	GOOD("-q", "0-255");
	CHECK(o.queue_count == QUEUES_MAX && o.queues[255] == 255, "%u", o.queue_count);
	REFUSED("--queues", "-q", "0-255,256");
	GOOD("-q", "1", "-q", "all");
	CHECK(o.all_queues, "the last one wins");
	GOOD("--cpus", "1,0");
	CHECK(o.cpu_count == 2 && o.cpus[0] == 1 && o.cpus[1] == 0, "cpus");
	GOOD("--cpus", "1023");
	REFUSED("--cpus '1024'", "--cpus", "1024");
	REFUSED("--cpus 'all'", "--cpus", "all");
}

static void test_texts(void)
{
	char longest[101], longer[102], name[129] = "";

	memset(longest, 'x', sizeof(longest));
	memset(longer, 'x', sizeof(longer));
	longest[99] = longer[100] = '\0';
	GOOD("-s", "pcap:/tmp/x", "-f", "udp port 53", "--report", "-", "--metrics", "[::1]:9100",
	     "--control", longest, "--user", "nobody");
	CHECK(!strcmp(o.sink, "pcap:/tmp/x") && !strcmp(o.expression, "udp port 53"), "texts");
	CHECK(!strcmp(o.report, "-") && !strcmp(o.metrics, "[::1]:9100"), "texts");
	CHECK(!strcmp(o.control, longest) && !strcmp(o.user, "nobody"), "texts");
	GOOD("--rules", "a.rules");
	CHECK(!strcmp(o.rules, "a.rules"), "rules");

	/* An alternative name has up to 127 characters. */
	memset(name, 'n', 127);
	CHECK(parse("-i", name, NULL) == 0, "%s", why);
	memset(name, 'n', 128);
	REFUSED("--interface 'nnn", "-i", name);
	REFUSED("--interface ''", "-i", "");
	REFUSED("--sink ''", "-s", "");
	REFUSED("--report ''", "--report", "");
	REFUSED("--control ''", "--control", "");
	REFUSED("a path below 100 characters", "--control", longer);
	REFUSED("--user ''", "--user", "");
	REFUSED("--rules ''", "-r", "");
	REFUSED("--metrics 'localhost'", "--metrics", "localhost");
	REFUSED("--metrics 'localhost:'", "--metrics", "localhost:");
	REFUSED("--metrics 'localhost:http'", "--metrics", "localhost:http");
	REFUSED("--metrics 'localhost:0'", "--metrics", "localhost:0");
	REFUSED("--metrics '127.0.0.1:65536'", "--metrics", "127.0.0.1:65536");
}

static void test_together(void)
{
	REFUSED("-f and -r exclude each other", "-f", "tcp", "-r", "x");
	REFUSED("--frames 1024 is less than --ring 8192", "--frames", "1024");
	REFUSED("--batch 128 is more than the --ring 64", "--ring", "64", "--batch", "128");
	GOOD("--ring", "16");
	CHECK(o.batch == 16, "a batch that nobody asked for is %u of a ring of 16", o.batch);
	GOOD("--ring", "4096");
	CHECK(o.frames == 8192, "%u frames for a ring of 4096", o.frames);
	GOOD("--ring", "16384");
	CHECK(o.frames == 16384, "%u frames for a ring of 16384", o.frames);
}

static void test_size(void)
{
	static const struct {
		uint32_t queues, frame_size;
		uint64_t mib;
		uint32_t ring;
	} machines[] = { { 1, 2048, 16384, 32768 },  { 2, 2048, 16384, 32768 },
			 { 1, 4096, 16384, 32768 },  { 4, 2048, 16384, 16384 },
			 { 2, 4096, 16384, 16384 },  { 8, 2048, 16384, 8192 },
			 { 256, 4096, 16384, 8192 }, { 1, 2048, 512, 16384 },
			 { 1, 2048, 1024, 32768 },   { 1, 2048, 1023, 16384 },
			 { 2, 2048, 512, 8192 },     { 0, 2048, 16384, 32768 } };
	struct ring_size s = { 0 };

	for (size_t i = 0; i < sizeof(machines) / sizeof(*machines); i++) {
		GOOD();
		s = options_size(&o, machines[i].queues, machines[i].frame_size,
				 machines[i].mib << 20);
		CHECK(s.ring == machines[i].ring && s.frames == s.ring,
		      "%u queues, frames of %u, %lu MiB: ring %u, %u frames", machines[i].queues,
		      machines[i].frame_size, (unsigned long)machines[i].mib, s.ring, s.frames);
	}
	GOOD("--frames", "16384");
	s = options_size(&o, 1, 2048, 1ULL << 36);
	CHECK(s.ring == 16384 && s.frames == 16384, "frames: ring %u", s.ring);
	GOOD("--frames", "1048576");
	s = options_size(&o, 1, 2048, 1ULL << 36);
	CHECK(s.ring == 32768 && s.frames == 1048576, "many frames: ring %u", s.ring);
	GOOD("--ring", "64");
	s = options_size(&o, 1, 2048, 1ULL << 36);
	CHECK(s.ring == 64 && s.frames == 4096, "asked for: ring %u, %u frames", s.ring, s.frames);
}

static void test_unknown(void)
{
	REFUSED("unknown option '--turbo'", "--turbo");
	REFUSED("unknown option '--turbo=1'", "--turbo=1");
	REFUSED("unknown option '-Z'", "-Z");
	REFUSED("unknown option '-Z'", "-Zspin");
	REFUSED("unknown option '-Z'", "-vZv");
	REFUSED("option '--ring' needs a value", "--ring");
	REFUSED("option '-m' needs a value", "-m");
	REFUSED("option '--replace' takes no value", "--replace=yes");
	REFUSED("unknown option '--re', or short for several", "--re");
	REFUSED("unexpected argument 'rx1'", "rx1");
	REFUSED("unexpected argument '-x'", "--", "-x");
}

static void write_config(const void *text, size_t len)
{
	FILE *f = fopen(path, "w");

	CHECK(f && fwrite(text, 1, len, f) == len && !fclose(f), "%s", path);
}

#define CONFIG(text) write_config(text, strlen(text))

/* Refused with file and line. */
#define REFUSED_AT(line, part, text)                             \
	do {                                                     \
		char at[64];                                     \
                                                                 \
		CONFIG(text);                                    \
		snprintf(at, sizeof(at), "%s:%d: ", path, line); \
		REFUSED(at, "-c", path);                         \
		CHECK(strstr(why, part), "it says: %s", why);    \
	} while (0)

static void test_config(void)
{
	CONFIG("# everything\n\n   \ninterface rx7\r\nqueues 0-1\nmode=spin\n"
	       "  batch \t= 32  \n#ring 3\nhugepages\nsink pcap:/tmp/a b.pcap\nstamp off");
	CHECK(!parse("-c", path, NULL), "%s", why);
	CHECK(!strcmp(o.ifname, "rx7") && o.queue_count == 2 && o.mode == MODE_SPIN, "config");
	CHECK(o.batch == 32 && !o.ring && o.hugepages && o.stamp == 0, "config");
	CHECK(!strcmp(o.sink, "pcap:/tmp/a b.pcap"), "'%s'", o.sink);
	/* The command line wins, wherever -c stands in it. */
	CHECK(!parse("-m", "busy", "-c", path, "--stamp", "every", NULL), "%s", why);
	CHECK(o.mode == MODE_BUSY && o.stamp == 1 && o.batch == 32, "command line first");

	CONFIG("ring 64 # slots\nhugepages\t# too\nsink pcap:/tmp/a#b #c#d\nfilter udp\t#x");
	CHECK(!parse("-i", "x", "-c", path, NULL), "%s", why);
	CHECK(o.ring == 64 && o.hugepages && !strcmp(o.sink, "pcap:/tmp/a#b"), "'%s'", o.sink);
	CHECK(!strcmp(o.expression, "udp"), "'%s'", o.expression);
	REFUSED_AT(1, "'mode' needs a value", "mode # spin\n");

	CONFIG("");
	GOOD("-c", path);
	CONFIG("\n");
	GOOD("-c", path);

	REFUSED_AT(1, "--mode 'turbo': must be", "mode turbo");
	REFUSED_AT(3, "--ring '1000': must be", "# one\n# two\nring 1000\nmode spin\n");
	REFUSED_AT(2, "unknown option 'turbo'", "mode spin\nturbo on\n");
	REFUSED_AT(1, "'mode' needs a value", "mode\n");
	REFUSED_AT(1, "'mode' needs a value", "mode =\n");
	REFUSED_AT(2, "'replace' takes no value, but has 'yes'", "\nreplace yes\n");
	REFUSED_AT(1, "unknown option 'config'", "config other\n");
	REFUSED_AT(1, "unknown option 'm'", "m spin\n");
	REFUSED_AT(1, "unknown option '--mode'", "--mode spin\n");
}

/* @i-th sink with a name is @name, and goes to @spec. */
static void named_is(uint32_t i, const char *name, const char *spec)
{
	CHECK(i < o.named_count && !strcmp(o.named[i].name, name) && !strcmp(o.named[i].spec, spec),
	      "sink %u of %u: '%s' '%s', not '%s' '%s'", i, o.named_count, o.named[i].name,
	      o.named[i].spec ?: "", name, spec);
}

static void test_named_sinks(void)
{
	GOOD("-s", "drop", "-s", "web=pcap:/tmp/a=b,size=1M", "--sink=v6-2_x count");
	CHECK(!strcmp(o.sink, "drop") && o.named_count == 2, "'%s', %u", o.sink, o.named_count);
	named_is(0, "web", "pcap:/tmp/a=b,size=1M");
	named_is(1, "v6-2_x", "count");
	/* What is no name is a sink, as ever. */
	GOOD("-s", "pcap:/tmp/a=b c");
	CHECK(!strcmp(o.sink, "pcap:/tmp/a=b c") && !o.named_count, "'%s'", o.sink);

	CONFIG("sink echo\nsink web pcap:/tmp/a b.pcap # all\nsink\tall = count\nsink b=drop\n");
	GOOD("-c", path);
	CHECK(!strcmp(o.sink, "echo") && o.named_count == 3, "'%s', %u", o.sink, o.named_count);
	named_is(0, "web", "pcap:/tmp/a b.pcap");
	named_is(1, "all", "count");
	named_is(2, "b", "drop");
	GOOD("-s", "all=pcap:/tmp/x", "-c", path, "-s", "c=count");
	CHECK(o.named_count == 4, "%u", o.named_count);
	named_is(1, "all", "pcap:/tmp/x");
	named_is(3, "c", "count");
	REFUSED_AT(2, "--sink 'web drop': must be another name: there is a sink of this one",
		   "sink web count\nsink web drop\n");

	REFUSED("there is a sink of this one already", "-s", "a=count", "-s", "a=drop");
	REFUSED("--sink '7=count': must be a name that begins with a letter", "-s", "7=count");
	REFUSED("--sink '-=count': must be a name that", "-s", "-=count");
	REFUSED("'default' is the sink without one", "-s", "default=count");
	REFUSED("nothing behind the name", "-s", "a=");
	REFUSED("nothing behind the name", "-s", "a  ");
	GOOD("-s", "abcdefghijklmnopqrstuvw=count");
	REFUSED("at most 23", "-s", "abcdefghijklmnopqrstuvwx=count");
	GOOD("-s", "a=count", "-s", "b=count", "-s", "c=count", "-s", "d=count", "-s", "e=count",
	     "-s", "f=count", "-s", "g=count");
	REFUSED("at most 7 sinks", "-s", "a=count", "-s", "b=count", "-s", "c=count", "-s",
		"d=count", "-s", "e=count", "-s", "f=count", "-s", "g=count", "-s", "h=count");
	REFUSED("sinks 'default' and 'a' are both 'pcap:x'", "-s", "a=pcap:x", "-s", "pcap:x");
	REFUSED("sinks 'a' and 'b' are both 'forward:x'", "-s", "a=forward:x", "-s", "b=forward:x");
	GOOD("-s", "a=plugin:x.so", "-s", "b=plugin:x.so");
}

static void test_config_files(void)
{
	static char big[300000];

	REFUSED("cannot read configuration file '/nonexistent/x'", "-c", "/nonexistent/x");
	REFUSED("configuration file '/tmp'", "-c", "/tmp");
	REFUSED("option '-c' needs a value", "-c");
	write_config("mode spin\0ring 64\n", 18);
	REFUSED("is not text", "-c", path);
	write_config("\0", 1);
	REFUSED("is not text", "-c", path);
	write_config("mode spin\0", 10);
	REFUSED("is not text", "-c", path);
	REFUSED("is not text", "-c", "/dev/zero");

	memset(big, 'x', sizeof(big) - 1);
	memcpy(big, "mode ", 5);
	CONFIG(big);
	REFUSED(":1: --mode 'xxx", "-c", path);
	CHECK(strlen(why) < sizeof(why), "%zu", strlen(why));
	memset(big, '\n', sizeof(big) - 1);
	memcpy(big + 200000, "ring 3", 6);
	CONFIG(big);
	REFUSED(":200001: --ring '3'", "-c", path);
}

static uint64_t state = 0x2545f4914f6cdd1dULL;

static uint32_t rnd(uint32_t below)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (state >> 11) % below;
}

/* Words that go together often enough to get past the first option. */
static const char *random_word(char *room, size_t size)
{
	static const char *const pool[] = {
		"-i",
		"rx0",
		"-q",
		"all",
		"0-3",
		"-m",
		"spin",
		"-s",
		"count",
		"-f",
		"udp",
		"-r",
		"-a",
		"native",
		"-z",
		"auto",
		"--batch",
		"1",
		"64",
		"--ring",
		"2048",
		"--frames",
		"--frame-size",
		"--cpus",
		"--stamp",
		"every",
		"--count",
		"--duration",
		"--interval",
		"1.5",
		"--report",
		"-",
		"--metrics",
		"a:1",
		"--control",
		"--user",
		"--replace",
		"-c",
		path,
		"--check",
		"-v",
		"-V",
		"-h",
		"--",
		"--ri",
		"-imspin",
		"",
		"--ring=8",
		"--mode=busy",
	};
	uint32_t n;

	if (rnd(8))
		return pool[rnd(sizeof(pool) / sizeof(*pool))];
	n = rnd(size - 1);
	for (uint32_t i = 0; i < n; i++)
		room[i] = 1 + rnd(255);
	room[n] = '\0';
	return room;
}

static void check_sane(void)
{
	struct ring_size size;

	CHECK(o.help || o.version || o.check || o.ifname, "no interface");
	if (o.help || o.version)
		return;
	size = options_size(&o, 1, 2048, 1ULL << 33);
	CHECK(afxdp_ring_size_ok(size.ring) && afxdp_ring_size_ok(size.frames), "ring %u frames %u",
	      size.ring, size.frames);
	CHECK(o.batch >= 1 && o.batch <= 256 && o.batch <= size.ring && size.frames >= size.ring,
	      "batch %u ring %u frames %u", o.batch, size.ring, size.frames);
	CHECK(o.all_queues || (o.queue_count && o.queue_count <= QUEUES_MAX), "queues");
	CHECK(o.mode < MODES && o.duration >= 0 && o.interval >= 0, "mode %d", o.mode);
}

static void test_random(void)
{
	static char room[ARGS][40];
	int taken = 0;

	for (int run = 0; run < 50000; run++) {
		const char *args[ARGS] = { "afxdpd", "-i", "rx0" };
		int argc = rnd(2) ? 3 : 1, last = argc + rnd(6);

		while (argc < last) {
			args[argc] = random_word(room[argc], sizeof(room[argc]));
			argc++;
		}
		if (!(run % 50)) { /* a line of a configuration file now and then */
			char line[128];
			int n = snprintf(line, sizeof(line), "%s %s\n%s",
					 random_word(room[20], sizeof(room[20])),
					 random_word(room[21], sizeof(room[21])),
					 random_word(room[22], sizeof(room[22])));

			write_config(line, n);
		}
		if (!parse_argv(argc, args)) {
			check_sane();
			taken++;
		}
	}
	CHECK(taken > 500, "only %d of 50000 random command lines were good", taken);
}

int main(void)
{
	int fd = mkstemp(path);

	CHECK(fd >= 0, "%s", path);
	close(fd);
	test_defaults();
	test_words();
	test_numbers();
	test_seconds();
	test_lists();
	test_texts();
	test_together();
	test_size();
	test_unknown();
	test_config();
	test_named_sinks();
	test_config_files();
	test_random();
	forget_words();
	unlink(path);
	return 0;
}
