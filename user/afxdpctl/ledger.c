/* SPDX-License-Identifier: GPL-2.0-only */
/* ledger.c - where every frame went: now, since an earlier report, again and again, as a table,
 * JSON or CSV. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "account.h"
#include "ctl.h"
#include "table.h"

/* Another start of the daemon counts from 0. Its time went through JSON. */
#define SAME_START_S 0.001

static double real(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
}

/* The earlier report of @path. Return: new reference, or NULL after the one line. */
static json_t *earlier(const char *path)
{
	json_error_t error;
	json_t *report = json_load_file(path, 0, &error);

	if (!report)
		ctl_fail(1, "--since '%s': %s", path, error.text);
	else if (!json_is_object(json_object_get(report, "ledger")))
		ctl_fail(1,
			 "--since '%s': not a report: 'afxdpctl --json ledger' and afxdpd's "
			 "--report make them",
			 path);
	else
		return report;
	json_decref(report);
	return NULL;
}

/* What has been counted between @before and @now, in @now's place. Return: 0 or an exit status. */
static int subtract(json_t *now, const json_t *before, const char *path)
{
	json_t *ledger = json_object_get(now, "ledger"), *value;
	const json_t *old = json_object_get(before, "ledger");
	const char *key;

	if (fabs(real(now, "started") - real(before, "started")) > SAME_START_S)
		return ctl_fail(
			1, "--since '%s': of another run of the daemon, which counted on its own",
			path);
	json_object_foreach(ledger, key, value)
		if (strcmp(key, "unexplained"))
			json_integer_set(value,
					 json_integer_value(value) -
						 json_integer_value(json_object_get(old, key)));
	json_object_set_new(now, "since_s",
			    json_real(real(now, "duration_s") - real(before, "duration_s")));
	return 0;
}

/* RFC 4180, but for its line ends; no name or number needs quotes. */
static void print_csv(const json_t *report, bool head)
{
	const json_t *ledger = json_object_get(report, "ledger");

	if (head) {
		printf("time");
		for (const struct afxdp_account_field *f = afxdp_account_fields; f->name; f++)
			printf(",%s", f->name);
		putchar('\n');
	}
	printf("%.3f", real(report, "started") + real(report, "duration_s"));
	for (const struct afxdp_account_field *f = afxdp_account_fields; f->name; f++)
		printf(",%" JSON_INTEGER_FORMAT,
		       json_integer_value(json_object_get(ledger, f->name)));
	putchar('\n');
}

static void show(const struct ctl *ctl, const json_t *report, bool first)
{
	static const char clear[] = "\033[H\033[J";

	if (ctl->csv) {
		print_csv(report, first);
	} else if (ctl->json) {
		ctl_print(report);
	} else {
		/* Past stdout, which lets no control character through. */
		if (ctl->watch && isatty(STDOUT_FILENO) &&
		    write(STDOUT_FILENO, clear, sizeof(clear) - 1) < 0)
			return;
		table_ledger(stdout, report);
		if (ctl->watch)
			putchar('\n');
	}
	fflush(stdout);
}

static int look(const struct ctl *ctl, const json_t *before, bool first)
{
	int status;
	json_t *report = ctl_report(ctl, &status);

	if (!report)
		return status;
	status = before ? subtract(report, before, ctl->since) : 0;
	if (!status)
		show(ctl, report, first);
	json_decref(report);
	return status;
}

/* Seconds of --watch. Return: whether @text is such. */
static bool interval(const char *text, struct timespec *t)
{
	char *end;
	double s = strtod(text, &end);

	if (end == text || *end || !(s >= 0.01 && s <= 86400))
		return false;
	t->tv_sec = (time_t)s;
	t->tv_nsec = (long)((s - (double)t->tv_sec) * 1e9);
	return true;
}

int ctl_ledger(const struct ctl *ctl, int argc, char **argv)
{
	struct timespec pause = { 0 };
	json_t *before = NULL;
	int status;

	if (argc > 1)
		return ctl_fail(2, "ledger takes no argument, but has '%s'", argv[1]);
	if (ctl->csv && ctl->json)
		return ctl_fail(2, "ledger: --csv and --json are two formats: choose one");
	if (ctl->watch && !interval(ctl->watch, &pause))
		return ctl_fail(2, "--watch '%s': seconds, from 0.01 to 86400", ctl->watch);
	if (ctl->since) {
		before = earlier(ctl->since);
		if (!before)
			return 1;
	}
	status = look(ctl, before, true);
	while (!status && ctl->watch && !ferror(stdout)) {
		nanosleep(&pause, NULL);
		status = look(ctl, before, false);
	}
	json_decref(before);
	return status;
}
