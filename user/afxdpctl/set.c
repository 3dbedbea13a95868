/* SPDX-License-Identifier: GPL-2.0-only */
/* set.c - named sets of a running daemon's rules. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ctl.h"

static void print_elements(const json_t *elements)
{
	const json_t *e;
	size_t i;

	json_array_foreach(elements, i, e)
		puts(json_string_value(e) ?: "?");
}

/* Longer than any element with a timeout. */
#define ELEMENT_TEXT 256

int ctl_set(const struct ctl *ctl, int argc, char **argv)
{
	const char *verb = argc > 2 ? argv[2] : "", *arg = argc > 3 ? argv[3] : NULL;
	bool list = !strcmp(verb, "list");
	char *path = NULL, element[ELEMENT_TEXT];
	json_t *reply;
	int status;

	if (argc == 6 && !strcmp(verb, "add") && !strcmp(argv[4], "timeout")) {
		if (snprintf(element, sizeof(element), "%s timeout %s", arg, argv[5]) >=
		    ELEMENT_TEXT)
			return ctl_fail(2, "set: '%s timeout %s' is no element", arg, argv[5]);
		arg = element;
		argc = 4;
	}
	if (argc < 3 || argc > 4 || list != (argc == 3) ||
	    (!list && strcmp(verb, "add") && strcmp(verb, "del") && strcmp(verb, "replace")))
		return ctl_fail(2, "set: say NAME, then add ELEMENT [timeout TIME], del ELEMENT, "
				   "list, or replace FILE");
	if (!strcmp(verb, "replace")) {
		/* The daemon's working directory is not ours. */
		path = realpath(arg, NULL);
		if (!path)
			return ctl_fail(2, "%s: %s", arg, strerror(errno));
		arg = path;
	}
	status = ctl_ask(ctl,
			 json_pack("{s:s, s:s, s:s, s:s*}", "command", "set", "verb", verb, "set",
				   argv[1], "argument", arg),
			 &reply);
	free(path);
	if (status)
		return status;
	if (ctl->json)
		ctl_print(reply);
	else
		print_elements(json_object_get(reply, "elements"));
	ctl_print_notes(reply);
	json_decref(reply);
	return 0;
}
