/* SPDX-License-Identifier: GPL-2.0-only */
/* ruling.c - the daemon's rules: read (in a thread of their own: reading.h), shown, replaced while
 * frames flow. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <string.h>
#include "ask.h"
#include "daemon.h"
#include "text.h"

static void warn(const struct afxdp_rules *rules)
{
	const char *line;

	for (uint32_t i = 0; rules && (line = afxdp_rules_warning(rules, i)); i++)
		daemon_warn("%s", line);
}

int daemon_start_rules(struct daemon *d)
{
	const struct options *o = d->options;
	struct copies copies;
	int err;

	if (!o->expression && !o->rules)
		return 0;
	copies = tee_wanted(d);
	err = reading_start(&d->reading, o->expression, o->rules, &copies, &d->post);
	return err ? daemon_failed(d, EXIT_RUNTIME, "cannot start a thread: %s", strerror(-err))
		   : 0;
}

int daemon_take_rules(struct daemon *d)
{
	struct reading *r = d->reading;
	int err = r ? r->err : 0;

	d->reading = NULL;
	if (r && !err)
		err = daemon_check_rules(d, r->rules, r->why, sizeof(r->why));
	if (err) {
		daemon_failed(d, err, "%s", r->why);
	} else if (r) {
		d->rules = r->rules;
		r->rules = NULL;
		warn(d->rules);
	}
	reading_free(r);
	return !err ? 0 : err == -ENOMEM ? EXIT_RUNTIME : EXIT_USAGE;
}

static json_t *counted(const struct afxdp_rules *rules)
{
	json_t *list = json_array();

	for (uint32_t i = 0; rules && i < afxdp_rules_count(rules); i++) {
		struct afxdp_hits hits = { 0 };

		afxdp_rules_hits(rules, i, &hits);
		json_array_append_new(
			list, json_pack("{s:I, s:o, s:I, s:I}", "index", (json_int_t)i, "text",
					json_text(afxdp_rules_text(rules, i)), "frames",
					(json_int_t)hits.frames, "bytes", (json_int_t)hits.bytes));
	}
	return list;
}

json_t *daemon_rules(const struct daemon *d)
{
	return counted(d->rules);
}

json_t *daemon_rules_json(const struct daemon *d)
{
	const char *to = d->rules ? afxdp_rules_default_consumer(d->rules) : NULL;
	const char *otherwise = d->rules ? afxdp_verdict_name(afxdp_rules_default(d->rules))
					 : "capture";

	return json_pack("{s:b, s:o, s:o, s:f}", "ok", 1, "rules", daemon_rules(d), "default",
			 json_sprintf("%s%s%s", otherwise, to ? " to " : "", to ?: ""), "time_s",
			 (daemon_now() - d->start_ns) / 1e9);
}

/* What is to be said of them, for who asked. */
static json_t *notes(const struct afxdp_rules *rules)
{
	json_t *list = json_array();
	const char *line;

	for (uint32_t i = 0; (line = afxdp_rules_warning(rules, i)); i++)
		json_array_append_new(list, json_text(line));
	return list;
}

/* The new rules @r are ready, and who asked for them still wants them. Without a program they wait
 * for the next. */
static int take(struct daemon *d, struct reading *r, json_t **was)
{
	int err = tee_prepare(d, r);

	if (err)
		return daemon_failed(d, err, "cannot give copies their ring: %s", strerror(-err));
	if (r->object)
		err = afxdp_prog_commit(&d->prog, r->rules, r->object);
	else if (d->rules && r->rules)
		err = afxdp_rules_inherit(r->rules, d->rules);
	if (err)
		return daemon_failed(d, err, "%s", r->object ? d->prog.why : strerror(-err));
	if (r->object && !r->rules)
		d->prog.needs = r->prog.needs;
	r->object = NULL;
	warn(r->rules);
	*was = counted(d->rules);
	afxdp_rules_free(d->rules);
	d->rules = r->rules;
	r->rules = NULL;
	daemon_tell_rules(d);
	return 0;
}

