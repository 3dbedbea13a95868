/* SPDX-License-Identifier: GPL-2.0-only */
#include "reload.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "aside.h"
#include "daemon.h"
#include "opening.h"
#include "options_parts.h"

/* ---- the thread ---- */

static int read_file(struct reload *r)
{
	const char *path = r->next.config;
	struct stat st;
	int err;

	/* What was a pipe has been read. */
	if (stat(path, &st) || !S_ISREG(st.st_mode)) {
		snprintf(r->why, sizeof(r->why), "cannot read configuration file '%s' again: %s",
			 path, errno ? strerror(errno) : "it is not a file");
		return -EINVAL;
	}
	err = options_parse(&r->next, r->argc, r->argv, r->why, sizeof(r->why));
	if (!err && strcmp(r->next.sink, r->was_sink))
		err = sink_check(r->next.sink, &r->env, r->why, sizeof(r->why));
	return err;
}

static void *reader(void *arg)
{
	struct reload *r = arg;

	errno = 0;
	r->err = read_file(r);
	afxdp_post_send(r->home, &r->msg);
	return NULL;
}

/* ---- what has changed ---- */

static void drop(struct daemon *d)
{
	options_free(&d->reloading->next);
	free(d->reloading);
	d->reloading = NULL;
}

/* d->why says why. */
static void refuse(struct daemon *d)
{
	daemon_warn("SIGHUP: %s; nothing has changed", d->why);
	if (d->config_change.begun_ns)
		daemon_change_ends(d, &d->config_change, false, NULL);
	drop(d);
}

static bool same(const char *a, const char *b)
{
	return a == b || (a && b && !strcmp(a, b));
}

/* What options were last, as far as they are in force. */
static const struct said *before(const struct daemon *d, size_t row)
{
	const struct options *o = d->configured ?: d->options;

	return option_rows[row].when == AT_RESTART ? &d->options->said[row] : &o->said[row];
}

static bool changed(const struct daemon *d, const struct options *next, const char *name)
{
	for (size_t i = 0; i < OPTION_ROWS; i++)
		if (!strcmp(option_rows[i].name, name))
			return !same(before(d, i)->value, next->said[i].value);
	return false;
}

static bool ports_fixed(const struct daemon *d)
{
	bool fixed = d->sink->ops->ports_fixed;

	for (uint32_t i = 0; i < d->named_count; i++)
		fixed |= d->named[i].life->ops->ports_fixed;
	return fixed;
}

static void say_line(const struct daemon *d, const struct options *next, size_t row, enum when when)
{
	const struct option_row *o = &option_rows[row];
	const struct said *s = &next->said[row];
	char effect[64], place[32] = "";

	snprintf(effect, sizeof(effect),
		 when == AT_ONCE      ? "from now on"
		 : when == AT_OPENING ? "when %s is opened next"
				      : "needs a restart",
		 d->nic.name);
	if (s->line)
		snprintf(place, sizeof(place), ":%u", s->line);
	if (!s->value)
		log_line(LEVEL_INFO, "%s: no '%s' any more: %s", next->config, o->name, effect);
	else
		log_line(LEVEL_INFO, "%s%s: %s%s%s: %s", next->config, place, o->name,
			 *s->value ? " " : "", s->value, effect);
}

static uint32_t say_named(const struct daemon *d, const struct options *next)
{
	const struct options *o = d->options;
	uint32_t said = 0;

	for (uint32_t i = 0; i < next->named_count; i++) {
		const struct named_sink *n = &next->named[i];
		bool known = false;

		for (uint32_t k = 0; k < o->named_count; k++)
			known |= !strcmp(n->name, o->named[k].name) &&
				 !strcmp(n->spec, o->named[k].spec);
		said += !known;
		if (!known)
			log_line(LEVEL_INFO, "%s: sink %s %s: needs a restart", next->config,
				 n->name, n->spec);
	}
	for (uint32_t k = 0; k < o->named_count; k++) {
		bool there = false;

		for (uint32_t i = 0; i < next->named_count; i++)
			there |= !strcmp(next->named[i].name, o->named[k].name);
		said += !there;
		if (!there)
			log_line(LEVEL_INFO, "%s: no sink '%s' any more: needs a restart",
				 next->config, o->named[k].name);
	}
	return said;
}

static void say_all(const struct daemon *d, const struct options *next)
{
	uint32_t said = say_named(d, next);

	for (size_t i = 0; i < OPTION_ROWS; i++) {
		enum when when = option_rows[i].when;

		if (same(before(d, i)->value, next->said[i].value))
			continue;
		if (!strcmp(option_rows[i].name, "queues") && ports_fixed(d))
			when = AT_RESTART;
		say_line(d, next, i, when);
		said++;
	}
	if (!said)
		log_line(LEVEL_INFO, "%s: read again, nothing has changed", next->config);
}

