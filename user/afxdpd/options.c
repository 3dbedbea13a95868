/* SPDX-License-Identifier: GPL-2.0-only */
#include "options.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nic.h"
#include "numbers.h"
#include "worker.h"

struct parse {
	struct options *o;
	char *why;
	size_t size;
};

static bool seconds(const char *text, double *out)
{
	char *end;

	if (!isdigit((unsigned char)*text) && *text != '.')
		return false;
	*out = strtod(text, &end);
	return end != text && !*end && *out >= 0.001 && *out < 1e9;
}

static bool set_interface(struct options *o, const char *v)
{
	o->ifname = v;
	return *v && strlen(v) <= AFXDP_NIC_NAME_MAX;
}

static bool set_queues(struct options *o, const char *v)
{
	int n;

	o->all_queues = !strcmp(v, "all");
	if (o->all_queues)
		return true;
	n = number_list(v, o->queues, QUEUES_MAX, false);
	o->queue_count = n > 0 ? n : 0;
	return n > 0;
}

static bool set_mode(struct options *o, const char *v)
{
	int mode = mode_parse(v);

	o->mode = mode < 0 ? MODES : (enum mode)mode;
	return mode >= 0;
}

static bool set_sink(struct options *o, const char *v)
{
	o->sink = v;
	return *v;
}

static bool set_expression(struct options *o, const char *v)
{
	o->expression = v;
	return true;
}

static bool set_rules(struct options *o, const char *v)
{
	o->rules = v;
	return *v;
}

static bool set_attach(struct options *o, const char *v)
{
	if (!strcmp(v, "auto"))
		o->attach = AFXDP_ATTACH_AUTO;
	else if (!strcmp(v, "native"))
		o->attach = AFXDP_ATTACH_NATIVE;
	else if (!strcmp(v, "generic"))
		o->attach = AFXDP_ATTACH_GENERIC;
	else
		return false;
	return true;
}

static bool set_zerocopy(struct options *o, const char *v)
{
	if (!strcmp(v, "auto"))
		o->zerocopy = AFXDP_ZC_AUTO;
	else if (!strcmp(v, "on"))
		o->zerocopy = AFXDP_ZC_ON;
	else if (!strcmp(v, "off"))
		o->zerocopy = AFXDP_ZC_OFF;
	else
		return false;
	return true;
}

static bool set_u32(const char *v, uint32_t min, uint32_t max, uint32_t *out)
{
	uint64_t n;

	if (!number_parse(v, 10, min, max, &n))
		return false;
	*out = n;
	return true;
}

static bool set_batch(struct options *o, const char *v)
{
	return set_u32(v, 1, BATCH_MAX, &o->batch);
}

static bool set_ring(struct options *o, const char *v)
{
	return set_u32(v, 2, 1U << 20, &o->ring) && afxdp_ring_size_ok(o->ring);
}

static bool set_depth(struct options *o, const char *v)
{
	if (strcmp(v, "auto"))
		return set_u32(v, 2, 1U << 20, &o->depth);
	o->depth = 0;
	return true;
}

static bool set_frames(struct options *o, const char *v)
{
	return set_u32(v, 2, 1U << 24, &o->frames) && afxdp_ring_size_ok(o->frames);
}

static bool set_frame_size(struct options *o, const char *v)
{
	return set_u32(v, 2048, 4096, &o->frame_size) &&
	       (o->frame_size == 2048 || o->frame_size == 4096);
}

static bool set_cpus(struct options *o, const char *v)
{
	uint32_t list[QUEUES_MAX];
	int n = number_list(v, list, QUEUES_MAX, false);

	for (int i = 0; i < n; i++) {
		if (list[i] >= 1024) /* CPU_SETSIZE */
			return false;
		o->cpus[i] = list[i];
	}
	o->cpu_count = n > 0 ? n : 0;
	return n > 0;
}

static bool set_stamp(struct options *o, const char *v)
{
	if (!strcmp(v, "every"))
		o->stamp = 1;
	else if (!strcmp(v, "off"))
		o->stamp = 0;
	else
		return set_u32(v, 1, 1U << 20, &o->stamp) && afxdp_ring_size_ok(o->stamp);
	return true;
}