/* Whether the rules that are being read use sets of those that run: then these must stay as they
 * are, and we must wait; no longer than it takes to read a file, to compile and to load. */
bool daemon_rules_shared(const struct daemon *d)
{
	return d->reading && (d->reading->set || d->reading->observe || d->reading->load);
}

static void let_go(struct daemon *d)
{
	if (d->reading->held) {
		reading_free(d->reading);
	} else {
		d->reading->unwanted = true;
		d->readers_let_go++;
	}
	d->reading = NULL;
}

/* Who began a change of rules that is still being read: may it be dropped for another? */
static bool superseded(struct daemon *d)
{
	const struct change *c = &d->rules_change;

	if (daemon_rules_shared(d) || (c->ask && !ask_gone(c->ask)))
		return false;
	let_go(d);
	daemon_failed(d, 0, "it was dropped for another before it was read");
	daemon_change_ends(d, &d->rules_change, false, daemon_refusal(d->why));
	return true;
}

static void refuse(struct daemon *d, struct ask *ask, bool busy)
{
	json_t *reply = ask ? daemon_refusal(d->why) : NULL;

	if (busy && reply)
		json_object_set_new(reply, "busy", json_true());
	if (ask)
		ask_answer(ask, reply);
	else
		daemon_warn("SIGHUP: %s; the old rules stay", d->why);
}

bool daemon_rules_at_rest(struct daemon *d)
{
	return !d->reading || superseded(d);
}

static bool may_begin(struct daemon *d, struct ask *ask)
{
	if (daemon_rules_at_rest(d))
		return true;
	daemon_failed(d, 0,
		      "another change, '%s', is under way for %.0f s: try again when it is "
		      "over",
		      d->last.what, (daemon_now() - d->rules_change.begun_ns) / 1e9);
	refuse(d, ask, true);
	return false;
}

static void begun(struct daemon *d, int err, const char *what, const char *arg, struct ask *ask)
{
	if (!err) {
		daemon_change_begins(d, &d->rules_change, what, arg, ask);
		return;
	}
	daemon_failed(d, err, "cannot read rules: %s", strerror(-err));
	refuse(d, ask, false);
}

void daemon_replace_rules(struct daemon *d, const char *path, struct ask *ask)
{
	const struct copies copies = tee_wanted(d);

	if (may_begin(d, ask))
		begun(d, reading_start(&d->reading, NULL, path, &copies, &d->post),
		      ask ? "rules replace" : "SIGHUP: rules replace", path, ask);
}

void daemon_reread_rules(struct daemon *d, const struct options *next)
{
	const struct copies copies = tee_wanted(d);
	const char *what = next->rules ?: next->expression;
	int err = what ? reading_start(&d->reading, next->expression, next->rules, &copies,
				       &d->post)
		       : reading_start_copies(&d->reading, NULL, NULL, &copies, &d->post);

	begun(d, err, "SIGHUP: rules replace", what ?: "(none)", NULL);
	if (err)
		daemon_reload_rules(d, err);
}

int daemon_observe(struct daemon *d, const struct wish *wish, struct ask *ask)
{
	const struct copies copies = tee_wanted(d);
	int err;

	if (!may_begin(d, ask))
		return -EBUSY;
	err = reading_start_copies(&d->reading, d->rules, wish, &copies, &d->post);
	begun(d, err, "dump", wish ? wish->text : "(end)", ask);
	return err;
}

static void replace_set(struct daemon *d, const char *name, const char *path, struct ask *ask)
{
	const struct copies copies = tee_wanted(d);
	char what[64];

	if (may_begin(d, ask)) {
		snprintf(what, sizeof(what), path ? "set %s replace" : "set %s: timeouts", name);
		begun(d,
		      reading_start_set(&d->reading, d->rules, name, path, false, false, &copies,
					&d->post),
		      what, path ?: "", ask);
	}
}

