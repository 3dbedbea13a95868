/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * afxdpgen - sends paced traffic and counts what really left. options.c reads the command line,
 * traffic.c and pcap.c make the frames, live.c and packet.c send them, crew.c runs the threads;
 * here they are put together, and words are said.
 */
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "crew.h"

enum {
	EXIT_RUN = 1,
	EXIT_USAGE = 2,
	EXIT_CANNOT = 3
};

__attribute__((format(printf, 1, 2))) static void complain(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	fputs("afxdpgen: ", stderr);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
	va_end(args);
}

static int quiet(enum libbpf_print_level level, const char *format, va_list args)
{
	(void)level;
	(void)format;
	(void)args;
	return 0;
}

static int talk(enum libbpf_print_level level, const char *format, va_list args)
{
	return level == LIBBPF_DEBUG ? 0 : vfprintf(stderr, format, args);
}

/* Kernels before 5.11 charge BPF maps to this limit; where it cannot be raised, it may still do. */
static void raise_memlock(void)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };

	setrlimit(RLIMIT_MEMLOCK, &all);
}

/* Why live frames cannot send this traffic at all, or NULL. */
static const char *beyond_live(const struct gen_traffic *t)
{
	if (t->longest > gen_live_engine.longest)
		return "frames longer than a page's worth are beyond XDP live frames";
	return NULL;
}

/* The MTU counts what follows the Ethernet header; a VLAN tag is not counted. */
static bool fits(const struct gen_interface *i, const struct gen_traffic *t)
{
	return t->longest <= i->mtu + 14 + 4;
}

static int send_by(struct gen_crew *c, const struct gen_engine *engine, const struct gen_options *o,
		   const struct gen_interface *i, const struct gen_traffic *t)
{
	int err = gen_crew_run(c, engine, o, i, t);

	if (!err || gen_crew_sent(c)) {
		gen_crew_print(c, o, stdout);
		fflush(stdout);
	}
	return err;
}

static int run(const struct gen_options *asked, const struct gen_interface *i,
	       const struct gen_traffic *t)
{
	const char *beyond = beyond_live(t);
	struct gen_options o = *asked;
	struct gen_crew c = {};
	int err = -EOPNOTSUPP;

	if (o.engine != GEN_PACKET && !beyond) {
		err = send_by(&c, &gen_live_engine, &o, i, t);
		beyond = c.why;
	}
	if (o.engine == GEN_PACKET || (o.engine == GEN_AUTO && err == -EOPNOTSUPP)) {
		char why[sizeof(c.why)];

		if (o.engine == GEN_AUTO) {
			snprintf(why, sizeof(why), "%s", beyond);
			complain("%s; sending by AF_PACKET, slower", why);
		}
		/* One socket's drops cannot be told from another's. */
		if (o.n_cpus > 1)
			complain("AF_PACKET sends from CPU %d only", o.cpus[0]);
		o.n_cpus = o.n_cpus ? 1 : 0;
		gen_crew_free(&c);
		err = send_by(&c, &gen_packet_engine, &o, i, t);
		beyond = c.why;
	}
	if (err)
		complain("%s", beyond);
	gen_crew_free(&c);
	return !err ? 0 : err == -EOPNOTSUPP ? EXIT_CANNOT : EXIT_RUN;
}

int main(int argc, char **argv)
{
	struct gen_traffic traffic = {};
	struct gen_interface interface;
	struct gen_options options;
	char why[320] = "";
	int status, err;

	if (gen_options_parse(&options, argc, argv, why, sizeof(why))) {
		complain("%s", why);
		return EXIT_USAGE;
	}
	if (options.help || options.version) {
		fputs(options.help ? gen_options_usage() : "afxdpgen " AFXDP_VERSION "\n", stdout);
		return 0;
	}
	libbpf_set_print(options.verbose ? talk : quiet);
	if (gen_interface_open(&interface, options.interface, why, sizeof(why))) {
		complain("%s", why);
		return EXIT_CANNOT;
	}
	err = gen_traffic_make(&traffic, &options,
			       options.has_src_mac ? options.src_mac : interface.mac, why,
			       sizeof(why));
	if (err) {
		complain("%s", err == -EINVAL ? why : strerror(-err));
		status = err == -EINVAL ? EXIT_USAGE : EXIT_RUN;
	} else if (!fits(&interface, &traffic)) {
		complain("frames of %u bytes do not fit the MTU of '%s', %u: ip link set %s mtu %u",
			 traffic.longest, interface.name, interface.mtu, interface.name,
			 traffic.longest - 14);
		status = EXIT_CANNOT;
	} else if (geteuid()) {
		complain("needs root (raw frames, BPF): run it with sudo");
		status = EXIT_CANNOT;
	} else {
		raise_memlock();
		gen_crew_block_signals();
		status = run(&options, &interface, &traffic);
	}
	gen_traffic_free(&traffic);
	return status;
}