static bool set_count(struct options *o, const char *v)
{
	return number_parse(v, 10, 1, UINT64_MAX, &o->count);
}

static bool set_duration(struct options *o, const char *v)
{
	return seconds(v, &o->duration);
}

static bool set_interval(struct options *o, const char *v)
{
	return seconds(v, &o->interval);
}

static bool set_report(struct options *o, const char *v)
{
	o->report = v;
	return *v;
}

static bool set_metrics(struct options *o, const char *v)
{
	const char *colon = strrchr(v, ':');
	uint64_t port;

	o->metrics = v;
	/* getaddrinfo() would cut it to 16 bits. */
	return colon && number_parse(colon + 1, 10, 1, 65535, &port);
}

static bool set_control(struct options *o, const char *v)
{
	o->control = v;
	return *v && strlen(v) < 100; /* sun_path */
}

static bool set_user(struct options *o, const char *v)
{
	o->user = v;
	return *v;
}

/* Options that take no value. */
#define FLAG(name)                                                   \
	static bool set_##name(struct options *o, const char *value) \
	{                                                            \
		(void)value;                                         \
		return o->name = true;                               \
	}

FLAG(hugepages)
FLAG(replace)
FLAG(wait)
FLAG(check)
FLAG(verbose)
FLAG(version)
FLAG(help)

/* One row an option: the parser, the configuration file and the help text all read it. */
static const struct option_row {
	char letter;
	const char *name;
	const char *arg; /* NULL: takes none */
	bool (*set)(struct options *o, const char *value);
	const char *want; /* what a right value is, for the error line */
	const char *help;
} rows[] = {
	{ 'i', "interface", "IFACE", set_interface, "an interface name",
	  "interface to receive from" },
	{ 'q', "queues", "all|0,2-3", set_queues, "'all' or a list like 0,2-3, each queue once",
	  "receive queues, one worker each (all)" },
	{ 'm', "mode", "MODE", set_mode, "interrupt, busy, spin or adaptive",
	  "interrupt, busy, spin or adaptive (adaptive)" },
	{ 's', "sink", "SINK", set_sink, "a sink", "where frames go, see below (count)" },
	{ 'f', "filter", "EXPR", set_expression, "a pcap-filter expression",
	  "capture what matches, pass the rest" },
	{ 'r', "rules", "FILE", set_rules, "a rules file",
	  "rules, first match wins: afxdp-rules(5)" },
	{ 'a', "attach", "MODE", set_attach, "auto, native or generic",
	  "XDP mode: auto, native or generic (auto)" },
	{ 'z', "zerocopy", "MODE", set_zerocopy, "auto, on or off",
	  "zero-copy: auto, on or off (auto)" },
	{ 0, "batch", "N", set_batch, "a number from 1 to 256", "frames a turn at most (64)" },
	{ 0, "ring", "N", set_ring, "a power of two from 2 to 1048576",
	  "slots of each AF_XDP ring (8192)" },
	{ 0, "depth", "auto|N", set_depth, "auto or a number from 2 to the ring's slots",
	  "frames in circulation (auto: as many as --ring, fewer where that is faster)" },
	{ 0, "frames", "N", set_frames, "a power of two from 2 to 16777216",
	  "frames of a queue's UMEM (8192, or as --ring asks)" },
	{ 0, "frame-size", "BYTES", set_frame_size, "2048 or 4096",
	  "2048 or 4096 (4096 above MTU 1500)" },
	{ 0, "hugepages", NULL, set_hugepages, "", "UMEM on 2 MiB pages" },
	{ 0, "cpus", "LIST", set_cpus, "a list of CPUs like 1,2-3",
	  "pin worker k to the k-th CPU of LIST" },
	{ 0, "stamp", "every|N|off", set_stamp, "'every', 'off' or a power of two",
	  "take the time of every frame, one in N, none (as the sink needs)" },
	{ 0, "count", "N", set_count, "a number above 0", "stop after N frames" },
	{ 0, "duration", "S", set_duration, "seconds, from 0.001", "stop after S seconds" },
	{ 0, "interval", "S", set_interval, "seconds, from 0.001", "print a line every S seconds" },
	{ 0, "report", "FILE|-", set_report, "a file name or -",
	  "write the report as JSON at the end" },
	{ 0, "metrics", "ADDR:PORT", set_metrics, "ADDR:PORT, like 127.0.0.1:9100",
	  "serve Prometheus metrics over HTTP" },
	{ 0, "control", "PATH", set_control, "a path below 100 characters",
	  "listen on this socket too (the one in /run/afxdp is found by afxdpctl itself)" },
	{ 0, "user", "NAME", set_user, "a user name",
	  "become this user once everything is set up" },
	{ 0, "replace", NULL, set_replace, "",
	  "take the place of whatever XDP program is attached" },
	{ 0, "wait", NULL, set_wait, "",
	  "wait for an interface that is not there, or cannot be served yet" },
	{ 'c', "config", "FILE", NULL, "", "read options from FILE: 'name value' a line" },
	{ 0, "check", NULL, set_check, "", "check options and rules, then exit" },
	{ 'v', "verbose", NULL, set_verbose, "", "show what libbpf and the verifier say" },
	{ 'V', "version", NULL, set_version, "", "print the version" },
	{ 'h', "help", NULL, set_help, "", "print this" },
};

