/* SPDX-License-Identifier: GPL-2.0-only */
#include "exprs.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "frames.h"

const char *const test_exprs[] = {
	"",
	"ip",
	"ip6",
	"arp",
	"rarp",
	"atalk",
	"aarp",
	"decnet",
	"iso",
	"stp",
	"ipx",
	"netbeui",
	"lat",
	"moprc",
	"mopdl",
	"sca",
	"loopback",
	"tcp",
	"udp",
	"icmp",
	"icmp6",
	"igmp",
	"igrp",
	"pim",
	"vrrp",
	"carp",
	"ah",
	"esp",
	"sctp",
	"clnp",
	"esis",
	"isis",
	"isis and l1",
	"snp",
	"csnp",
	"psnp",
	"host 10.0.0.1",
	"src host 10.0.0.1",
	"dst host 10.0.0.2",
	"host 10.0.0.1 or 10.0.0.2",
	"src or dst host 192.168.0.1",
	"src and dst host 127.0.0.1",
	"ip host 10.1.2.3",
	"arp host 10.0.0.1",
	"rarp src host 10.0.0.2",
	"ip6 host 2001:db8::1",
	"src host 2001:db8:1::3",
	"host fe80::1 and not host ::1",
	"net 10.0.0.0/8",
	"src net 192.0.2.0/24",
	"dst net 192.168.0.0 mask 255.255.0.0",
	"net 10",
	"net 2001:db8::/32",
	"src net 2001:db8:1::/48 or dst net ff00::/8",
	"net fe80::/10",
	"ether host 02:00:00:00:00:01",
	"ether src 02:00:00:00:00:02",
	"ether dst ff:ff:ff:ff:ff:ff",
	"ether broadcast",
	"ether multicast",
	"broadcast",
	"multicast",
	"ip multicast",
	"ip6 multicast",
	"ether proto 0x0800",
	"ether proto \\ip6",
	"ether proto 0x88cc",
	"ether proto 0x42",
	"ether proto 0xf0",
	"ip proto 17",
	"ip proto \\tcp",
	"ip6 proto 58",
	"ip6 proto 44",
	"proto 47",
	"proto \\sctp",
	"port 53",
	"src port 80",
	"dst port 443",
	"udp port 4000",
	"tcp port 22",
	"tcp src port 80 and dst port 443",
	"sctp port 123",
	"udp dst port 4000",
	"src port 53 and dst port 53",
	"portrange 1-1023",
	"tcp portrange 80-443",
	"udp dst portrange 4000-8080",
	"src portrange 65535-65535",
	"udp src portrange 8080-53",
	"port domain",
	"tcp port http",
	"less 64",
	"greater 100",
	"len > 1000",
	"len <= 60",
	"len = 60",
	"len - 14 > ip[2:2]",
	"not ip",
	"not (tcp or udp)",
	"! udp && ! tcp",
	"vlan",
	"vlan 1",
	"vlan 0",
	"vlan 100 and udp",
	"vlan and ip",
	"vlan 100 and vlan 200",
	"vlan and vlan and tcp port 80",
	"vlan 1 or ip",
	"not vlan",
	"ip and not vlan",
	"vlan and host 10.0.0.1",
	"vlan and ip6 and udp dst port 53",
	"vlan and (arp or icmp)",
	"(vlan 100 and tcp) or (vlan 200 and udp)",
	"udp port 53 or (vlan and udp port 53)",
	"vlan and net 10.0.0.0/8 and tcp[tcpflags] & tcp-syn != 0",
	"vlan and vlan and vlan",
	"mpls",
	"mpls 1",
	"mpls 100 and mpls 200",
	"mpls and ip",
	"mpls 1 and host 10.0.0.1",
	"vlan and mpls 100 and ip",
	"pppoed",
	"pppoes",
	"pppoes 1",
	"pppoes and ip",
	"pppoes 100 and tcp port 80",
	"vlan 100 and pppoes 1 and ip6",
	"geneve",
	"geneve 1",
	"geneve and ip",
	"geneve 1 and host 10.0.0.1",
	"ip protochain 6",
	"ip protochain 17",
	"ip6 protochain 6",
	"ip6 protochain 17",
	"ip6 protochain 58",
	"ip6 protochain 51",
	"protochain 17",
	"ip6 protochain 6 and ip6[40] > 5",
	"ip6 protochain 17 or ip6 protochain 6",
	"not ip6 protochain 17 and ip6",
	"vlan and ip6 protochain 17",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
	"tcp[tcpflags] == tcp-syn",
	"tcp[13] & 2 != 0",
	"tcp[((tcp[12] & 0xf0) >> 2):4] = 0x47455420",
	"tcp[((tcp[12:1] & 0xf0) >> 2):2] = 0x4745 and dst port 80",
	"icmp[icmptype] = icmp-echo",
	"icmp[icmptype] != icmp-echoreply and icmp[icmpcode] = 0",
	"icmp6[icmp6type] = icmp6-echo",
	"icmp6[0] = 8",
	"ip[0] & 0xf > 5",
	"ip[0] & 0xf != 5",
	"ip[6:2] & 0x1fff = 0",
	"ip[6:2] & 0x1fff != 0",
	"ip[6] & 0x20 != 0",
	"ip[8] < 5",
	"ip[2:2] > 1000",
	"ip[2:2] - ((ip[0] & 0xf) << 2) > 100",
	"ip[2:2] - ((ip[0]&0xf)<<2) - ((tcp[12]&0xf0)>>2) != 0",
	"ip[12:4] = 0x0a000001",
	"ip[12:4] & 0xff000000 = 0x0a000000",
	"ip[16:4] = ip[12:4]",
	"ip[19] = 0xff",
	"ip6[6] = 6",
	"ip6[7] < 10",
	"ip6[4:2] > 100",
	"ip6[8:4] = 0x20010db8",
	"udp[4:2] > 100",
	"udp[8:4] = 0x01020304",
	"udp[0:2] = udp[2:2]",
	"udp[2:2] % 2 = 0",
	"udp[(udp[4:2]):1] = 0",
	"ether[0] & 1 = 0",
	"ether[0] & 1 != 0 and ip[16] >= 224",
	"ether[12:2] = 0x0800",
	"ether[12:4] = 0x81000064",
	"ether[10:4] = 0x00010800",
	"ether[14:2] & 0xfff = 100",
	"ether[15] = 1",
	"ether[11:2] = 0x0108",
	"ether[15:2] = 0x0108",
	"ether[13:4] = 0",
	"ether[6:4] = 0x02000000",
	"ether[3000] = 184",
	"ether[4000:2] > 1",
	"ether[8000:4] != 0",
	"ether[20000] = 0",
	"ether[1000000] = 0",
	"ether[4294967295] = 0",
	"ether[4294967292:4] = 0",
	"ether[2147483647] = 0",
	"ip[4294967295] = 0",
	"udp[4294967290:2] = 8",
	"ether[ether[0]] = 0",
	"ether[ip[0]] = ip[1]",
	"ether[ip[2:2]] = 0",
	"ether[ip[2:2] + 13] = 0",
	"ether[ip[12:4]] = 0",
	"ether[0 - 1] = 0",
	"ether[ether[12] - 9] = 0",
	"ether[ether[5] - 3] = 0",
	"ip[0] / ip[1] = 1",
	"ip[0] % ip[1] = 1",
	"ip[1] / (ip[8] - 64) = 0",
	"ip[2:2] / 4 = 25",
	"ip[2:2] % 7 = 3",
	"ip[4:2] * ip[10:2] > 0x10000",
	"ip[4:2] * 65537 > 0x7fffffff",
	"ip[0] << ip[8] = 0",
	"ip[12:4] >> ip[1] = 0",
	"ip[12:4] << 8 = 0",
	"ip[0] ^ ip[1] = 0x45",
	"ip[0] | ip[1] = 0x45",
	"- ip[8] > 0xffffff00",
	"-ip[0] & 0xff = 0xbb",
	"ip[8] - 200 > 100",
	"1 + 1 = 2",
	"1 = 2",
	"5 > 3 and ip",
	"0x80000000 > 1",
	"len * 2 > 200",
	"len / 10 = 6",
	"len & 1 = 0",
	"(ip[2:2] + ip[4:2]) * (ip[8] - 1) > ip[10:2]",
	"((ip[0] + 1) * (ip[1] + 2)) - ((ip[2] + 3) * (ip[3] + 4)) > 0",
	"ip and (ip[1] + (ip[2] + (ip[3] + (ip[4] + (ip[5] + ip[6]))))) > 255",
	"tcp and port 80 and (tcp[20:4] = 0x47455420 or tcp[32:4] = 0x47455420)",
	"(tcp port 80 or tcp port 443) and host 10.0.0.1 and not net 192.168.0.0/16",
	"udp and not port 53 and not port 123 and (src net 10 or dst net 10)",
	"icmp or arp or (udp and (port 53 or port 123 or port 4000))",
	"ip and not src net 10.0.0.0/8 and not src net 192.168.0.0/16 and not src host 127.0.0.1",
	"ip or ip6 and tcp or udp and port 53",
	"host 10.0.0.1 and (port 22 or port 53 or port 80 or port 123 or port 443 or port 4000)",
	"gateway 10.0.0.1",
	"inbound",
	"ip broadcast",
	"type mgt",
	"wlan host 02:00:00:00:00:01",
	"radius",
	NULL,
};

