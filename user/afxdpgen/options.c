/* SPDX-License-Identifier: GPL-2.0-only */
/* options.c - the command line of afxdpgen: a table of options, a parser a type. No output. */
#include <arpa/inet.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "live.h"
#include "numbers.h"
#include "options.h"

struct why {
	char *text;
	size_t size;
};

__attribute__((format(printf, 2, 3))) static int wrong(struct why *w, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(w->text, w->size, format, args);
	va_end(args);
	return -EINVAL;
}

/* A number with an optional k, M or G: a thousand, a million, a thousand million. */
static bool parse_scaled(double *out, const char *text)
{
	char *end;

	if (*text < '0' || *text > '9')
		return false;
	*out = strtod(text, &end);
	if (*end == 'k')
		*out *= 1e3;
	else if (*end == 'M')
		*out *= 1e6;
	else if (*end == 'G')
		*out *= 1e9;
	else if (*end)
		return false;
	return isfinite(*out) && (!*end || !end[1]);
}

static bool parse_mac(uint8_t *out, const char *text)
{
	unsigned int b[6];
	char rest;
	int i;

	if (strlen(text) != 17 || sscanf(text, "%2x:%2x:%2x:%2x:%2x:%2x%c", &b[0], &b[1], &b[2],
					 &b[3], &b[4], &b[5], &rest) != 6)
		return false;
	for (i = 0; i < 6; i++)
		out[i] = b[i];
	return true;
}

static bool parse_address(struct gen_address *out, const char *text)
{
	out->family = strchr(text, ':') ? AF_INET6 : AF_INET;
	return inet_pton(out->family, text, out->bytes) == 1;
}

static bool parse_cpus(struct gen_options *o, const char *text)
{
	uint32_t list[GEN_CPUS_MAX];
	int n = number_list(text, list, GEN_CPUS_MAX, true);

	o->n_cpus = n > 0 ? n : 0;
	for (size_t i = 0; i < o->n_cpus; i++) {
		o->cpus[i] = list[i];
		if (list[i] > 65535)
			return false;
	}
	return n > 0;
}

/* One of the words in @words; its position is the value. */
static bool parse_word(int *out, const char *text, const char *const *words)
{
	for (*out = 0; words[*out]; ++*out)
		if (!strcmp(text, words[*out]))
			return true;
	return false;
}

static const char *const protos[] = { "udp", "tcp", "icmp", "arp", NULL };
static const char *const engines[] = { "auto", "xdp", "packet", NULL };

enum {
	OPT_SEED = 256,
	OPT_VLAN,
	OPT_PROTO,
	OPT_SRC_MAC,
	OPT_DST_MAC,
	OPT_SRC,
	OPT_DST,
	OPT_SPORT,
	OPT_DPORT,
	OPT_CPUS,
	OPT_BATCH,
	OPT_BURST,
	OPT_ENGINE,
	OPT_SPIN,
	OPT_SCATTER,
};

static const struct option long_options[] = {
	{ "interface", required_argument, NULL, 'i' },
	{ "count", required_argument, NULL, 'n' },
	{ "duration", required_argument, NULL, 'd' },
	{ "pps", required_argument, NULL, 'p' },
	{ "size", required_argument, NULL, 's' },
	{ "flows", required_argument, NULL, 'f' },
	{ "pcap", required_argument, NULL, 'r' },
	{ "write", required_argument, NULL, 'w' },
	{ "mix", no_argument, NULL, 'x' },
	{ "ipv6", no_argument, NULL, '6' },
	{ "seed", required_argument, NULL, OPT_SEED },
	{ "vlan", required_argument, NULL, OPT_VLAN },
	{ "proto", required_argument, NULL, OPT_PROTO },
	{ "src-mac", required_argument, NULL, OPT_SRC_MAC },
	{ "dst-mac", required_argument, NULL, OPT_DST_MAC },
	{ "src", required_argument, NULL, OPT_SRC },
	{ "dst", required_argument, NULL, OPT_DST },
	{ "sport", required_argument, NULL, OPT_SPORT },
	{ "dport", required_argument, NULL, OPT_DPORT },
	{ "cpus", required_argument, NULL, OPT_CPUS },
	{ "batch", required_argument, NULL, OPT_BATCH },
	{ "burst", required_argument, NULL, OPT_BURST },
	{ "engine", required_argument, NULL, OPT_ENGINE },
	{ "spin", no_argument, NULL, OPT_SPIN },
	{ "scatter", no_argument, NULL, OPT_SCATTER },
	{ "verbose", no_argument, NULL, 'v' },
	{ "version", no_argument, NULL, 'V' },
	{ "help", no_argument, NULL, 'h' },
	{ NULL, 0, NULL, 0 },
};