#define ROWS (sizeof(rows) / sizeof(*rows))

void options_default(struct options *o)
{
	*o = (struct options){
		.all_queues = true,
		.mode = MODE_ADAPTIVE,
		.sink = "count",
		.ring = 8192,
		.stamp = STAMP_AUTO,
	};
}

__attribute__((format(printf, 2, 3))) static int wrong(struct parse *p, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(p->why, p->size, format, args);
	va_end(args);
	return -EINVAL;
}

static int set(struct parse *p, const struct option_row *row, const char *value)
{
	if (!row->set(p->o, value))
		return wrong(p, "--%s '%s': must be %s", row->name, value, row->want);
	return 0;
}

/* A comment begins at a # that stands alone: file names and expressions may hold one. */
static void cut_comment(char *value)
{
	for (char *c = value; (c = strchr(c, '#')); c++)
		if (c == value || isspace((unsigned char)c[-1])) {
			*c = '\0';
			return;
		}
}

/* One line of a configuration file: name, blanks, value. @line is changed. */
static int config_line(struct parse *p, char *line)
{
	char *name = line + strspn(line, " \t"), *value, *end;

	name[strcspn(name, "\r\n")] = '\0';
	if (!*name || *name == '#')
		return 0;
	end = name + strcspn(name, " \t=");
	value = end + strspn(end, " \t=");
	*end = '\0';
	cut_comment(value);
	for (end = value + strlen(value); end > value && isspace((unsigned char)end[-1]);)
		*--end = '\0';
	for (size_t i = 0; i < ROWS; i++) {
		if (strcmp(rows[i].name, name) || !rows[i].set)
			continue;
		if (rows[i].arg && !*value)
			return wrong(p, "'%s' needs a value: %s", name, rows[i].want);
		if (!rows[i].arg && *value)
			return wrong(p, "'%s' takes no value, but has '%s'", name, value);
		return set(p, &rows[i], value);
	}
	return wrong(p, "unknown option '%s'", name);
}

static int read_config(struct parse *p, const char *path)
{
	char reason[256], *line;
	FILE *f = fopen(path, "re");
	size_t room = 0, len = 0;
	struct parse inner = { p->o, reason, sizeof(reason) };
	int number = 0, err = 0;
	ssize_t n;

	if (!f)
		return wrong(p, "cannot read configuration file '%s': %s", path, strerror(errno));
	/* getdelim with NUL reads the whole file; one with a NUL inside ends there. */
	n = getdelim(&p->o->text, &room, '\0', f);
	if (n < 0)
		n = 0;
	len = n;
	if (ferror(f) || (len && !p->o->text[len - 1]) || (!feof(f) && fgetc(f) != EOF))
		err = wrong(p, "configuration file '%s' is not text", path);
	fclose(f);
	if (err || !len)
		return err;
	for (line = p->o->text; line && *line && !err;) {
		char *next = strchr(line, '\n');

		if (next)
			*next++ = '\0';
		number++;
		err = config_line(&inner, line);
		line = next;
	}
	return err ? wrong(p, "%s:%d: %s", path, number, reason) : 0;
}

