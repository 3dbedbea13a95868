/* SPDX-License-Identifier: GPL-2.0-only */
/* afxdpgen's command line: what is right is read, what is wrong is named, and nothing crashes. */
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>

#include "options.h"
#include "t.h"

static struct gen_options o;
static char why[320];

/* Splits @line at spaces, parses it. */
static int parse(const char *line)
{
	static char copy[1024];
	char *argv[64] = { "afxdpgen" }, *save = NULL, *word;
	int argc = 1;

	snprintf(copy, sizeof(copy), "%s", line);
	for (word = strtok_r(copy, " ", &save); word; word = strtok_r(NULL, " ", &save))
		argv[argc++] = word;
	why[0] = 0;
	return gen_options_parse(&o, argc, argv, why, sizeof(why));
}

/* Wrong, and the line says @about. */
static void wrong(const char *line, const char *about)
{
	CHECK(parse(line) == -EINVAL, "%s", line);
	CHECK(strstr(why, about), "'%s' for '%s'", why, line);
	CHECK(!strchr(why, '\n'), "'%s'", why);
}

static void right(void)
{
	CHECK(!parse("-i eth7"), "%s", why);
	CHECK(!strcmp(o.interface, "eth7") && o.size == 64 && o.flows == 1 && !o.count && !o.pps &&
	      o.batch == 64 && o.proto == GEN_UDP && o.engine == GEN_AUTO && !o.n_cpus);
	CHECK(!parse("-i a --count 5000000 --pps 1.488M --size 1514 --flows 1000 --seed 7 "
		     "--vlan 4094 --ipv6 --proto tcp --src 2001:db8::1 --dst fd00::2 --sport 0 "
		     "--dport 65535 --src-mac 02:AB:cd:ef:01:23 --dst-mac ff:ff:ff:ff:ff:ff "
		     "--cpus 0,2-4,7 --batch 256 --burst 1 --engine packet -d 2.5 -v"),
	      "%s", why);
	CHECK(o.count == 5000000 && o.pps == 1488000 && o.size == 1514 && o.flows == 1000 &&
	      o.seed == 7 && o.vlan == 4094 && o.ipv6 && o.proto == GEN_TCP && o.dport == 65535);
	CHECK(o.src.family == AF_INET6 && o.src.bytes[15] == 1 && o.dst.bytes[0] == 0xfd);
	CHECK(o.has_src_mac && o.src_mac[1] == 0xab && o.dst_mac[5] == 0xff);
	CHECK(o.n_cpus == 5 && o.cpus[0] == 0 && o.cpus[1] == 2 && o.cpus[3] == 4 &&
	      o.cpus[4] == 7);
	CHECK(o.batch == 256 && o.burst == 1 && o.engine == GEN_PACKET && o.verbose);
	CHECK(o.duration == 2500000000ULL);
	CHECK(!parse("-i a --pps max") && !o.pps);
	CHECK(!parse("-i a --pps 64k") && o.pps == 64000);
	CHECK(!parse("-w out.pcap -n 3 --mix"), "%s", why);
	CHECK(!parse("-i a --spin") && o.spin);
	CHECK(!parse("--help") && o.help && !parse("-V") && o.version);
	CHECK(strstr(gen_options_usage(), "--pps"));
}

static void bad(void)
{
	wrong("", "-i IFACE");
	wrong("-i", "'-i'");
	wrong("-i a --bogus", "'--bogus'");
	wrong("-i a -z", "'-z'");
	wrong("-i a rest", "'rest'");
	wrong("-i a --count", "'--count'");
	wrong("-i a --count 0", "'0'");
	wrong("-i a --count -1", "'-1'");
	wrong("-i a --count +1", "'+1'");
	wrong("-i a --count 12x", "'12x'");
	wrong("-i a --count 99999999999999999999", "'99999999999999999999'");
	wrong("-i a --pps 0", "'0'");
	wrong("-i a --pps nan", "'nan'");
	wrong("-i a --pps 1e400", "'1e400'");
	wrong("-i a --pps 5kk", "'5kk'");
	wrong("-i a --pps 2G", "'2G'");
	wrong("-i a --size 59", "'59'");
	wrong("-i a --size 9015", "'9015'");
	wrong("-i a --flows 0", "'0'");
	wrong("-i a --pcap x --scatter", "--pcap");
	CHECK(!parse("-i a --flows 5 --scatter") && o.scatter);
	wrong("-i a --vlan 0", "'0'");
	wrong("-i a --vlan 4095", "'4095'");
	wrong("-i a --proto sctp", "'sctp'");
	wrong("-i a --src 1.2.3", "'1.2.3'");
	wrong("-i a --src 1.2.3.4 --ipv6", "--ipv6");
	wrong("-i a --dst ::1", "--ipv6");
	wrong("-i a --src-mac 02:00:00:00:00", "'02:00:00:00:00'");
	wrong("-i a --dst-mac 02:00:00:00:00:0g", "'02:00:00:00:00:0g'");
	wrong("-i a --sport 65536", "'65536'");
	wrong("-i a --cpus 1-", "'1-'");
	wrong("-i a --cpus 3-1", "'3-1'");
	wrong("-i a --cpus 0,,1", "'0,,1'");
	wrong("-i a --cpus x", "'x'");
	wrong("-i a --cpus 0-64", "'0-64'");
	wrong("-i a --batch 0", "'0'");
	wrong("-i a --batch 257", "'257'");
	wrong("-i a --burst 0", "'0'");
	wrong("-i a --engine dpdk", "'dpdk'");
	wrong("-i a --duration 0", "'0'");
	wrong("-i a --duration soon", "'soon'");
	wrong("-i a --mix --size 64", "--mix");
	wrong("-i a --pcap f --mix", "--pcap");
	wrong("-i a --pcap f --vlan 5", "--pcap");
	wrong("-i a --ipv6 --proto arp", "arp");
	wrong("-w f", "--count");
	/* A value longer than the line it is quoted in. */
	wrong("-i a --count "
	      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
	      "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
	      "--count");
}

int main(void)
{
	right();
	bad();
	return 0;
}