static void add(char *text, size_t size, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

static void add(char *text, size_t size, const char *format, ...)
{
	size_t n = strlen(text);
	va_list args;

	va_start(args, format);
	vsnprintf(text + n, size - n, format, args);
	va_end(args);
}

static void add_address(char *text, size_t size, struct rng *r)
{
	uint32_t a = rng_pick(r, test_addresses);

	if (rng_chance(r, 30))
		add(text, size, "%s", rng_pick(r, test_addresses6));
	else
		add(text, size, "%u.%u.%u.%u", a >> 24, a >> 16 & 255, a >> 8 & 255, a & 255);
}

static void add_net(char *text, size_t size, struct rng *r)
{
	static const char *const nets[] = {
		"10.0.0.0/8", "10.1.0.0/16", "192.168.0.0/24",	"192.0.2.0/25",	 "224.0.0.0/4",
		"0.0.0.0/0",  "10.0.0.2/31", "127.0.0.1/32",	"2001:db8::/32", "2001:db8:1::/48",
		"fe80::/10",  "ff00::/8",    "2001:db8::2/127", "::/0",
	};

	add(text, size, "%s", rng_pick(r, nets));
}

/* A byte, half or whole word of a header, or a number. */
static void add_operand(char *text, size_t size, struct rng *r)
{
	static const char *const layers[] = { "ether", "ip",  "ip",   "ip6",   "tcp", "udp",
					      "icmp",  "arp", "sctp", "icmp6", "igmp" };
	static const uint32_t numbers[] = { 0,	  1,   2,   4,	    6,	    17,		0x45,
					    0xff, 255, 100, 0x0800, 0x1fff, 0xffffffff, 64 };
	static const char *const sizes[] = { "", ":1", ":2", ":4" };

	switch (rng_below(r, 6)) {
	case 0:
		add(text, size, "len");
		break;
	case 1:
	case 2:
		add(text, size, "%u", rng_pick(r, numbers));
		break;
	default:
		add(text, size, "%s[%u%s]", rng_pick(r, layers), rng_below(r, 48),
		    rng_pick(r, sizes));
	}
}

static void add_arithmetic(char *text, size_t size, struct rng *r, uint32_t depth)
{
	static const char *const ops[] = { "+", "-", "*", "/", "%", "&", "|", "^", "<<", ">>" };

	if (!depth || rng_chance(r, 30)) {
		add_operand(text, size, r);
		return;
	}
	if (rng_chance(r, 8)) { /* an index that is computed */
		add(text, size, "%s[", rng_chance(r, 50) ? "ip" : "ether");
		add_arithmetic(text, size, r, depth - 1);
		add(text, size, ":%u]", 1u << rng_below(r, 3));
		return;
	}
	add(text, size, "(");
	add_arithmetic(text, size, r, depth - 1);
	add(text, size, " %s ", rng_pick(r, ops));
	add_arithmetic(text, size, r, depth - 1);
	add(text, size, ")");
}

static void add_relation(char *text, size_t size, struct rng *r)
{
	static const char *const ops[] = { "=", "!=", ">", "<", ">=", "<=" };

	add_arithmetic(text, size, r, rng_below(r, 3));
	add(text, size, " %s ", rng_pick(r, ops));
	add_arithmetic(text, size, r, rng_below(r, 2));
}

static void add_primitive(char *text, size_t size, struct rng *r)
{
	static const char *const dirs[] = { "", "src ", "dst ", "src or dst ", "src and dst " };
	static const char *const l3[] = { "", "", "ip ", "ip6 ", "arp " };
	static const char *const l4[] = { "", "tcp ", "udp ", "sctp " };
	static const char *const words[] = { "ip",	  "ip6",  "arp",  "tcp", "udp", "icmp",
					     "icmp6",	  "igmp", "sctp", "ah",	 "esp", "broadcast",
					     "multicast", "stp",  "rarp", "pim" };
	static const char *const tunnels[] = { "vlan", "vlan", "mpls", "pppoes", "geneve" };
	const uint8_t *mac = rng_pick(r, test_macs);
	uint16_t low = rng_pick(r, test_ports);

	switch (rng_below(r, 14)) {
	case 0:
	case 1:
		add(text, size, "%s%shost ", rng_pick(r, l3), rng_pick(r, dirs));
		add_address(text, size, r);
		break;
	case 2:
		add(text, size, "%snet ", rng_pick(r, dirs));
		add_net(text, size, r);
		break;
	case 3:
	case 4:
		add(text, size, "%s%sport %u", rng_pick(r, l4), rng_pick(r, dirs), low);
		break;
	case 5:
		add(text, size, "%s%sportrange %u-%u", rng_pick(r, l4), rng_pick(r, dirs), low,
		    low + rng_below(r, 65536 - low));
		break;
	case 6:
		add(text, size, "ether %shost %02x:%02x:%02x:%02x:%02x:%02x",
		    rng_chance(r, 50) ? "src " : "", mac[0], mac[1], mac[2], mac[3], mac[4],
		    mac[5]);
		break;
	case 7:
		add(text, size, "%s", rng_pick(r, tunnels));
		if (rng_chance(r, 60))
			add(text, size, " %u", rng_pick(r, test_vlans));
		break;
	case 8:
		add(text, size, "%sproto %u", rng_chance(r, 50) ? "ip " : "ip6 ",
		    rng_pick(r, ((const uint8_t[]){ 6, 17, 1, 58, 51, 44, 47 })));
		break;
	case 9:
		if (rng_chance(r, 40))
			add(text, size, "%sprotochain %u", rng_chance(r, 30) ? "ip " : "ip6 ",
			    rng_pick(r, ((const uint8_t[]){ 6, 17, 58, 51, 44 })));
		else
			add(text, size, "%s %u", rng_chance(r, 50) ? "less" : "greater",
			    rng_below(r, 200));
		break;
	case 10:
	case 11:
		add_relation(text, size, r);
		break;
	default:
		add(text, size, "%s", rng_pick(r, words));
	}
}

static void add_expr(char *text, size_t size, struct rng *r, uint32_t depth)
{
	if (!depth || rng_chance(r, 25)) {
		if (rng_chance(r, 15))
			add(text, size, "not ");
		add_primitive(text, size, r);
		return;
	}
	add(text, size, "%s(", rng_chance(r, 12) ? "not " : "");
	add_expr(text, size, r, depth - 1);
	add(text, size, ") %s (", rng_chance(r, 55) ? "and" : "or");
	add_expr(text, size, r, depth - 1);
	add(text, size, ")");
}

void expr_make(char *text, size_t size, struct rng *r)
{
	text[0] = 0;
	add_expr(text, size, r, rng_below(r, 4));
}
