/* SPDX-License-Identifier: GPL-2.0-only */
/* options.c - command line and configuration file: both are read by the rows of options_rows.c. */
#include "options_parts.h"

#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct parse {
	struct options *o;
	char *why;
	size_t size;
};

void options_default(struct options *o)
{
	*o = (struct options){
		.all_queues = true,
		.mode = MODE_ADAPTIVE,
		.sink = "count",
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
	struct options *o = p->o;
	const char *sink = o->sink;

	o->because = NULL;
	if (!row->set(o, value))
		return wrong(p, "--%s '%s': must be %s", row->name, value, o->because ?: row->want);
	/* Those with a name are in o->named. */
	if (strcmp(row->name, "sink") || o->sink != sink)
		o->said[row - option_rows] = (struct said){ value, o->line };
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
	for (size_t i = 0; i < OPTION_ROWS; i++) {
		if (strcmp(option_rows[i].name, name) || !option_rows[i].set)
			continue;
		if (option_rows[i].arg && !*value)
			return wrong(p, "'%s' needs a value: %s", name, option_rows[i].want);
		if (!option_rows[i].arg && *value)
			return wrong(p, "'%s' takes no value, but has '%s'", name, value);
		return set(p, &option_rows[i], value);
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
		p->o->line = ++number;
		err = config_line(&inner, line);
		line = next;
	}
	p->o->line = 0;
	return err ? wrong(p, "%s:%d: %s", path, number, reason) : 0;
}

static void make_tables(struct option *longs, char *shorts)
{
	*shorts++ = ':'; /* getopt: say nothing, return ':' if a value is missing */
	for (size_t i = 0; i < OPTION_ROWS; i++) {
		longs[i] = (struct option){ option_rows[i].name,
					    option_rows[i].arg ? required_argument : no_argument,
					    NULL, 256 + (int)i };
		if (!option_rows[i].letter)
			continue;
		*shorts++ = option_rows[i].letter;
		if (option_rows[i].arg)
			*shorts++ = ':';
	}
	*shorts = '\0';
	longs[OPTION_ROWS] = (struct option){ 0 };
}

/* What getopt returned '?' for. */
static int unknown(struct parse *p, char **argv)
{
	const char *word = argv[optind - 1];

	if (optopt >= 256)
		return wrong(p, "option '--%s' takes no value", option_rows[optopt - 256].name);
	/* Of several letters behind one dash, argv does not tell which it was. */
	if (optopt)
		return wrong(p, "unknown option '-%c' (--help shows all)", optopt);
	return wrong(p, "unknown option '%s', or short for several (--help shows all)", word);
}

/* With several sinks a quarter each is for all RX rings of those with a name, for what these have,
 * and for what the one without a name has; then the fill ring has one too, however slow they are. */
uint32_t options_part(const struct options *o, bool named)
{
	uint32_t part = named ? 8 : o->named_count ? 4 : 2;

	while (named && part / 4 <= o->named_count)
		part *= 2;
	return part;
}

/* The @i-th: the one without a name first. */
static const char *sink_spec(const struct options *o, uint32_t i)
{
	return i ? o->named[i - 1].spec : o->sink;
}

static const char *sink_name(const struct options *o, uint32_t i)
{
	return i ? o->named[i - 1].name : "default";
}

/* Two that write one file, send by one interface, or answer from one socket. */
static bool in_the_way(const char *a, const char *b)
{
	if (!strncmp(a, "echo", 4) && !strncmp(b, "echo", 4))
		return true;
	return !strcmp(a, b) && strchr(a, ':') && strncmp(a, "plugin:", 7);
}

static int check_sinks(struct parse *p)
{
	const struct options *o = p->o;

	for (uint32_t i = 0; i <= o->named_count; i++)
		for (uint32_t k = 0; k < i; k++) {
			const char *spec = sink_spec(o, i);

			if (in_the_way(spec, sink_spec(o, k)))
				return wrong(p,
					     "sinks '%s' and '%s' are both '%s': let rules send "
					     "frames to one of them",
					     sink_name(o, k), sink_name(o, i), spec);
		}
	if (o->named_count && o->frames && o->frames / options_part(o, true) < SHARE_MIN)
		return wrong(p, "--frames %u are too few for %u sinks: they need %u", o->frames,
			     o->named_count + 1, options_part(o, true) * SHARE_MIN);
	return 0;
}

/*
 * Slots of a ring if nobody says how many. RING_MOST: 22 ms of a gigabit of smallest frames; the
 * longest that a host was seen to take a core away is half of that. RING_LEAST: 5.5 ms of them.
 * ROOM_MOST, ROOM_SHARE: bytes of all frames together, and as a part of the machine's memory.
 */
#define RING_MOST  32768
#define RING_LEAST 8192
#define ROOM_MOST  (128ULL << 20)
#define ROOM_SHARE 16

struct ring_size options_size(const struct options *o, uint32_t queues, uint32_t frame_size,
			      uint64_t memory)
{
	uint64_t room = memory / ROOM_SHARE < ROOM_MOST ? memory / ROOM_SHARE : ROOM_MOST;
	uint32_t ring = o->ring ?: RING_MOST, more = !!o->named_count;

	room /= (uint64_t)(queues ?: 1) * frame_size;
	while (!o->ring && ring > RING_LEAST &&
	       (ring << more > room || (o->frames && ring > o->frames)))
		ring /= 2;
	return (struct ring_size){ ring, o->frames ?: ring << more };
}

/* Options that only make sense, or not, together. */
static int check_together(struct parse *p)
{
	struct options *o = p->o;
	uint32_t ring = o->ring ?: RING_LEAST;

	if (o->help || o->version)
		return 0;
	if (!o->ifname && !o->check)
		return wrong(p, "no interface: say which with -i IFACE (--help shows all options)");
	if (o->expression && o->rules)
		return wrong(p, "-f and -r exclude each other: put '%s' into '%s' as 'capture ...'",
			     o->expression, o->rules);
	if (!o->batch)
		o->batch = ring < 64 ? ring : 64;
	if (!o->frames && o->ring)
		o->frames = (o->ring < 2048   ? 4096
			     : o->ring < 8192 ? o->ring * 2
					      : o->ring)
			    << !!o->named_count;
	if (o->frames && o->frames < ring)
		return wrong(
			p,
			"--frames %u is less than --ring %u: there must be a frame for every slot",
			o->frames, ring);
	if (o->depth > ring)
		return wrong(p, "--depth %u is more than the slots of --ring %u", o->depth, ring);
	if (o->batch > ring)
		return wrong(p, "--batch %u is more than the --ring %u it is taken from", o->batch,
			     ring);
	return check_sinks(p);
}

int options_parse(struct options *o, int argc, char **argv, char *why, size_t size)
{
	struct parse p = { o, why, size };
	struct option longs[OPTION_ROWS + 1];
	char shorts[2 * OPTION_ROWS + 2];
	const char *config = NULL;
	int c, err;

	options_default(o);
	make_tables(longs, shorts);
	/* Twice: the configuration file first, then what the command line says, which wins. */
	for (int pass = 0; pass < 2; pass++) {
		o->command_line = pass;
		optind = 0;
		opterr = 0;
		while ((c = getopt_long(argc, argv, shorts, longs, NULL)) != -1) {
			const struct option_row *row = NULL;

			if (c == '?')
				return unknown(&p, argv);
			if (c == ':')
				return wrong(&p, "option '%s' needs a value", argv[optind - 1]);
			for (size_t i = 0; i < OPTION_ROWS; i++)
				if (c == 256 + (int)i || (c < 256 && c == option_rows[i].letter))
					row = &option_rows[i];
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
	o->config = config;
	o->argc = argc;
	o->argv = argv;
	for (uint32_t i = 0; i < o->named_count; i++)
		o->route[i] = o->named[i].name;
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
	for (size_t i = 0; i < OPTION_ROWS; i++) {
		char left[48];

		snprintf(left, sizeof(left), "%c%c%s --%s %s", option_rows[i].letter ? '-' : ' ',
			 option_rows[i].letter ?: ' ', option_rows[i].letter ? "," : " ",
			 option_rows[i].name, option_rows[i].arg ?: "");
		printf("  %-28s %s\n", left, option_rows[i].help);
	}
}