/* ---- taking effect ---- */

static void at_opening(struct daemon *d, const struct options *next)
{
	struct options *o = d->options;

	if (!ports_fixed(d)) {
		o->all_queues = next->all_queues;
		o->queue_count = next->queue_count;
		memcpy(o->queues, next->queues, sizeof(o->queues));
	}
	o->attach = next->attach;
	o->zerocopy = next->zerocopy;
}

static void apply(struct daemon *d)
{
	struct options *next = malloc(sizeof(*next)), *was = d->configured;
	bool mode, sink;

	if (!next) {
		daemon_failed(d, -ENOMEM, "out of memory");
		refuse(d);
		return;
	}
	*next = d->reloading->next;
	d->reloading->next.text = NULL;
	drop(d);
	mode = changed(d, next, "mode");
	sink = changed(d, next, "sink");
	say_all(d, next);
	at_opening(d, next);
	d->configured = next;
	if (d->config_change.begun_ns)
		daemon_change_ends(d, &d->config_change, true, NULL);
	if (mode)
		daemon_set_mode(d, next->mode, NULL);
	if (sink)
		daemon_set_sink(d, next->sink, NULL);
	if (was) {
		options_free(was);
		free(was);
	}
}

void daemon_reload_failed(struct daemon *d, const struct change *c)
{
	const char *name = c == &d->mode_change ? "mode" : c == &d->sink_change ? "sink" : NULL;

	if (!name)
		return;
	daemon_warn("SIGHUP: %s; the old %s stays", d->why, name);
	/* So that the next time it is seen to differ. */
	for (size_t i = 0; d->configured && i < OPTION_ROWS; i++)
		if (!strcmp(option_rows[i].name, name))
			d->configured->said[i].value = "(failed)";
}

/* ---- step by step ---- */

void daemon_reload(struct daemon *d)
{
	const struct options *now = d->configured ?: d->options;
	struct reload *r;
	int err;

	if (d->reloading) /* its rules were dropped for this */
		drop(d);
	r = calloc(1, sizeof(*r));
	err = r ? 0 : -ENOMEM;
	if (!err) {
		r->msg.type = RELOAD;
		r->home = &d->post;
		r->argc = d->options->argc;
		r->argv = d->options->argv;
		r->next.config = d->options->config;
		r->was_sink = now->sink;
		daemon_sink_env(d, false, &r->env);
		memcpy(r->ifname, d->nic.name, sizeof(r->ifname));
		r->env.ifname = r->ifname;
		err = aside_start(reader, r);
	}
	if (err) {
		daemon_warn("SIGHUP: cannot read the configuration: %s", strerror(-err));
		free(r);
		return;
	}
	d->reloading = r;
	daemon_change_begins(d, &d->config_change, "SIGHUP: configuration", d->options->config,
			     NULL);
}

bool daemon_reload_out(const struct daemon *d)
{
	return d->reloading && d->reloading->step == RELOAD_FILE;
}

/* What only the device can tell. */
static int check_device(struct daemon *d, struct reload *r)
{
	struct opening o = { .options = &r->next, .nic = d->nic, .most = QUEUES_MAX };
	int err = d->nic.ifindex && !r->next.wait ? opening_check(&o) : 0;

	if (err)
		snprintf(r->why, sizeof(r->why), "%s", o.why);
	return err;
}

void daemon_reload_back(struct daemon *d, struct reload *r)
{
	if (!r->err)
		r->err = check_device(d, r);
	if (r->err) {
		daemon_failed(d, 0, "%s", r->why);
		refuse(d);
		return;
	}
	r->step = RELOAD_READ;
}

void daemon_reload_rules(struct daemon *d, int err)
{
	if (!d->reloading || d->reloading->step != RELOAD_RULES)
		return;
	if (err)
		refuse(d);
	else
		d->reloading->step = RELOAD_APPLY;
}

/* Rules are read again also when nothing is said of them: their file may have changed. */
static bool wants_rules(const struct daemon *d, const struct options *next)
{
	return next->rules || changed(d, next, "filter") || changed(d, next, "rules");
}

void daemon_reload_tick(struct daemon *d)
{
	struct reload *r = d->reloading;

	if (r && r->step == RELOAD_READ && !wants_rules(d, &r->next))
		r->step = RELOAD_APPLY;
	if (r && r->step == RELOAD_READ && daemon_rules_at_rest(d)) {
		r->step = RELOAD_RULES;
		daemon_reread_rules(d, &r->next);
	}
	if (d->reloading && d->reloading->step == RELOAD_APPLY && port_idle(d))
		apply(d);
}

void daemon_reload_free(struct daemon *d)
{
	if (d->reloading)
		drop(d);
	if (d->configured)
		options_free(d->configured);
	free(d->configured);
}
