/* SPDX-License-Identifier: GPL-2.0-only */
/* top.c - rates between two reports, a second apart, until interrupted. */
#include <stdint.h>
#include <stdio.h>
#include <unistd.h>
#include "ctl.h"
#include "table.h"

static uint64_t get(const json_t *report, const char *object, const char *key)
{
	return json_integer_value(json_object_get(json_object_get(report, object), key));
}

static double seconds(const json_t *report)
{
	return json_real_value(json_object_get(report, "duration_s"));
}

static void print_rates(const json_t *before, const json_t *now)
{
	static const char *const rows[] = { "received",	      "passed",	   "dropped",
					    "limited",	      "tx",	   "unclaimed",
					    "captured",	      "ring_full", "fill_empty",
					    "kernel_dropped", "consumed",  "sink_dropped",
					    "delivered" };
	static const char clear[] = "\033[H\033[J";
	double s = seconds(now) - seconds(before);
	char n[32], total[32];

	if (s <= 0)
		return;
	/* Past stdout, which lets no control character through. */
	if (isatty(STDOUT_FILENO) && write(STDOUT_FILENO, clear, sizeof(clear) - 1) < 0)
		return;
	printf("%-16s %16s %20s\n", "", "frames/s", "total");
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		uint64_t a = get(before, "ledger", rows[i]), b = get(now, "ledger", rows[i]);

		printf("%-16s %16s %20s\n", rows[i], table_number((b - a) / s, n, sizeof(n)),
		       table_number(b, total, sizeof(total)));
	}
	printf("latency p50 %s  p99 %s\n\n",
	       table_duration(get(now, "latency_ns", "p50"), n, sizeof(n)),
	       table_duration(get(now, "latency_ns", "p99"), total, sizeof(total)));
	fflush(stdout);
}

int ctl_top(const struct ctl *ctl, int argc, char **argv)
{
	json_t *before, *now;
	int status;

	if (argc > 1)
		return ctl_fail(2, "top takes no argument, but has '%s'", argv[1]);
	before = ctl_report(ctl, &status);
	while (before && !ferror(stdout)) {
		sleep(1);
		now = ctl_report(ctl, &status);
		if (now && ctl->json)
			ctl_print(now);
		else if (now)
			print_rates(before, now);
		json_decref(before);
		before = now;
	}
	json_decref(before);
	return status;
}
