/* SPDX-License-Identifier: GPL-2.0-only */
/* options.h - what the user asked for: command line and configuration file. No side effects, no
 * words but *why. */
#ifndef AFXDP_OPTIONS_H
#define AFXDP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "mode.h"
#include "prog.h"
#include "rules.h"
#include "xsk.h"

#define QUEUES_MAX 256
#define STAMP_AUTO UINT32_MAX /* as the sink needs */

/* Sinks beside the one without a name: with that one, as many as there are routes. */
#define NAMED_MAX     (AFXDP_ROUTES - 1)
#define SINK_NAME_MAX AFXDP_CONSUMER_MAX

/* Frames for a sink with a name: a few batches. */
#define SHARE_MIN 64

struct named_sink {
	char name[SINK_NAME_MAX];
	const char *spec;
	bool command_line; /* and not the file's */
};

#define OPTION_ROWS 31

/* What an option was given, in its own words. */
struct said {
	const char *value; /* NULL: it was not given; "" if it takes none */
	uint32_t line;	   /* of the file; 0: the command line's */
};

struct options {
	const char *ifname;
	bool all_queues;
	uint32_t queues[QUEUES_MAX], queue_count;
	enum mode mode;
	const char *sink;
	struct named_sink named[NAMED_MAX];
	uint32_t named_count;
	const char *route[NAMED_MAX]; /* their names */
	const char *expression, *rules;
	enum afxdp_attach attach;
	enum afxdp_zerocopy zerocopy;
	uint32_t batch, frame_size;
	uint32_t ring, frames; /* 0: options_size() will say */
	uint32_t depth;	       /* frames in circulation; 0: by trial */
	bool hugepages;
	int cpus[QUEUES_MAX];
	uint32_t cpu_count;
	uint32_t stamp;
	bool oddities;
	uint64_t count;	    /* 0: no limit */
	double duration;    /* s; 0: no limit */
	double interval;    /* s between live lines; 0: none */
	const char *report; /* file, "-", or NULL */
	const char *metrics;
	const char *control;
	const char *user;
	bool replace, wait, check, version, help, verbose;
	/* The parser's. */
	bool command_line;	       /* what is being read */
	const char *because;	       /* what a value must be, where its row cannot say it */
	uint32_t line;		       /* of the file that is being read */
	struct said said[OPTION_ROWS]; /* the last time; of sinks the one without a name */
	const char *config;
	int argc; /* the command line */
	char **argv;
	/* Files read by -c, whose text the strings above point into. */
	char *text;
};

/** options_default() - what holds if nothing is said. */
void options_default(struct options *o);

/**
 * options_parse() - read the command line, and the file that -c names.
 * @why: one line, quoting what is wrong (size @size).
 *
 * Return: 0; -EINVAL. Strings point into @argv and into o->text: options_free().
 */
int options_parse(struct options *o, int argc, char **argv, char *why, size_t size);
void options_free(struct options *o);

struct ring_size {
	uint32_t ring, frames;
};

/**
 * options_size() - slots of a ring and frames of a queue, where they were left open too.
 * @queues: that are served. @frame_size: bytes. @memory: that the machine has, bytes.
 */
struct ring_size options_size(const struct options *o, uint32_t queues, uint32_t frame_size,
			      uint64_t memory);

/** options_part() - one in how many of a queue's frames a sink may have at once. */
uint32_t options_part(const struct options *o, bool named);

/** options_help() - the usage text, made from the table that the parser works by. */
void options_help(void);

#endif
