/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * metrics.h - the report as Prometheus reads it: one table of families (metrics_table.c), each a
 * place in the report's JSON, so that a metric never says anything else than `afxdpctl ledger`.
 */
#ifndef AFXDP_METRICS_H
#define AFXDP_METRICS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum metric_type {
	METRIC_COUNTER,
	METRIC_GAUGE,
	METRIC_HISTOGRAM
};

struct metric {
	const char *name; /* without afxdp_ and without _total, which counters get */
	enum metric_type type;
	const char *help; /* one sentence; the manual's too */
	const char *each; /* an array of the report, a set of samples for each of its elements;
			   * NULL: one set */
	const char *path; /* members joined by dots, from the report or from the element on */
	/*
	 * Of an object: the label that its members' names go to, and which members, in blanks;
	 * NULL: all numbers. Of a string: the label, and the texts it may be: 1 for the one it is,
	 * 0 for the others. NULL: a number or a boolean.
	 */
	const char *label;
	const char *members;
};

/* Ended by a NULL name. */
extern const struct metric metrics_table[];

/**
 * metrics_text() - the page of metrics.
 * @report: what report_json() made.
 * @openmetrics: in OpenMetrics' format 1.0.0, else in Prometheus' 0.0.4.
 * @size: set to its length.
 *
 * Return: from malloc(), the caller's; or NULL without memory.
 */
char *metrics_text(const json_t *report, bool openmetrics, size_t *size);

/** metrics_manual() - write the families as afxdp-metrics(5) lists them, in scdoc's language. */
void metrics_manual(FILE *f);

#endif
