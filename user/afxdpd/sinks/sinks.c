/* SPDX-License-Identifier: GPL-2.0-only */
/* sinks.c - the table of sinks: what -s may name, and the help text made from it. */
#include "../sink.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const struct sink_ops *const sinks[] = {
	&sink_count_ops, &sink_drop_ops,    &sink_pcap_ops,   &sink_pcapng_ops,
	&sink_echo_ops,	 &sink_forward_ops, &sink_plugin_ops,
};

#define SINKS (sizeof(sinks) / sizeof(*sinks))

/* How a user writes the sink: NAME, NAME:ARG or NAME[:ARG]. */
static void print_usage(char *to, size_t size, const struct sink_ops *ops)
{
	if (!ops->arg)
		snprintf(to, size, "%s", ops->name);
	else
		snprintf(to, size, ops->arg_optional ? "%s[:%s]" : "%s:%s", ops->name, ops->arg);
}

static void list_all(char *to, size_t size)
{
	size_t used = 0;

	for (size_t i = 0; i < SINKS && used + 1 < size; i++) {
		char usage[128];

		print_usage(usage, sizeof(usage), sinks[i]);
		used += snprintf(to + used, size - used, "%s%s", i ? ", " : "", usage);
	}
}

const struct sink_ops *sink_find(const char *spec, const char **arg, char *why, size_t size)
{
	size_t len = strcspn(spec, ":");
	char known[512];

	*arg = spec[len] && spec[len + 1] ? spec + len + 1 : NULL;
	for (size_t i = 0; i < SINKS; i++) {
		const struct sink_ops *ops = sinks[i];

		if (strlen(ops->name) != len || strncmp(ops->name, spec, len))
			continue;
		if (spec[len] && !ops->arg)
			snprintf(why, size, "sink '%s': '%s' takes no argument", spec, ops->name);
		else if (!*arg && (spec[len] || (ops->arg && !ops->arg_optional)))
			snprintf(why, size, "sink '%s' lacks its argument: write %s:%s", spec,
				 ops->name, ops->arg);
		else
			return ops;
		return NULL;
	}
	list_all(known, sizeof(known));
	snprintf(why, size, "unknown sink '%s': it may be %s", spec, known);
	return NULL;
}

int sink_check(const char *spec, const struct sink_env *env, char *why, size_t size)
{
	const char *arg;
	const struct sink_ops *ops = sink_find(spec, &arg, why, size);

	if (!ops)
		return -EINVAL;
	return ops->check ? ops->check(arg, env, why, size) : 0;
}

void sink_help(void)
{
	for (size_t i = 0; i < SINKS; i++) {
		char usage[128];

		print_usage(usage, sizeof(usage), sinks[i]);
		printf("  %-24s %s\n", usage, sinks[i]->help);
	}
}