/* They are read; now they are to be loaded, with the sets that were changed while they ran. Return:
 * whether they are on their way again. */
static bool load(struct daemon *d, struct reading *r)
{
	int err = r->set || r->observe || !d->rules ? 0 : afxdp_rules_keep_sets(r->rules, d->rules);

	if (!err && !port_has_program(d))
		return false;
	r->prog_number = d->prog_number;
	if (!err)
		err = reading_load(r, &d->prog, d->program_needs.program);
	if (!err)
		return true; /* and @r is the reader's again */
	r->err = err;
	snprintf(r->why, sizeof(r->why), "cannot load rules: %s", strerror(-err));
	return false;
}

static void rules_changed(struct daemon *d, struct reading *r, int err, json_t *was)
{
	struct change *c = &d->rules_change;
	json_t *reply;

	tee_changed(d, r, err);
	reply = err		       ? daemon_refusal(d->why)
		: r->observe && c->ask ? tee_reply(d, r, c->ask)
				       : daemon_rules_json(d);
	if (was && r->observe) {
		json_decref(was);
	} else if (was) {
		json_object_set_new(reply, "replaced", was);
		json_object_set_new(reply, "notes", notes(d->rules));
	}
	if (!c->ask && err)
		daemon_warn("%s; the old rules stay", d->why);
	else if (!c->ask && !r->set && !r->observe)
		daemon_note("rules read again%s%s%s", r->path ? " from '" : "", r->path ?: "",
			    r->path ? "'" : "");
	daemon_change_ends(d, c, !err, reply);
	daemon_reload_rules(d, err);
}

/* As they were when they had been read: rules serve one object only. */
static void again(struct reading *r)
{
	struct afxdp_rules *copy = NULL;

	if (r->rules)
		r->err = afxdp_rules_again(r->rules, &copy, r->why, sizeof(r->why));
	reading_unload(r);
	if (copy) {
		afxdp_rules_free(r->rules);
		r->rules = copy;
	}
}

void daemon_rules_read(struct daemon *d, struct reading *r)
{
	const struct change *c = &d->rules_change;
	json_t *was = NULL;
	int err;

	if (r->unwanted) {
		d->readers_let_go--;
		reading_free(r);
		return;
	}
	if (d->setting_up) { /* daemon_take_rules() will */
		d->rules_ready = true;
		return;
	}
	if (c->ask && ask_gone(c->ask)) {
		r->err = -ECANCELED;
		snprintf(r->why, sizeof(r->why), "the client hung up before they were in place");
	}
	if (!r->err && !r->load && r->rules)
		r->err = daemon_check_rules(d, r->rules, r->why, sizeof(r->why));
	/* The program beside which they were loaded is not there any more; or more is asked of the
	 * one without rules. */
	if (r->load && (r->prog_number != d->prog_number ||
			(!r->rules && r->prog.needs != d->program_needs.program)))
		again(r);
	r->held = !r->err && !r->load && !port_idle(d);
	if (r->held)
		return; /* until the opener, to whom their sets belong now, is back */
	if (!r->err && !r->load && load(d, r))
		return;
	d->reading = NULL;
	err = r->err ? daemon_failed(d, r->err, "%s", r->why) : take(d, r, &was);
	rules_changed(d, r, err, was);
	reading_free(r);
	port_event(d, PORT_RULES);
}

void daemon_rules_resume(struct daemon *d)
{
	if (d->reading && d->reading->held && !d->stop)
		daemon_rules_read(d, d->reading);
}

/* May sets be changed now: does nobody else look at them? */
static bool sets_at_rest(struct daemon *d)
{
	return d->rules && !daemon_rules_shared(d) && port_idle(d);
}

/* Not more often: each time some are taken out takes a grace period. */
#define EXPIRE_NS 50000000ULL

uint64_t daemon_rules_due(struct daemon *d)
{
	uint64_t due = sets_at_rest(d) ? afxdp_rules_due(d->rules) : UINT64_MAX;

	if (due == UINT64_MAX)
		return 0;
	return due > d->expired_ns + EXPIRE_NS ? due : d->expired_ns + EXPIRE_NS;
}

