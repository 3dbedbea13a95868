/* SPDX-License-Identifier: GPL-2.0-only */
/* ruling.c - the daemon's rules: read, shown, replaced while frames flow. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "daemon.h"
#include "text.h"

static void warn(const struct afxdp_rules *rules)
{
	const char *line;

	for (uint32_t i = 0; (line = afxdp_rules_warning(rules, i)); i++)
		daemon_note("%s", line);
}

int daemon_read_rules(struct daemon *d)
{
	const struct options *o = d->options;
	int err = 0;

	if (o->expression)
		err = afxdp_rules_parse_expr(o->expression, &d->rules, d->why, sizeof(d->why));
	else if (o->rules)
		err = afxdp_rules_parse_file(o->rules, &d->rules, d->why, sizeof(d->why));
	if (err)
		return err == -ENOMEM ? EXIT_RUNTIME : EXIT_USAGE;
	if (d->rules)
		warn(d->rules);
	return 0;
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

/* @rules become the daemon's, or are freed. @was: see daemon_replace_rules(). */
static int take(struct daemon *d, struct afxdp_rules *rules, json_t **was)
{
	int err = afxdp_prog_swap(&d->prog, rules);

	if (err) {
		snprintf(d->why, sizeof(d->why), "%s", d->prog.why);
		afxdp_rules_free(rules);
		return err;
	}
	warn(rules);
	if (was)
		*was = counted(d->rules);
	afxdp_rules_free(d->rules);
	d->rules = rules;
	return 0;
}

int daemon_replace_rules(struct daemon *d, const char *path, json_t **was)
{
	struct afxdp_rules *rules;
	int err = afxdp_rules_parse_file(path, &rules, d->why, sizeof(d->why));

	if (err)
		return err;
	if (d->rules && afxdp_rules_keep_sets(rules, d->rules)) {
		snprintf(d->why, sizeof(d->why), "out of memory");
		afxdp_rules_free(rules);
		return -ENOMEM;
	}
	return take(d, rules, was);
}

static int replace_set(struct daemon *d, const char *name, const char *path)
{
	struct afxdp_rules *rules;
	int err = afxdp_rules_with_set(d->rules, name, path, &rules, d->why, sizeof(d->why));

	return err ?: take(d, rules, NULL);
}

/* In place; or if the map has no room for the change, with it in a new one. */
static int change_element(struct daemon *d, const char *name, const char *element, bool add)
{
	struct afxdp_rules *rules;
	int err = add ? afxdp_rules_set_add(d->rules, name, element, d->why, sizeof(d->why))
		      : afxdp_rules_set_del(d->rules, name, element, d->why, sizeof(d->why));

	if (err != -ENOSPC)
		return err;
	err = afxdp_rules_with_element(d->rules, name, element, add, &rules, d->why,
				       sizeof(d->why));
	return err ?: take(d, rules, NULL);
}

static int append(void *list, const char *element)
{
	return json_array_append_new(list, json_string(element));
}

static int list_set(struct daemon *d, const char *name, json_t **elements)
{
	int err;

	*elements = json_array();
	err = afxdp_rules_set_list(d->rules, name, append, *elements);
	if (!err)
		return 0;
	json_decref(*elements);
	*elements = NULL;
	snprintf(d->why, sizeof(d->why), "no set '%s' in the rules", name);
	return err;
}

int daemon_change_set(struct daemon *d, const char *verb, const char *name, const char *arg,
		      json_t **elements)
{
	if (!d->rules) {
		snprintf(d->why, sizeof(d->why), "no rules are loaded, so there is no set '%s'",
			 name);
		return -ENOENT;
	}
	if (!strcmp(verb, "list"))
		return list_set(d, name, elements);
	if (!arg) {
		snprintf(d->why, sizeof(d->why), "set %s %s: needs an argument", name, verb);
		return -EINVAL;
	}
	if (!strcmp(verb, "replace"))
		return replace_set(d, name, arg);
	if (!strcmp(verb, "add") || !strcmp(verb, "del"))
		return change_element(d, name, arg, !strcmp(verb, "add"));
	snprintf(d->why, sizeof(d->why), "set %s: unknown verb '%s'", name, verb);
	return -EINVAL;
}
