/* SPDX-License-Identifier: GPL-2.0-only */
/* options_rows.c - the table of options: one row each, and what sets it. */
#include "options_parts.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "nic.h"
#include "numbers.h"
#include "worker.h"

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

/* Return: false, and why. */
static bool no(struct options *o, const char *because)
{
	o->because = because;
	return false;
}

/* A name ends at a blank or '='; what begins like one and goes on otherwise is a sink: "pcap:a=b". */
static size_t name_length(const char *v)
{
	size_t len = 0;

	while (isalnum((unsigned char)v[len]) || v[len] == '_' || v[len] == '-')
		len++;
	return v[len] == '=' || v[len] == ' ' || v[len] == '\t' ? len : 0;
}

/* What the command line says takes the place of what the file says. */
static struct named_sink *place_of(struct options *o, const char *name)
{
	struct named_sink *s = o->named;

	while (s < o->named + o->named_count && strcmp(s->name, name))
		s++;
	if (s == o->named + o->named_count)
		return o->named_count < NAMED_MAX ? &o->named[o->named_count++] : NULL;
	return s->command_line == o->command_line ? NULL : s;
}

static bool set_named(struct options *o, const char *v, size_t len)
{
	const char *spec = v + len + strspn(v + len, " \t=");
	char name[SINK_NAME_MAX];
	struct named_sink *s;

	if (len >= sizeof(name))
		return no(o, "a name of at most 23 letters, digits, - and _");
	snprintf(name, sizeof(name), "%.*s", (int)len, v);
	if (!isalpha((unsigned char)*name))
		return no(o, "a name that begins with a letter");
	if (!strcmp(name, "default"))
		return no(o, "another name: 'default' is the sink without one");
	if (!*spec)
		return no(o, "NAME=SINK, but there is nothing behind the name");
	s = place_of(o, name);
	if (!s)
		return no(o, o->named_count == NAMED_MAX
				     ? "one of at most 7 sinks with names"
				     : "another name: there is a sink of this one already");
	memcpy(s->name, name, sizeof(s->name));
	s->spec = spec;
	s->command_line = o->command_line;
	return true;
}

/* SINK, NAME=SINK, or as in a file: NAME SINK. */
static bool set_sink(struct options *o, const char *v)
{
	size_t len = name_length(v);

	if (len)
		return set_named(o, v, len);
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

static bool set_oddities(struct options *o, const char *v)
{
	o->oddities = !strcmp(v, "on");
	return o->oddities || !strcmp(v, "off");
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
static const struct option_row rows[] = {
	{ 'i', "interface", "IFACE", set_interface, "an interface name",
	  "interface to receive from", AT_RESTART },
	{ 'q', "queues", "all|0,2-3", set_queues, "'all' or a list like 0,2-3, each queue once",
	  "receive queues, one worker each (all)", AT_OPENING },
	{ 'm', "mode", "MODE", set_mode, "interrupt, busy, spin or adaptive",
	  "interrupt, busy, spin or adaptive (adaptive)", AT_ONCE },
	{ 's', "sink", "[NAME=]SINK", set_sink, "a sink, or NAME=SINK",
	  "where frames go, see below (count); more of them by NAME", AT_ONCE },
	{ 'f', "filter", "EXPR", set_expression, "a pcap-filter expression",
	  "capture what matches, pass the rest", AT_ONCE },
	{ 'r', "rules", "FILE", set_rules, "a rules file",
	  "rules, first match wins: afxdp-rules(5)", AT_ONCE },
	{ 'a', "attach", "MODE", set_attach, "auto, native or generic",
	  "XDP mode: auto, native or generic (auto)", AT_OPENING },
	{ 'z', "zerocopy", "MODE", set_zerocopy, "auto, on or off",
	  "zero-copy: auto, on or off (auto)", AT_OPENING },
	{ 0, "batch", "N", set_batch, "a number from 1 to 256", "frames a turn at most (64)",
	  AT_RESTART },
	{ 0, "ring", "N", set_ring, "a power of two from 2 to 1048576",
	  "slots of each AF_XDP ring (32768; fewer for several queues or little memory)",
	  AT_RESTART },
	{ 0, "depth", "auto|N", set_depth, "auto or a number from 2 to the ring's slots",
	  "frames in circulation (auto: as many as --ring, fewer where that is faster)",
	  AT_RESTART },
	{ 0, "frames", "N", set_frames, "a power of two from 2 to 16777216",
	  "frames of a queue's UMEM (as --ring asks)", AT_RESTART },
	{ 0, "frame-size", "BYTES", set_frame_size, "2048 or 4096",
	  "2048 or 4096 (4096 above MTU 1500)", AT_RESTART },
	{ 0, "hugepages", NULL, set_hugepages, "", "UMEM on 2 MiB pages", AT_RESTART },
	{ 0, "cpus", "LIST", set_cpus, "a list of CPUs like 1,2-3",
	  "pin worker k to the k-th CPU of LIST", AT_RESTART },
	{ 0, "stamp", "every|N|off", set_stamp, "'every', 'off' or a power of two",
	  "take the time of every frame, one in N, none (as the sink needs)", AT_RESTART },
	{ 0, "oddities", "on|off", set_oddities, "'on' or 'off'",
	  "count what is odd about frames (off)", AT_RESTART },
	{ 0, "count", "N", set_count, "a number above 0", "stop after N frames", AT_RESTART },
	{ 0, "duration", "S", set_duration, "seconds, from 0.001", "stop after S seconds",
	  AT_RESTART },
	{ 0, "interval", "S", set_interval, "seconds, from 0.001", "print a line every S seconds",
	  AT_RESTART },
	{ 0, "report", "FILE|-", set_report, "a file name or -",
	  "write the report as JSON at the end, and at SIGUSR1", AT_RESTART },
	{ 0, "metrics", "ADDR:PORT", set_metrics, "ADDR:PORT, like 127.0.0.1:9100",
	  "serve Prometheus metrics over HTTP", AT_RESTART },
	{ 0, "control", "PATH", set_control, "a path below 100 characters",
	  "listen on this socket too (the one in /run/afxdp is found by afxdpctl itself)",
	  AT_RESTART },
	{ 0, "user", "NAME", set_user, "a user name", "become this user once everything is set up",
	  AT_RESTART },
	{ 0, "replace", NULL, set_replace, "", "take the place of whatever XDP program is attached",
	  AT_RESTART },
	{ 0, "wait", NULL, set_wait, "",
	  "wait for an interface that is not there, or cannot be served yet", AT_RESTART },
	{ 'c', "config", "FILE", NULL, "", "read options from FILE: 'name value' a line",
	  AT_RESTART },
	{ 0, "check", NULL, set_check, "", "check options and rules, then exit", AT_RESTART },
	{ 'v', "verbose", NULL, set_verbose, "", "show what libbpf and the verifier say",
	  AT_RESTART },
	{ 'V', "version", NULL, set_version, "", "print the version", AT_RESTART },
	{ 'h', "help", NULL, set_help, "", "print this", AT_RESTART },
};

_Static_assert(sizeof(rows) / sizeof(*rows) == OPTION_ROWS, "OPTION_ROWS says how many there are");

const struct option_row *const option_rows = rows;
