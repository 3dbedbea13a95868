/* SPDX-License-Identifier: GPL-2.0-only */
#include "check.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "daemon.h"
#include "door.h"
#include "http.h"
#include "trust.h"
#include "writable.h"

int check_report(struct daemon *d)
{
	const char *path = d->options->report;
	struct stat st;
	int err = path && strcmp(path, "-") ? writable(path) : 0;

	if (!err && path && !lstat(path, &st) && S_ISLNK(st.st_mode) && !directory_is_ours(path))
		err = -ELOOP;

	return err ? daemon_failed(d, EXIT_USAGE, "--report '%s': cannot write it: %s", path,
				   strerror(-err))
		   : 0;
}

static int check_control(struct daemon *d, const char *path)
{
	char reason[256];
	int err = trust_path(path, reason, sizeof(reason));

	if (!err)
		err = door_check(path, reason, sizeof(reason));
	return err ? daemon_failed(d, EXIT_USAGE, "--control '%s': %s", path, reason) : 0;
}

int check_clerk(struct daemon *d)
{
	const struct options *o = d->options;
	int status = o->control ? check_control(d, o->control) : 0;

	if (!status && o->metrics && http_check(o->metrics, d->why, sizeof(d->why)))
		status = EXIT_USAGE;
	return status;
}

static int check_sink(struct daemon *d, const char *spec, bool named)
{
	struct sink_env env;
	int err;

	daemon_sink_env(d, named, &env);
	err = sink_check(spec, &env, d->why, sizeof(d->why));
	return !err ? 0 : err == -ENOMEM ? EXIT_RUNTIME : EXIT_USAGE;
}

int check_sinks(struct daemon *d)
{
	const struct options *o = d->options;
	int status = check_sink(d, o->sink, false);

	for (uint32_t i = 0; i < o->named_count && !status; i++) {
		status = check_sink(d, o->named[i].spec, true);
		if (status) {
			char why[sizeof(d->why)];

			memcpy(why, d->why, sizeof(why));
			daemon_failed(d, status, "%s: %.480s", o->named[i].name, why);
		}
	}
	return status;
}