/* Elements that end by themselves; where they are many, or there is no room for that in the map, in
 * a new one. */
static void expire(struct daemon *d)
{
	uint64_t now = daemon_now(), due = daemon_rules_due(d);
	const char *set = "";
	int err;

	if (!due || due > now)
		return;
	d->expired_ns = now;
	err = afxdp_rules_expire(d->rules, now, &set);
	if ((err == -ENOSPC || err == -EAGAIN) && daemon_rules_at_rest(d))
		replace_set(d, set, NULL, NULL);
}

void daemon_rules_tick(struct daemon *d)
{
	expire(d);
	daemon_change_tick(d, &d->rules_change, "rules are being read and compiled");
}

static int append(void *list, const char *element)
{
	return json_array_append_new(list, json_string(element));
}

static json_t *list_set(struct daemon *d, const char *name)
{
	json_t *elements = json_array();

	if (!afxdp_rules_set_list(d->rules, name, append, elements))
		return json_pack("{s:b, s:o}", "ok", 1, "elements", elements);
	json_decref(elements);
	daemon_failed(d, -ENOENT, "no set '%s' in the rules", name);
	return daemon_refusal(d->why);
}

/* add and del, at once. Return: whether @ask is dealt with. */
static bool change_now(struct daemon *d, bool add, const char *name, const char *arg,
		       struct ask *ask)
{
	int err = add ? afxdp_rules_set_add(d->rules, name, arg, d->why, sizeof(d->why))
		      : afxdp_rules_set_del(d->rules, name, arg, d->why, sizeof(d->why));

	if (err == -ENOSPC)
		return false;
	ask_answer(ask, err ? daemon_refusal(d->why) : json_pack("{s:b}", "ok", 1));
	return true;
}

/* The map has no room for the change: with it in a new one. */
static void change_anew(struct daemon *d, bool add, const char *name, const char *element,
			struct ask *ask)
{
	const struct copies copies = tee_wanted(d);

	if (may_begin(d, ask))
		begun(d,
		      reading_start_set(&d->reading, d->rules, name, element, true, add, &copies,
					&d->post),
		      add ? "set add" : "set del", element, ask);
}

/* Whether @path is a file that can be read to its end. */
static bool is_file(struct daemon *d, const char *path)
{
	struct stat st;

	if (stat(path, &st))
		daemon_failed(d, -errno, "cannot read '%s': %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode))
		daemon_failed(d, -EINVAL, "cannot read '%s': it is not a file", path);
	else
		return true;
	return false;
}

void daemon_change_set(struct daemon *d, const char *verb, const char *name, const char *arg,
		       struct ask *ask)
{
	bool add = !strcmp(verb, "add"), del = !strcmp(verb, "del");
	bool replace = !strcmp(verb, "replace");

	if (!d->rules) {
		daemon_failed(d, 0, "no rules are loaded, so there is no set '%s'", name);
	} else if (!strcmp(verb, "list")) {
		ask_answer(ask, list_set(d, name));
		return;
	} else if (!add && !del && !replace) {
		daemon_failed(d, 0, "set %s: unknown verb '%s'", name, verb);
	} else if (!arg) {
		daemon_failed(d, 0, "set %s %s: needs an argument", name, verb);
	} else if (replace) {
		if (is_file(d, arg)) {
			replace_set(d, name, arg, ask);
			return;
		}
	} else if (daemon_rules_shared(d)) {
		daemon_failed(d, 0, "'%s' is under way: try again when it is over", d->last.what);
	} else if (!port_idle(d)) {
		daemon_failed(d, 0, "%s is being opened: try again when it is", d->first_name);
	} else {
		if (!change_now(d, add, name, arg, ask))
			change_anew(d, add, name, arg, ask);
		return;
	}
	ask_answer(ask, daemon_refusal(d->why));
}
