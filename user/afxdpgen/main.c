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
#include "written.h"

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

/* The MTU counts what follows the Ethernet header; a VLAN tag is not counted. */
static uint32_t longest(const struct gen_interface *i)
{
	uint32_t limit = i->mtu + 14 + 4;

	return limit < GEN_SIZE_MAX + 4 ? limit : GEN_SIZE_MAX + 4;
}

static const char *plural(uint32_t n)
{
	return n == 1 ? "" : "s";
}

static void say_left_out(const struct gen_options *o, const struct gen_traffic *t, uint32_t limit)
{
	if (t->too_short)
		complain("--pcap %s: left out %u record%s shorter than an Ethernet header", o->pcap,
			 t->too_short, plural(t->too_short));
	if (t->too_long)
		complain("--pcap %s: left out %u record%s longer than %u bytes%s%s", o->pcap,
			 t->too_long, plural(t->too_long), limit,
			 o->write ? "" : ", the most that fit the MTU of ",
			 o->write ? "" : o->interface);
}

/* Sends and prints the results if there are any. @why: as gen_crew's. */
static int send_by(const struct gen_engine *engine, const struct gen_options *o,
		   const struct gen_interface *i, const struct gen_traffic *t, char *why,
		   size_t why_size)
{
	struct gen_crew c;
	int err;

	err = gen_crew_run(&c, engine, o, i, t);
	if (!err || gen_crew_sent(&c)) {
		gen_crew_print(&c, o, stdout);
		fflush(stdout);
	}
	snprintf(why, why_size, "%s", c.why);
	gen_crew_free(&c);
	return err;
}

static int run(struct gen_options *o, const struct gen_interface *i, const struct gen_traffic *t)
{
	const struct gen_engine *engine = o->write		    ? &gen_file_engine
					  : o->engine == GEN_PACKET ? &gen_packet_engine
								    : &gen_live_engine;
	char why[320] = "";
	int err;

	err = send_by(engine, o, i, t, why, sizeof(why));
	if (err == -EOPNOTSUPP && o->engine == GEN_AUTO && !o->write) {
		complain("%s; sending by AF_PACKET, slower", why);
		/* One socket's drops could not be told from another's. */
		o->n_cpus = o->n_cpus ? 1 : 0;
		err = send_by(&gen_packet_engine, o, i, t, why, sizeof(why));
	}
	if (err)
		complain("%s", why);
	return !err ? 0 : err == -EOPNOTSUPP ? EXIT_CANNOT : EXIT_RUN;
}

/* What must hold before anything is sent; else one line and the exit status. */
static int ready(const struct gen_options *o, struct gen_interface *i)
{
	char why[320];

	if (o->write)
		return 0;
	if (gen_interface_open(i, o->interface, why, sizeof(why))) {
		complain("%s", why);
		return EXIT_CANNOT;
	}
	if (geteuid()) {
		complain("needs root (raw frames, BPF): run it with sudo");
		return EXIT_CANNOT;
	}
	return 0;
}

static int main_status(int argc, char **argv)
{
	struct gen_interface interface = { .mac = { 0x02, 0, 0, 0, 0, 0x01 }, .mtu = 65535 };
	struct gen_traffic traffic = {};
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
	libbpf_set_print(options.verbose ? talk : NULL);
	status = ready(&options, &interface);
	if (status)
		return status;
	err = gen_traffic_make(&traffic, &options,
			       options.has_src_mac ? options.src_mac : interface.mac,
			       longest(&interface), why, sizeof(why));
	if (err) {
		complain("%s", err == -EINVAL ? why : strerror(-err));
		status = err == -EINVAL ? EXIT_USAGE : EXIT_RUN;
	} else if (traffic.longest > longest(&interface)) {
		complain("frames of %u bytes do not fit the MTU of '%s', %u: ip link set %s mtu %u",
			 traffic.longest, interface.name, interface.mtu, interface.name,
			 traffic.longest - 14);
		status = EXIT_CANNOT;
	} else {
		say_left_out(&options, &traffic, longest(&interface));
		raise_memlock();
		gen_crew_block_signals();
		status = run(&options, &interface, &traffic);
	}
	gen_traffic_free(&traffic);
	return status;
}

int main(int argc, char **argv)
{
	standard_open();
	return written("afxdpgen", main_status(argc, argv));
}