const char *gen_options_usage(void)
{
	return "usage: afxdpgen -i IFACE [OPTION]...\n"
	       "Sends paced traffic out of IFACE and prints what really left, as JSON.\n"
	       "\n"
	       "  -i, --interface IFACE   where to send\n"
	       "  -n, --count N           stop when exactly N frames have left\n"
	       "  -d, --duration S        stop after S seconds\n"
	       "  -p, --pps N|max         frames a second, k and M allowed: 1.488M (default max)\n"
	       "  -s, --size N            bytes a frame without FCS, 60 to 9014 (default 64)\n"
	       "  -f, --flows N           different source addresses and ports (default 1)\n"
	       "      --scatter           flows differ by address only, all over the address "
	       "space\n"
	       "      --proto P           udp, tcp, icmp or arp (default udp)\n"
	       "  -6, --ipv6              IPv6 instead of IPv4\n"
	       "      --vlan ID           with a VLAN tag, 1 to 4094\n"
	       "      --src, --dst ADDR   addresses of flow 0 (default 198.18.0.1, 198.19.0.1)\n"
	       "      --sport, --dport N  ports (default 1024, 9)\n"
	       "      --src-mac, --dst-mac MAC\n"
	       "                          (default IFACE's own, 02:00:00:00:00:02)\n"
	       "  -x, --mix               IPv4, IPv6, VLAN, UDP, TCP, ICMP and ARP of many sizes\n"
	       "  -r, --pcap FILE         replay a capture, over and over\n"
	       "  -w, --write FILE        write the frames to a capture instead of sending them\n"
	       "      --seed N            other payloads, flows in an order that looks random\n"
	       "      --cpus LIST         one sender on each of these CPUs, as 0,2-3\n"
	       "      --batch N           frames between two flushes, 1 to 256 (default 64)\n"
	       "      --burst N           frames at once when catching up (default 64)\n"
	       "      --spin              never sleep, also at low rates\n"
	       "      --engine E          auto, xdp or packet (default auto)\n"
	       "  -v, --verbose           also what libbpf says\n"
	       "  -V, --version\n"
	       "  -h, --help\n";
}

static int number(struct why *w, uint64_t *out, const char *name, const char *text, uint64_t min,
		  uint64_t max)
{
	if (number_parse(text, 0, min, max, out))
		return 0;
	return wrong(w, "--%s '%s': a number from %llu to %llu is wanted", name, text,
		     (unsigned long long)min, (unsigned long long)max);
}

/* Options that are a whole number, and those that are given or not. */
#define NUMBER(option, name, field, min, max)                                \
	{                                                                    \
		option, name, min, max, offsetof(struct gen_options, field), \
			sizeof(((struct gen_options *)0)->field)             \
	}

static const struct number_row {
	int option;
	const char *name;
	uint64_t min, max;
	size_t at, bytes;
} numbers[] = {
	NUMBER('n', "count", count, 1, UINT64_MAX >> 1),
	NUMBER('s', "size", size, GEN_SIZE_MIN, GEN_SIZE_MAX),
	NUMBER('f', "flows", flows, 1, 1U << 30),
	NUMBER(OPT_SEED, "seed", seed, 0, UINT64_MAX),
	NUMBER(OPT_VLAN, "vlan", vlan, 1, 4094),
	NUMBER(OPT_SPORT, "sport", sport, 0, 65535),
	NUMBER(OPT_DPORT, "dport", dport, 0, 65535),
	NUMBER(OPT_BATCH, "batch", batch, 1, GEN_BATCH_MAX),
	NUMBER(OPT_BURST, "burst", burst, 1, 65536),
};

static const struct {
	int option;
	size_t at;
} flags[] = {
	{ 'x', offsetof(struct gen_options, mix) },
	{ '6', offsetof(struct gen_options, ipv6) },
	{ OPT_SCATTER, offsetof(struct gen_options, scatter) },
	{ OPT_SPIN, offsetof(struct gen_options, spin) },
	{ 'v', offsetof(struct gen_options, verbose) },
	{ 'V', offsetof(struct gen_options, version) },
	{ 'h', offsetof(struct gen_options, help) },
};

static int set_number(struct gen_options *o, const struct number_row *row, const char *arg,
		      struct why *w)
{
	uint8_t *at = (uint8_t *)o + row->at;
	uint64_t n;
	int err = number(w, &n, row->name, arg, row->min, row->max);

	if (err)
		return err;
	if (row->bytes == sizeof(uint16_t))
		*(uint16_t *)at = n;
	else if (row->bytes == sizeof(uint32_t))
		*(uint32_t *)at = n;
	else
		*(uint64_t *)at = n;
	return 0;
}