static void make_tables(struct option *longs, char *shorts)
{
	*shorts++ = ':'; /* getopt: say nothing, return ':' if a value is missing */
	for (size_t i = 0; i < ROWS; i++) {
		longs[i] = (struct option){ rows[i].name,
					    rows[i].arg ? required_argument : no_argument, NULL,
					    256 + (int)i };
		if (!rows[i].letter)
			continue;
		*shorts++ = rows[i].letter;
		if (rows[i].arg)
			*shorts++ = ':';
	}
	*shorts = '\0';
	longs[ROWS] = (struct option){ 0 };
}

/* What getopt returned '?' for. */
static int unknown(struct parse *p, char **argv)
{
	const char *word = argv[optind - 1];

	if (optopt >= 256)
		return wrong(p, "option '--%s' takes no value", rows[optopt - 256].name);
	/* Of several letters behind one dash, argv does not tell which it was. */
	if (optopt)
		return wrong(p, "unknown option '-%c' (--help shows all)", optopt);
	return wrong(p, "unknown option '%s', or short for several (--help shows all)", word);
}

/* Options that only make sense, or not, together. */
static int check_together(struct parse *p)
{
	struct options *o = p->o;

	if (o->help || o->version)
		return 0;
	if (!o->ifname && !o->check)
		return wrong(p, "no interface: say which with -i IFACE (--help shows all options)");
	if (o->expression && o->rules)
		return wrong(p, "-f and -r exclude each other: put '%s' into '%s' as 'capture ...'",
			     o->expression, o->rules);
	if (!o->batch)
		o->batch = o->ring < 64 ? o->ring : 64;
	if (!o->frames)
		o->frames = o->ring < 2048 ? 4096 : o->ring < 8192 ? o->ring * 2 : o->ring;
	if (o->frames < o->ring)
		return wrong(
			p,
			"--frames %u is less than --ring %u: there must be a frame for every slot",
			o->frames, o->ring);
	if (o->depth > o->ring)
		return wrong(p, "--depth %u is more than the slots of --ring %u", o->depth,
			     o->ring);
	if (o->batch > o->ring)
		return wrong(p, "--batch %u is more than the --ring %u it is taken from", o->batch,
			     o->ring);
	return 0;
}

int options_parse(struct options *o, int argc, char **argv, char *why, size_t size)
{
	struct parse p = { o, why, size };
	struct option longs[ROWS + 1];
	char shorts[2 * ROWS + 2];
	const char *config = NULL;
	int c, err;

	options_default(o);
	make_tables(longs, shorts);
	/* Twice: the configuration file first, then what the command line says, which wins. */
	for (int pass = 0; pass < 2; pass++) {
		optind = 0;
		opterr = 0;
		while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
			const struct option_row *row = NULL;

			if (c == '?')
				return unknown(&p, argv);
			if (c == ':')
				return wrong(&p, "option '%s' needs a value", argv[optind - 1]);
			for (size_t i = 0; i < ROWS; i++)
				if (c == 256 + (int)i || (c < 256 && c == rows[i].letter))
					row = &rows[i];
			if (!row->set) {
				config = optarg;
				continue;
			}
			if (pass && (err = set(&p, row, row->arg ? optarg : "")))
				return err;
		}
		if (optind < argc)
			return wrong(&p, "unexpected argument '%s' (--help shows all options)",
				     argv[optind]);
		if (!pass && config && (err = read_config(&p, config)))
			return err;
	}
	return check_together(&p);
}

void options_free(struct options *o)
{
	free(o->text);
	o->text = NULL;
}

void options_help(void)
{
	printf("afxdpd %s: receive frames from an interface through AF_XDP, and account for every "
	       "one\n\n"
	       "usage: afxdpd -i IFACE [options]\n\n",
	       AFXDP_VERSION);
	for (size_t i = 0; i < ROWS; i++) {
		char left[48];

		snprintf(left, sizeof(left), "%c%c%s --%s %s", rows[i].letter ? '-' : ' ',
			 rows[i].letter ?: ' ', rows[i].letter ? "," : " ", rows[i].name,
			 rows[i].arg ?: "");
		printf("  %-28s %s\n", left, rows[i].help);
	}
}
