/* SPDX-License-Identifier: GPL-2.0-only */
/* answer.c - what clients may ask of the steward. */
#include <errno.h>
#include <string.h>
#include "ask.h"
#include "daemon.h"
#include "report.h"
#include "text.h"

static const char *word(const struct ask *ask, const char *key)
{
	return json_string_value(json_object_get(ask->request, key));
}

static void do_ledger(struct daemon *d, struct ask *ask)
{
	struct picture p;
	int err = daemon_look(d, &p);

	if (err) {
		daemon_refuse(d, ask, "cannot read the ledger: %s", strerror(-err));
		return;
	}
	ask_answer(ask, json_pack("{s:b, s:o}", "ok", 1, "report", report_json(d, &p)));
	picture_free(&p);
}

/* For who comes over HTTP. */
static void do_report(struct daemon *d, struct ask *ask)
{
	struct picture p;
	json_t *report = NULL;

	/* At the end sinks go one after the other. */
	if (!d->setting_up && !d->stop && !daemon_look(d, &p)) {
		report = report_json(d, &p);
		picture_free(&p);
	}
	ask_answer(ask, report);
}

static void do_mode(struct daemon *d, struct ask *ask)
{
	const char *name = word(ask, "mode");
	int mode = name ? mode_parse(name) : -1;

	if (mode < 0)
		daemon_refuse(d, ask, "mode '%s': must be interrupt, busy, spin or adaptive",
			      name ?: "");
	else
		daemon_set_mode(d, mode, ask);
}

static void do_sink(struct daemon *d, struct ask *ask)
{
	const char *spec = word(ask, "sink");

	if (!spec)
		daemon_refuse(d, ask, "which sink?");
	else
		daemon_set_sink(d, spec, ask);
}

static void do_sink_rotate(struct daemon *d, struct ask *ask)
{
	daemon_rotate(d, word(ask, "name"), ask);
}

static void do_rules(struct daemon *d, struct ask *ask)
{
	ask_answer(ask, daemon_rules_json(d));
}

static void do_rules_replace(struct daemon *d, struct ask *ask)
{
	const char *path = word(ask, "path");

	if (!path)
		daemon_refuse(d, ask, "which file?");
	else
		daemon_replace_rules(d, path, ask);
}

/* add, del, list, replace: one request a verb, {"command": "set", "verb": ..., "set": NAME, ...}. */
static void do_set(struct daemon *d, struct ask *ask)
{
	const char *verb = word(ask, "verb"), *name = word(ask, "set");

	if (!verb || !name)
		daemon_refuse(d, ask, "which verb, which set?");
	else
		daemon_change_set(d, verb, name, word(ask, "argument"), ask);
}

static void do_stop(struct daemon *d, struct ask *ask)
{
	d->stop = true;
	ask_answer(ask, json_pack("{s:b}", "ok", 1));
}

static const struct {
	const char *name;
	void (*run)(struct daemon *d, struct ask *ask);
	bool always; /* also while the daemon is being set up */
} commands[] = {
	{ "ledger", do_ledger, false },
	{ "mode", do_mode, false },
	{ "sink", do_sink, false },
	{ "sink-rotate", do_sink_rotate, false },
	{ "rules", do_rules, false },
	{ "set", do_set, false },
	{ "rules-replace", do_rules_replace, false },
	{ "dump", tee_start, false },
	{ "dump-end", tee_end, false },
	{ "stop", do_stop, true },
};

#define COMMANDS (sizeof(commands) / sizeof(*commands))

void daemon_answer(struct daemon *d, struct ask *ask)
{
	const char *name;

	if (!ask->request) {
		do_report(d, ask);
		return;
	}
	name = word(ask, "command");
	for (size_t i = 0; name && i < COMMANDS; i++) {
		if (strcmp(commands[i].name, name))
			continue;
		if (d->stop || (d->setting_up && !commands[i].always))
			daemon_refuse(d, ask, "%s is not ready: %s", d->options->ifname,
				      d->stop ? "it is stopping" : d->stage);
		else
			commands[i].run(d, ask);
		return;
	}
	daemon_refuse(d, ask, "unknown command '%s'", name ?: "");
}
