/* SPDX-License-Identifier: GPL-2.0-only */
/* report.h - a picture as JSON (from which table.h makes a table), and as a line. */
#ifndef AFXDP_REPORT_H
#define AFXDP_REPORT_H

#include <jansson.h>
#include "daemon.h"

/** report_json() - the report, schema 1 (afxdpd(8), THE LEDGER). Return: a new reference, or NULL
 * if memory ran out. */
json_t *report_json(struct daemon *d, const struct picture *p);

/** report_line() - what happened since @before: one line from malloc(), or NULL. */
char *report_line(const struct picture *before, const struct picture *now);

#endif
