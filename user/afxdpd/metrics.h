/* SPDX-License-Identifier: GPL-2.0-only */
/* metrics.h - the ledger for Prometheus: text format 0.0.4. The clerk serves it (http.h). */
#ifndef AFXDP_METRICS_H
#define AFXDP_METRICS_H

#include <stddef.h>

struct daemon;

/** metrics_page() - the whole page. @size: its bytes. Return: from malloc(), or NULL. */
char *metrics_page(struct daemon *d, size_t *size);

#endif