/* The options with a form of their own. */
static int parse_word_option(struct gen_options *o, int opt, const char *arg, struct why *w)
{
	double real;
	int word;

	switch (opt) {
	case 'i':
		o->interface = arg;
		break;
	case 'd':
		if (!parse_scaled(&real, arg) || real < 0.001 || real > 200000)
			return wrong(w, "--duration '%s': seconds from 0.001 to 200000 are wanted",
				     arg);
		o->duration = real * 1e9;
		break;
	case 'p':
		if (!strcmp(arg, "max"))
			o->pps = 0;
		else if (!parse_scaled(&o->pps, arg) || o->pps < 0.1 || o->pps > 1e9)
			return wrong(
				w, "--pps '%s': frames a second from 0.1 to 1G, or max, are wanted",
				arg);
		break;
	case 'r':
		o->pcap = arg;
		break;
	case 'w':
		o->write = arg;
		break;
	case OPT_PROTO:
		if (!parse_word(&word, arg, protos))
			return wrong(w, "--proto '%s': one of udp, tcp, icmp, arp is wanted", arg);
		o->proto = word;
		break;
	case OPT_SRC_MAC:
	case OPT_DST_MAC:
		if (!parse_mac(opt == OPT_SRC_MAC ? o->src_mac : o->dst_mac, arg))
			return wrong(w, "--%s-mac '%s': an address as 02:00:00:00:00:01 is wanted",
				     opt == OPT_SRC_MAC ? "src" : "dst", arg);
		o->has_src_mac |= opt == OPT_SRC_MAC;
		break;
	case OPT_SRC:
	case OPT_DST:
		if (!parse_address(opt == OPT_SRC ? &o->src : &o->dst, arg))
			return wrong(w, "--%s '%s': an IPv4 or IPv6 address is wanted",
				     opt == OPT_SRC ? "src" : "dst", arg);
		break;
	case OPT_CPUS:
		if (!parse_cpus(o, arg))
			return wrong(w, "--cpus '%s': CPU numbers as 0,2-3 are wanted, at most %d",
				     arg, GEN_CPUS_MAX);
		break;
	case OPT_ENGINE:
		if (!parse_word(&word, arg, engines))
			return wrong(w, "--engine '%s': one of auto, xdp, packet is wanted", arg);
		o->engine = word;
		break;
	}
	return 0;
}

static int parse_one(struct gen_options *o, int opt, const char *arg, struct why *w)
{
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers); i++)
		if (numbers[i].option == opt)
			return set_number(o, &numbers[i], arg, w);
	for (size_t i = 0; i < sizeof(flags) / sizeof(*flags); i++)
		if (flags[i].option == opt) {
			*(bool *)((uint8_t *)o + flags[i].at) = true;
			return 0;
		}
	return parse_word_option(o, opt, arg, w);
}

/* What each option is by itself is right; whether they make sense together. */
static int check(const struct gen_options *o, uint32_t given, struct why *w)
{
	int family = o->ipv6 ? AF_INET6 : AF_INET;

	if (o->help || o->version)
		return 0;
	if (!o->interface && !o->write)
		return wrong(w, "no interface: say which with -i IFACE");
	if (o->write && !o->count)
		return wrong(w, "--write '%s': say how many frames with --count", o->write);
	if (o->pcap && (given || o->mix || o->scatter))
		return wrong(w, "--pcap sends the frames of the file as they are: leave out --mix "
				"and what describes frames");
	if (o->mix && given)
		return wrong(w, "--mix chooses sizes, protocols and tags itself: leave out --size, "
				"--proto, --ipv6, --vlan, --src and --dst");
	if ((o->src.family && o->src.family != family) ||
	    (o->dst.family && o->dst.family != family))
		return wrong(w, "%s addresses are wanted %s --ipv6", o->ipv6 ? "IPv6" : "IPv4",
			     o->ipv6 ? "with" : "without");
	if (o->ipv6 && o->proto == GEN_ARP)
		return wrong(w, "--proto arp is IPv4's: leave out --ipv6");
	return 0;
}

static const char short_options[] = ":i:n:d:p:s:f:r:w:x6vVh";

int gen_options_parse(struct gen_options *o, int argc, char **argv, char *why, size_t why_size)
{
	struct why w = { .text = why, .size = why_size };
	uint32_t describes = 0;
	int opt, err;

	*o = (struct gen_options){
		.size = 64,
		.flows = 1,
		.sport = 1024,
		.dport = 9,
		.batch = 64,
		.burst = 64,
		.dst_mac = { 0x02, 0, 0, 0, 0, 0x02 },
	};
	optind = 0; /* glibc: start again */
	opterr = 0;
	while ((opt = getopt_long(argc, argv, short_options, long_options, NULL)) != -1) {
		const char *last = optind > 0 && optind <= argc ? argv[optind - 1] : "";

		if (opt == '?')
			return wrong(&w, "unknown option '%s': see afxdpgen --help", last);
		if (opt == ':')
			return wrong(&w, "option '%s' needs a value: see afxdpgen --help", last);
		err = parse_one(o, opt, optarg, &w);
		if (err)
			return err;
		if (opt == 's' || opt == '6' || opt == OPT_PROTO || opt == OPT_VLAN ||
		    opt == OPT_SRC || opt == OPT_DST)
			describes |= 1;
	}
	if (optind < argc)
		return wrong(&w, "'%s' is not an option: see afxdpgen --help", argv[optind]);
	return check(o, describes, &w);
}
