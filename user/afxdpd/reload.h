/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * reload.h - SIGHUP with a configuration file (-c): it is read again, in a thread of its own (its
 * disk may be dead), with the command line over it as at the start. What differs from what was read
 * last is then said line by line, and when it takes effect: from now on, when the interface is
 * opened next, or only after a restart. Rules are read, too, changed or not. With any mistake in
 * options, sinks or rules nothing changes.
 */
#ifndef AFXDP_RELOAD_H
#define AFXDP_RELOAD_H

#include <stdbool.h>
#include "options.h"
#include "post.h"
#include "sink.h"

struct change;
struct daemon;

enum reload_step {
	RELOAD_FILE,  /* the thread has it */
	RELOAD_READ,  /* it is good; before anything else, rules have to be */
	RELOAD_RULES, /* they are being read and loaded */
	RELOAD_APPLY, /* when no opener looks at options */
};

struct reload {
	struct afxdp_msg msg; /* RELOAD, when it comes back */
	struct afxdp_post *home;
	enum reload_step step;
	int argc;
	char **argv;
	struct sink_env env; /* of the sink without a name */
	char ifname[16];
	bool sink_changed;
	const char *was_sink;
	/* What became of it. */
	struct options next;
	int err;
	char why[512];
};

/** daemon_reload() - begin; none is under way that daemon_reload_out() tells of. */
void daemon_reload(struct daemon *d);

/** daemon_reload_out() - the file is being read. */
bool daemon_reload_out(const struct daemon *d);

/** daemon_reload_back() - the thread is. */
void daemon_reload_back(struct daemon *d, struct reload *r);

/** daemon_reload_rules() - the rules that it waited for are in force, or (@err) are not. */
void daemon_reload_rules(struct daemon *d, int err);

/** daemon_reload_failed() - change @c, which nobody but it asked for, has failed: d->why. */
void daemon_reload_failed(struct daemon *d, const struct change *c);

/** daemon_reload_tick() - go on with what can go on. */
void daemon_reload_tick(struct daemon *d);

/** daemon_reload_free() - at the end. */
void daemon_reload_free(struct daemon *d);

#endif
