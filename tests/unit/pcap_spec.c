/* SPDX-License-Identifier: GPL-2.0-only */
/* What stands behind "pcap:": words and names with commas, sizes, and the names of the files. */
#include "t.h"

#include <errno.h>
#include <stdlib.h>
#include "pcap_spec.h"

static struct pcap_spec spec;
static char why[512];

#define GOOD(text) \
	CHECK(!pcap_spec_parse(&spec, "pcap", text, why, sizeof(why)), "%s: %s", text, why)
#define REFUSED(text, word)                                                                    \
	do {                                                                                   \
		CHECK(pcap_spec_parse(&spec, "pcap", text, why, sizeof(why)) == -EINVAL, "%s", \
		      text);                                                                   \
		CHECK(strstr(why, word), "%s: it says: %s", text, why);                        \
		CHECK(!strchr(why, '\n'), "%s: more than a line", text);                       \
	} while (0)

static void test_words(void)
{
	GOOD("a.pcap");
	CHECK(!strcmp(spec.path, "a.pcap") && !pcap_spec_rotates(&spec), "a lone file");
	CHECK(spec.snaplen == PCAP_SNAPLEN, "whole frames");
	GOOD("a,b,sizes=3,c");
	CHECK(!strcmp(spec.path, "a,b,sizes=3,c"), "a name with commas: '%s'", spec.path);
	GOOD("a,b,size=1G,files=24,seconds=3600,snaplen=128");
	CHECK(!strcmp(spec.path, "a,b"), "'%s'", spec.path);
	CHECK(spec.size == 1ULL << 30 && spec.files == 24 && spec.seconds == 3600 &&
		      spec.snaplen == 128,
	      "%lu, %u, %u, %u", spec.size, spec.files, spec.seconds, spec.snaplen);
	GOOD("a,append,mode=0640");
	CHECK(spec.append && spec.mode == 0640 && !strcmp(spec.path, "a"), "flags and mode");
	GOOD("a,excl,seconds=3");
	CHECK(spec.excl && spec.mode == 0600, "excl");
	GOOD("a,appendix");
	CHECK(!spec.append && !strcmp(spec.path, "a,appendix"), "no word");
	GOOD("a,size=64k");
	CHECK(spec.size == 65536, "%lu", spec.size);
	GOOD("a,size=70000");
	CHECK(spec.size == 70000, "%lu", spec.size);
	REFUSED("a,size=1M,frob=2", "'frob=2'");
	REFUSED("a,size=1M,", "''");
	REFUSED("a,size=", "size=''");
	REFUSED("a,size=k", "size='k'");
	REFUSED("a,size=-1", "size='-1'");
	REFUSED("a,size=1T", "size='1T'");
	REFUSED("a,size=63k", "at least 64k");
	REFUSED("a,size=99999999999999999999G", "size=");
	REFUSED("a,seconds=0", "seconds='0'");
	REFUSED("a,snaplen=20", "snaplen='20'");
	REFUSED("a,snaplen=262145", "snaplen=");
	REFUSED("a,size=1M,files=1", "files='1'");
	REFUSED("a,files=3", "needs size= or seconds=");
	REFUSED("-,size=1M", "standard output");
	REFUSED("a,mode=0400", "mode='0400'");
	REFUSED("a,mode=1600", "mode='1600'");
	REFUSED("a,mode=rw", "mode='rw'");
	REFUSED("a,append,excl", "excl wants nothing");
	REFUSED("a,append,size=1M", "a capture of one file");
	REFUSED("a,excl,size=1M,files=3", "a ring");
}

static const char *name(uint64_t n, time_t now, const char *before)
{
	static char s[PATH_MAX];

	CHECK(!pcap_spec_name(&spec, n, now, before, s, sizeof(s)), "%lu", n);
	return s;
}

#define NAMED(n, now, before, want) \
	CHECK(!strcmp(name(n, now, before), want), "'%s', not '%s'", name(n, now, before), want)

static void test_names(void)
{
	char small[4];

	GOOD("100%.pcap");
	NAMED(0, 0, NULL, "100%.pcap");
	GOOD("x,size=1M");
	NAMED(0, 0, NULL, "x");
	NAMED(1, 0, "x", "x1");
	NAMED(12, 0, "x11", "x12");
	GOOD("x,size=1M,files=12");
	NAMED(0, 0, NULL, "x00");
	NAMED(11, 0, "x10", "x11");
	NAMED(12, 0, "x11", "x00");
	GOOD("x,size=1M,files=10");
	NAMED(19, 0, "x8", "x9");
	setenv("TZ", "UTC", 1);
	GOOD("x-%Y%m%d-%H%M%S,seconds=60,files=3");
	NAMED(0, 1700000000, NULL, "x-20231114-221320");
	NAMED(1, 1700000060, "x-20231114-221320", "x-20231114-221420");
	/* Twice within a second: never the same file again. */
	NAMED(1, 1700000000, "x-20231114-221320", "x-20231114-221320.1");
	NAMED(2, 1700000000, "x-20231114-221320.1", "x-20231114-221320.2");
	CHECK(pcap_spec_name(&spec, 0, 0, NULL, small, sizeof(small)) == -ENAMETOOLONG, "too long");
	GOOD("x,size=1M");
	CHECK(pcap_spec_name(&spec, 123, 0, "x", small, sizeof(small)) == -ENAMETOOLONG,
	      "too long");
}

int main(void)
{
	test_words();
	test_names();
	return 0;
}
